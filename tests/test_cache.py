"""Names kept for completion."""

import os
import stat
from pathlib import Path

import pytest

from ess_cli import cache
from ess_cli.config.base_url import UnusableError
from ess_cli.config.profiles import parse_name
from tests.conftest import Run


@pytest.fixture
def names(home: Path) -> Path:
    return home / ".cache" / "ess" / "names"


def _answer(*words: str) -> str:
    return cache.answer(list(words)).decode()


def test_names_come_back_by_their_beginning() -> None:
    cache.remember("prod", "topics", ["NIS-Events", "SCG-Message", "NIS", "ünï", "SCG"])
    assert _answer("topics", "NIS", "prod") == "NIS\nNIS-Events\n"
    assert _answer("topics", "SCG-", "prod") == "SCG-Message\n"
    assert _answer("topics", "ü", "prod") == "ünï\n"
    assert _answer("topics", "", "prod") == "NIS\nNIS-Events\nSCG\nSCG-Message\nünï\n"
    assert _answer("topics", "IS", "prod") == ""
    assert _answer("topics", "NIS\nS", "prod") == ""


def test_a_later_list_takes_the_place_of_the_one_before() -> None:
    cache.remember("prod", "topics", ["Old"])
    cache.remember("prod", "topics", ["New"])
    assert _answer("topics", "", "prod") == "New\n"
    cache.remember("prod", "topics", [])
    assert _answer("topics", "", "prod") == ""


def test_kinds_and_profiles_are_kept_apart() -> None:
    cache.remember("prod", "topics", ["Prod-Events"])
    assert _answer("topics", "", "sandbox") == ""
    assert _answer("event-types", "", "prod") == ""
    assert _answer("nosuch", "", "prod") == ""


def test_a_configuration_is_offered_by_id_and_by_name() -> None:
    cache.remember("prod", "delivery-cfg", ["1449\thhh", "hhh\t1449", "262\tit's x", "it's x\t262"])
    assert _answer("delivery-cfg", "", "prod") == "1449\thhh\n262\tit's x\nhhh\t1449\nit's x\t262\n"
    assert _answer("delivery-cfg", "1449\th", "prod") == "1449\thhh\n"


def test_a_name_that_several_have_is_offered_once_with_all_their_ids() -> None:
    cache.remember("prod", "delivery-cfg", ["1\tsame", "same\t1", "2\tsame", "same\t2"])
    assert _answer("delivery-cfg", "s", "prod") == "same\t1, 2\n"


@pytest.mark.parametrize(
    "name",
    ["a\nb", "a\tb", "\n", "\x1b[31mred", "a\x00b", "a\x7f", "a\u202eb", "a\u2028b", "\ud800"],
)
def test_a_name_that_cannot_be_printed_is_no_candidate_but_its_id_is(name: str) -> None:
    cache.remember("prod", "delivery-cfg", [f"7\t{name}", f"{name}\t7", "8\tfine", "fine\t8"])
    cache.remember("prod", "topics", [name, "Fine"])
    shown = name.translate({ord(char): "\ufffd" for char in "\n\t\x1b\x00\x7f\u202e\u2028\ud800"})
    assert _answer("delivery-cfg", "", "prod") == f"7\t{shown}\n8\tfine\nfine\t8\n"
    assert _answer("topics", "", "prod") == "Fine\n"


def test_a_configuration_without_a_name_is_offered_by_its_id() -> None:
    cache.remember("prod", "delivery-cfg", ["7\t", "\t7"])
    assert _answer("delivery-cfg", "", "prod") == "7\n"


def test_what_is_kept_is_for_the_account_alone(names: Path) -> None:
    cache.remember("prod", "topics", ["NIS-Events"])
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (names.parent, names, names / "prod", names / "prod" / "topics")
    }
    assert modes == {"ess": 0o700, "names": 0o700, "prod": 0o700, "topics": 0o600}


NAMES = ["prod", "a.b", "A_b-9", "_", "9", "x" * 64]
UNUSABLE = ["", ".", "..", ".x", "-x", "a/b", "../prod", "a\\b", "a b", "ä", "a\n", "x" * 65, "a\0"]


@pytest.mark.parametrize("name", NAMES + UNUSABLE)
def test_profiles_are_named_as_the_configuration_allows(name: str) -> None:
    try:
        parse_name(name)
    except UnusableError:
        assert name in UNUSABLE
    else:
        assert name in NAMES
    assert cache.is_profile(name) is (name in NAMES)


@pytest.mark.parametrize("name", UNUSABLE[1:])
def test_what_cannot_be_a_profile_is_neither_written_nor_read(home: Path, name: str) -> None:
    cache.remember("prod", "topics", ["NIS-Events"])
    before = sorted(home.rglob("*"))
    cache.remember(name, "topics", ["Elsewhere"])
    assert sorted(home.rglob("*")) == before
    assert _answer("topics", "", name) == ""


def test_the_profile_is_the_one_that_a_command_would_use(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for profile in ("default", "prod", "sandbox"):
        cache.remember(profile, "topics", [f"of-{profile}"])
    assert _answer("topics", "") == "of-default\n"
    pointer = home / ".config" / "ess" / "config.yaml.active"
    pointer.parent.mkdir(parents=True)
    pointer.write_text("prod\n")
    assert _answer("topics", "") == "of-prod\n"
    monkeypatch.setenv("ESS_PROFILE", "sandbox")
    assert _answer("topics", "") == "of-sandbox\n"
    assert _answer("topics", "", "prod") == "of-prod\n"


@pytest.mark.parametrize("damage", [b"", b"pr od\n", b"../x\n", b"\xff\n", b"prod\nprod\n"])
def test_a_damaged_pointer_is_not_taken_for_the_default(home: Path, damage: bytes) -> None:
    cache.remember("default", "topics", ["of-default"])
    pointer = home / ".config" / "ess" / "config.yaml.active"
    pointer.parent.mkdir(parents=True)
    pointer.write_bytes(damage)
    assert _answer("topics", "") == ""


@pytest.mark.parametrize(
    "damage",
    [
        b"NIS\nNIS-Ev",
        b"NIS-Events",
        b"NIS\nNIS-\xff\n",
        b"NIS\nNIS\x00\n",
        b"NIS\x1b[2J\n",
        b"NIS\r\n",
        b"NIS-2\nAAA\nNIS-1\n",
    ],
)
def test_a_damaged_file_gives_nothing(names: Path, damage: bytes) -> None:
    cache.remember("prod", "topics", ["NIS"])
    (names / "prod" / "topics").write_bytes(damage)
    assert _answer("topics", "NIS", "prod") == ""
    assert _answer("topics", "NIS-", "prod") == ""


def test_what_is_no_file_gives_nothing(names: Path) -> None:
    (names / "prod" / "topics").mkdir(parents=True)
    assert _answer("topics", "", "prod") == ""
    cache.remember("prod", "topics", ["NIS"])
    assert _answer("topics", "", "prod") == ""
    assert [path.name for path in (names / "prod").iterdir()] == ["topics"]


def test_what_an_interrupted_run_left_does_no_harm(names: Path) -> None:
    cache.remember("prod", "topics", ["Whole"])
    for number in (1, os.getpid()):
        (names / "prod" / f"topics.{number}.partial").write_text("Half")
    assert _answer("topics", "", "prod") == "Whole\n"
    # This one finds the way barred by the partial file of its own number, and clears it.
    cache.remember("prod", "topics", ["Lost"])
    cache.remember("prod", "topics", ["Next"])
    assert _answer("topics", "", "prod") == "Next\n"


def test_a_place_that_cannot_be_written_is_no_error(home: Path) -> None:
    (home / ".cache").write_text("a file")
    cache.remember("prod", "topics", ["NIS"])
    cache.remember_profiles(["prod"])
    assert _answer("topics", "", "prod") == ""
    assert _answer("profiles", "") == "default\nsandbox\n"


def test_profiles_are_the_built_in_ones_and_those_that_have_names() -> None:
    assert _answer("profiles", "") == "default\nsandbox\n"
    cache.remember("prod", "topics", [])
    assert _answer("profiles", "") == "default\nprod\nsandbox\n"
    assert _answer("profiles", "p") == "prod\n"


def test_profiles_are_those_of_the_configuration_once_it_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache.remember("removed", "topics", [])
    cache.remember_profiles(["default", "prod", "no/name"])
    assert _answer("profiles", "") == "default\nprod\nsandbox\n"
    monkeypatch.setenv("ESS_PROFILE", "extra")
    assert _answer("profiles", "") == "default\nextra\nprod\nsandbox\n"


def test_ten_thousand_configurations_are_found_by_their_beginning() -> None:
    lines = [f"{number}\tcfg {number:05}" for number in range(10_000)]
    lines += [f"cfg {number:05}\t{number}" for number in range(10_000)]
    cache.remember("prod", "delivery-cfg", lines)
    assert _answer("delivery-cfg", "cfg 0999", "prod").splitlines()[0] == "cfg 09990\t9990"
    assert len(_answer("delivery-cfg", "cfg 0999", "prod").splitlines()) == 10
    assert len(_answer("delivery-cfg", "cfg", "prod").splitlines()) == 10_000
    assert len(_answer("delivery-cfg", "", "prod").splitlines()) == 20_000


def test_ordinary_lists_keep_names_and_parts_of_lists_do_not(ess: Run) -> None:
    for command in (["topics"], ["event-types"], ["delivery-cfg"]):
        assert ess(*command, "list", "--limit", "1").code == 0
        assert ess(*command, "list", "--offset", "1").code == 0
        assert ess("__complete", *command, "") == (0, "", "")
        assert ess(*command, "list").code == 0
        assert ess("__complete", *command, "").out != ""
    assert ess("__complete", "delivery-cfg", "a-mock").out.startswith("a-mock-del-cfg\t")
    assert ess("__complete", "event-types", "porting_e").out == "porting_event\n"
