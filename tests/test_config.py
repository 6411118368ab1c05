"""Profiles and settings: the order of sources, the file, addresses."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from ess_cli import config, places
from ess_cli.config import BaseUrl, Config, Profile, Settings, UnusableError, parse_base_url
from ess_cli.errors import (
    BadConfiguration,
    BadSetting,
    EssError,
    FileTrouble,
    UnknownFormat,
    UnknownProfile,
    UsageFault,
)
from ess_cli.options import Flags
from tests.conftest import Run

ROOT = Path(__file__).parent.parent
PROD = "https://api.syniverse.com/ess/v1"
FILE = """\
profiles:
  prod:
    base-url: https://ess.example.com/ess/v1
    output: csv
    timeout: 5
    protected: true
    token-command: [pass, show, ess prod]
    company-id: 0701
    ca-bundle: certs.pem
  lab:
    base-url: http://127.0.0.1:8080
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def resolve(path: Path, environ: dict[str, str] | None = None, **given: object) -> Settings:
    flags = Flags()
    for name, value in given.items():
        setattr(flags, name, value)
    return config.resolve(flags, {"ESS_CONFIG_FILE": str(path), **(environ or {})})


def refused(path: Path, text: str) -> BadConfiguration:
    path.write_text(text)
    with pytest.raises(BadConfiguration) as caught:
        config.load(path)
    return caught.value


# The order of sources


def test_without_anything_it_is_the_real_service_for_30_seconds(path: Path) -> None:
    settings = resolve(path)
    assert settings.base_url.url == PROD
    assert settings.base_url_source == "default"
    assert (settings.timeout_s, settings.timeout_source) == (30.0, "default")
    assert settings.profile == ("default", "default")
    assert settings.output == (None, "default")
    assert settings.protected_by is None
    assert not settings.is_sandbox


def test_a_profile_gives_every_setting_of_its_own(path: Path) -> None:
    path.write_text(FILE)
    settings = resolve(path, profile="prod")
    assert settings.base_url.url == "https://ess.example.com/ess/v1"
    assert settings.base_url_source == 'profile "prod"'
    assert settings.output == ("csv", 'profile "prod"')
    assert (settings.timeout_s, settings.timeout_source) == (5.0, 'profile "prod"')
    assert settings.token_command == ("pass", "show", "ess prod")
    assert settings.company_id == "0701"
    assert settings.ca_bundle == (str(path.parent / "certs.pem"), 'profile "prod"')
    assert settings.protected_by == "prod"


def test_an_option_beats_the_environment_and_the_environment_a_profile(path: Path) -> None:
    path.write_text(FILE)
    environ = {
        "ESS_PROFILE": "prod",
        "ESS_BASE_URL": "https://env.example.com/v1",
        "ESS_OUTPUT": "yaml",
        "ESS_TIMEOUT": "7",
    }
    by_environment = resolve(path, environ)
    assert by_environment.base_url.url == "https://env.example.com/v1"
    assert by_environment.base_url_source == "ESS_BASE_URL"
    assert by_environment.output == ("yaml", "ESS_OUTPUT")
    assert (by_environment.timeout_s, by_environment.timeout_source) == (7.0, "ESS_TIMEOUT")
    by_option = resolve(
        path, environ, base_url="https://opt.example.com", output="tsv", timeout="1.5"
    )
    assert by_option.base_url.url == "https://opt.example.com"
    assert by_option.base_url_source == "option --base-url"
    assert by_option.output == ("tsv", "option --output")
    assert (by_option.timeout_s, by_option.timeout_source) == (1.5, "option --timeout")


def test_a_profile_named_with_p_beats_the_environment_for_the_base_url_only(path: Path) -> None:
    path.write_text(FILE)
    environ = {"ESS_BASE_URL": "https://env.example.com", "ESS_OUTPUT": "yaml", "ESS_TIMEOUT": "7"}
    settings = resolve(path, environ, profile="prod")
    assert settings.base_url.host == "ess.example.com"
    assert settings.output.value == "yaml"
    assert settings.timeout_s == 7.0
    assert settings.passes_over_environment
    assert not resolve(path, environ).passes_over_environment


def test_a_profile_without_a_base_url_named_with_p_means_the_real_service(path: Path) -> None:
    path.write_text("profiles: {main: {protected: true}}")
    settings = resolve(path, {"ESS_BASE_URL": "https://env.example.com"}, profile="main")
    assert settings.base_url.url == PROD
    assert settings.protected_by == "main"


def test_the_profile_is_the_option_s_then_the_environment_s_then_the_active_one(path: Path) -> None:
    path.write_text(FILE)
    config.use(path, "lab")
    assert resolve(path).profile == ("lab", "ess profile use")
    assert resolve(path, {"ESS_PROFILE": "prod"}).profile == ("prod", "ESS_PROFILE")
    assert resolve(path, {"ESS_PROFILE": "prod"}, profile="default").profile.value == "default"


def test_an_empty_variable_counts_as_one_that_is_not_set(path: Path) -> None:
    environ = dict.fromkeys(("ESS_PROFILE", "ESS_BASE_URL", "ESS_OUTPUT", "ESS_TIMEOUT"), "")
    assert resolve(path, environ) == resolve(path)


def test_json_is_an_output_and_contradicts_another_one(path: Path) -> None:
    assert resolve(path, json=True).output == ("json", "option --json")
    assert resolve(path, json=True, output="json").output.value == "json"
    with pytest.raises(UsageFault, match="--json and -o csv contradict each other"):
        resolve(path, json=True, output="csv")


def test_a_refused_option_is_wrong_usage_and_shows_its_value(path: Path) -> None:
    with pytest.raises(UnknownFormat, match='unknown output format: "xml"'):
        resolve(path, output="xml")
    with pytest.raises(UsageFault, match=r'^--timeout: it must be a number .*: "soon"$'):
        resolve(path, timeout="soon")
    with pytest.raises(UsageFault, match=r'^--base-url: it must begin with .*: "ftp://x"$'):
        resolve(path, base_url="ftp://x")


def test_a_refused_variable_is_local_trouble_and_names_itself(path: Path) -> None:
    for name, value in (
        ("ESS_OUTPUT", "xml"),
        ("ESS_TIMEOUT", "soon"),
        ("ESS_BASE_URL", "ftp://x"),
    ):
        with pytest.raises(BadSetting, match=f'^{name}: .*: "{value}"$'):
            resolve(path, {name: value})


@pytest.mark.parametrize("url", ["https://user:hunter2@x.example/", "https://x.example/?t=hunter2"])
def test_a_refused_url_that_may_hold_a_password_is_not_repeated(path: Path, url: str) -> None:
    for faulty in ({"base_url": url}, {"environ": {"ESS_BASE_URL": url}}):
        with pytest.raises(EssError) as caught:
            resolve(path, **faulty)
        assert "hunter2" not in f"{caught.value.message}{caught.value.hint}{caught.value.details}"


@pytest.mark.parametrize(
    "text", ["0", "-1", "nan", "inf", "1e3", "1_0", " 5", "٣", "86401", "", "0.0", "5s"]
)
def test_a_timeout_is_a_plain_positive_number_of_at_most_a_day(text: str) -> None:
    with pytest.raises(UnusableError):
        config.parse_timeout(text)
    assert config.parse_timeout("86400") == 86400.0
    assert config.parse_timeout("0.5") == 0.5


def test_an_unknown_profile_is_named_with_the_known_ones(path: Path) -> None:
    path.write_text(FILE)
    with pytest.raises(UnknownProfile) as caught:
        resolve(path, profile="pord")
    assert caught.value.message == 'no profile named "pord"'
    assert caught.value.details == ("  profiles: default, sandbox, prod, lab",)


def test_an_empty_profile_option_is_not_the_default(ess: Run) -> None:
    outcome = ess("-p", "", "topics", "list")
    assert outcome.code == 2
    assert outcome.err.startswith("error: --profile is empty\n")


# Protection


def test_protection_guards_the_origin_however_the_base_url_was_given(path: Path) -> None:
    path.write_text(FILE)
    for url in (
        "https://ess.example.com/ess/v1",
        "https://ess.example.com:443",
        "https://ESS.example.com/other",
        "https://ess.example.com./ess/v1",
    ):
        assert resolve(path, base_url=url).protected_by == "prod"
        assert resolve(path, {"ESS_BASE_URL": url}).protected_by == "prod"
        assert resolve(path, profile="lab", base_url=url).protected_by == "prod"
    assert resolve(path, base_url="https://ess.example.com:8443").protected_by is None
    assert resolve(path, profile="prod", base_url="http://127.0.0.1:1").protected_by is None


def test_of_two_protected_profiles_the_selected_one_is_named(path: Path) -> None:
    path.write_text("profiles: {a: {protected: true}, b: {protected: true}}")
    assert resolve(path, profile="b").protected_by == "b"
    assert resolve(path).protected_by == "a"


def test_a_token_command_is_only_for_its_profile_s_own_origin(path: Path) -> None:
    path.write_text(FILE)
    elsewhere = resolve(path, profile="prod", base_url="http://127.0.0.1:1")
    assert elsewhere.token_command == ()
    assert elsewhere.token_command_withheld
    assert not resolve(path, profile="prod").token_command_withheld
    assert not resolve(path, profile="lab", base_url="http://127.0.0.1:1").token_command_withheld


# The sandbox


def test_the_sandbox_needs_no_readable_file_and_imports_no_yaml(path: Path) -> None:
    path.write_text("{ damaged")
    settings = resolve(path, profile="sandbox")
    assert settings.is_sandbox
    assert settings.base_url.url == "https://sandbox.invalid/ess/v1"
    assert settings.protected_by is None


def test_neither_an_address_nor_a_secret_crosses_to_the_sandbox(path: Path) -> None:
    config.use(path, "sandbox")
    for option in ("base_url", "token_file", "user_token_file"):
        for selected in ({"profile": "sandbox"}, {"environ": {"ESS_PROFILE": "sandbox"}}, {}):
            with pytest.raises(UsageFault, match=f"^--{option.replace('_', '-')} does not go"):
                resolve(path, **{option: "http://127.0.0.1:1"}, **selected)  # type: ignore[arg-type]


def test_a_base_url_in_the_environment_contradicts_a_sandbox_that_p_did_not_name(
    path: Path,
) -> None:
    environ = {"ESS_BASE_URL": "https://env.example.com"}
    with pytest.raises(BadSetting, match="ESS_BASE_URL contradicts the sandbox"):
        resolve(path, {**environ, "ESS_PROFILE": "sandbox"})
    config.use(path, "sandbox")
    with pytest.raises(BadSetting, match="selected by ess profile use"):
        resolve(path, environ)
    assert resolve(path, environ, profile="sandbox").base_url.host == "sandbox.invalid"


def test_the_file_cannot_change_the_sandbox(path: Path) -> None:
    error = refused(path, "profiles:\n  sandbox:\n    base-url: https://x.example\n")
    assert (
        error.message == f"{path}, line 2, column 3: the sandbox is built in and cannot be changed"
    )


# The file


def test_without_a_file_yaml_is_not_imported(tmp_path: Path) -> None:
    import subprocess

    program = (
        "import sys; from types import SimpleNamespace as Flags; from ess_cli import config;"
        "flags = Flags(profile=None, base_url=None, output=None, json=False, timeout=None);"
        f"config.resolve(flags, {{'ESS_CONFIG_FILE': {str(tmp_path / 'none')!r}}});"
        "print(sorted({'yaml', 'keyring', 'platformdirs', 'subprocess', 'tempfile'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True
    )
    assert done.stdout == b"[]\n"


def test_scalars_are_text_without_yaml_s_guesses(path: Path) -> None:
    path.write_text("profiles: {no: {company-id: 0o17, token-command: [1.0, yes, ~]}}")
    profile = config.load(path).find("no")
    assert profile.company_id == "0o17"
    assert profile.token_command == ("1.0", "yes", "~")


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("a: [1", "line 1, column 6", "not valid YAML"),
        ("profiles:\n  p: {a: b: c}\n", "line 2, column 11", "not valid YAML"),
        ("profiles:\n\tp: 1\n", "line 2, column 1", "not valid YAML"),
        ("profiles: {p: &a {}, q: *a}", "line 1, column 15", "anchors, aliases and tags"),
        ("profiles: {p: !!python/object:os.x {}}", "line 1, column 15", "anchors, aliases"),
        ("profiles: {p: {<<: {}}}", "line 1, column 16", "not a known setting"),
        ("profiles: {p: {}, p: {}}", "line 1, column 19", "the same name a second time"),
        ("profiles: {p: {timeout: 1, timeout: 2}}", "line 1, column 28", "the same name"),
        ("profiles:\n  p:\n    protcted: true\n", "line 3, column 5", "not a known setting"),
        ("profile: {}\n", "line 1, column 1", "not a known section"),
        ("- a\n", "line 1, column 1", "a mapping is wanted here"),
        ("profiles: {p: hello}", "line 1, column 15", "a mapping is wanted here"),
        ("profiles: {p: {protected: yes}}", "line 1, column 27", "protected is true or false"),
        ("profiles: {p: {output: xml}}", "line 1, column 24", "output: unknown output format"),
        ("profiles: {p: {timeout: 0}}", "line 1, column 25", "timeout: it must be a number"),
        ("profiles: {p: {base-url: http://x.example}}", "line 1, column 26", "base-url: http://"),
        ("profiles: {p: {token-command: echo x}}", "line 1, column 31", "a list of arguments"),
        ("profiles: {p: {token-command: []}}", "line 1, column 31", "a list of arguments"),
        ("profiles: {p: {token-command: [a, [b]]}}", "line 1, column 35", "a plain value"),
        ("profiles: {-p: {}}", "line 1, column 12", "a profile's name has 1 to 64"),
        ("profiles: {[a]: {}}", "line 1, column 12", "a plain value is wanted here"),
        ("profiles: {p: {}}\n---\n{}\n", "line 2, column 1", "not valid YAML"),
        ("profiles: {p: {company-id: ''}}", "line 1, column 28", "without control characters"),
    ],
)
def test_a_damaged_file_is_refused_with_its_place(
    path: Path, text: str, place: str, reason: str
) -> None:
    message = refused(path, text).message
    assert message.startswith(f"{path}, {place}: ")
    assert reason in message


@pytest.mark.parametrize(
    "line",
    [
        "token: hunter2",
        "password: hunter2",
        "client-secret: hunter2",
        "user-token: hunter2",
        "hunter2",
        '"hunter2',
        "hunter2: x",
        "base-url: https://u:hunter2@x.example",
        "base-url: https://x.example/?token=hunter2",
        "timeout: hunter2",
        "output: hunter2",
        "protected: hunter2",
        "token-command: hunter2",
        "company-id: [hunter2]",
        "company-id: *hunter2",
        "company-id: &hunter2 x",
        "company-id: !hunter2 x",
        "company-id: 'hunter2\\x07",
        "company-id: hunter2\x07",
    ],
)
def test_a_complaint_about_the_file_never_quotes_it(path: Path, line: str) -> None:
    error = refused(path, f"profiles:\n  p:\n    {line}\n")
    assert "hunter2" not in f"{error.message}{error.hint}{error.details}"
    assert "line 3" in error.message or "line 4" in error.message


def test_a_secret_in_the_file_is_refused_with_where_it_belongs(path: Path) -> None:
    error = refused(path, "profiles: {p: {token: x}}")
    assert "a secret does not belong in this file" in error.message
    assert "ess auth login" in (error.hint or "")


def test_a_file_that_is_too_large_too_deep_or_not_utf8_is_refused(path: Path) -> None:
    path.write_bytes(b"#" * (1 << 20))
    assert config.load(path).profiles == {}
    path.write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(BadConfiguration, match="over 1 MiB"):
        config.load(path)
    assert "nested too deeply" in refused(path, "[" * 100_000).message
    path.write_bytes(b"profiles:\n  p:\n    company-id: \xff\n")
    with pytest.raises(BadConfiguration, match="line 3: not UTF-8"):
        config.load(path)


def test_a_file_that_cannot_be_read_is_file_trouble(path: Path) -> None:
    path.mkdir()
    with pytest.raises(FileTrouble, match="cannot be read"):
        config.load(path)


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "profiles:\n", "profiles: {}\n", "\ufeffprofiles: {}"]
)
def test_an_empty_file_has_no_profiles_of_its_own(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    assert config.load(path).profiles == {}
    assert config.load(path).names == ("default", "sandbox")


def test_what_is_saved_is_what_is_loaded_again(path: Path) -> None:
    path.write_text(FILE)
    before = config.load(path)
    odd = Profile("yes", company_id="null", token_command=("~", "1", "- x", "é: #"), timeout_s=2.5)
    config.save(before.having(odd))
    after = config.load(path)
    assert after.profiles == {**before.profiles, "yes": odd}


def test_a_saved_file_is_for_its_owner_only_and_so_is_a_new_directory(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deeper" / "config.yaml"
    umask = os.umask(0)
    try:
        config.save(Config(path, {}))
        config.use(path, "sandbox")
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(config.pointer_path(path).stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700
    assert sorted(entry.name for entry in path.parent.iterdir()) == [
        "config.yaml",
        "config.yaml.active",
    ]


def test_saving_through_a_symbolic_link_keeps_the_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "ess.yaml"
    real.parent.mkdir()
    real.write_text("profiles: {}\n")
    link = tmp_path / "config.yaml"
    link.symlink_to(real)
    config.save(config.load(link).having(Profile("lab")))
    assert link.is_symlink()
    assert real.read_text() == "profiles:\n  lab: {}\n"


def test_a_failed_write_leaves_what_was_there_and_nothing_else(path: Path) -> None:
    config.save(Config(path, {}))
    config.pointer_path(path).mkdir()
    with pytest.raises(FileTrouble, match="cannot be written"):
        config.use(path, "sandbox")
    assert sorted(entry.name for entry in path.parent.glob("*config*")) == [
        "config.yaml",
        "config.yaml.active",
    ]
    assert list(path.parent.glob(".config*")) == []


def test_a_device_is_read_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert config.load(Path("/dev/null")).profiles == {}
    with pytest.raises(FileTrouble, match="it is not a regular file"):
        config.save(Config(pipe, {}))
    with pytest.raises(FileTrouble, match="it is not a regular file"):
        config.use(pipe, "sandbox")
    assert pipe.is_fifo()
    assert not config.pointer_path(pipe).exists()


# The pointer


def test_the_pointer_is_one_line_of_plain_text_beside_the_file(path: Path) -> None:
    config.use(path, "lab")
    assert (path.parent / "config.yaml.active").read_text() == "lab\n"
    assert config.active_profile(path) == "lab"
    config.use(path, None)
    config.use(path, None)
    assert config.active_profile(path) is None


@pytest.mark.parametrize("content", [b"", b"\n", b"../x\n", b"a\nb\n", b"\xff\n", b"x" * 300])
def test_a_damaged_pointer_is_an_error_and_never_the_default(path: Path, content: bytes) -> None:
    config.pointer_path(path).write_bytes(content)
    with pytest.raises(FileTrouble, match="cannot be read: it is damaged"):
        resolve(path)
    config.use(path, "default")
    assert resolve(path).profile.value == "default"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names here")
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(FileTrouble, match="it is a pipe, and nothing came from it"):
        config.load(path)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="open files have no names here")
def test_a_configuration_may_come_from_a_pipe() -> None:
    reading, writing = os.pipe()

    def feed() -> None:
        os.write(writing, b"profiles: {}")
        os.close(writing)

    threading.Timer(0.05, feed).start()
    assert config.load(Path(f"/dev/fd/{reading}")).profiles == {}
    os.close(reading)


# Where it lies


@pytest.mark.parametrize("xdg", [None, "", "/somewhere/else"])
def test_the_place_is_the_one_that_platformdirs_names(
    monkeypatch: pytest.MonkeyPatch, xdg: str | None
) -> None:
    import platformdirs

    if xdg is not None:
        monkeypatch.setenv("XDG_CONFIG_HOME", xdg)
    expected = platformdirs.user_config_path("ess", appauthor=False) / "config.yaml"
    assert config.config_path(os.environ) == expected
    assert str(config.pointer_path(expected)) == places.active_profile_file()


def test_a_relative_home_is_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "somewhere")
    assert config.config_path(os.environ) == Path("/nonexistent/.config/ess/config.yaml")


def test_ess_config_file_names_another_place() -> None:
    assert config.config_path({"ESS_CONFIG_FILE": "/x/y.yaml"}) == Path("/x/y.yaml")


# Addresses


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.syniverse.com/ess/v1", "https://api.syniverse.com/ess/v1"),
        ("HTTPS://API.Syniverse.COM.:443/ess/v1//", "https://api.syniverse.com/ess/v1"),
        ("https://x.example:8443", "https://x.example:8443"),
        ("https://x_y.example/a%20b", "https://x_y.example/a%20b"),
        ("http://localhost:8080/ess/v1/", "http://localhost:8080/ess/v1"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://127.9.9.9:80", "http://127.9.9.9"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://[0:0:0:0:0:0:0:1]/", "http://[::1]"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
        ("https://bücher.example/", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example"),
    ],
)
def test_an_address_has_one_form(text: str, url: str) -> None:
    assert parse_base_url(text).url == url
    assert parse_base_url(url) == parse_base_url(text)


def test_the_built_in_addresses_are_what_parsing_makes_of_them() -> None:
    assert parse_base_url(config.DEFAULT_BASE_URL) == config.REAL_SERVICE
    assert parse_base_url(config.SANDBOX_BASE_URL) == config.EMBEDDED_SERVICE


def test_an_address_has_its_port_and_its_origin() -> None:
    assert parse_base_url(PROD) == BaseUrl(PROD, "https", "api.syniverse.com", 443, "/ess/v1")
    assert parse_base_url(PROD).origin == "https://api.syniverse.com"
    assert parse_base_url("http://[::1]:8080/x").origin == "http://[::1]:8080"
    assert parse_base_url("http://127.0.0.1").is_loopback
    assert not parse_base_url("https://127.example").is_loopback
    assert not parse_base_url(PROD).is_loopback


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "begin with https://"),
        ("api.syniverse.com", "begin with https://"),
        ("ftp://x.example", "begin with https://"),
        ("https:x.example", "begin with https://"),
        ("https:/x.example", "begin with https://"),
        ("file:///etc/passwd", "begin with https://"),
        ("https://", "no host"),
        ("https://:443", "no host"),
        ("https:///x", "no host"),
        ("http://x.example", "for this machine only"),
        ("http://127.0.0.1.example", "for this machine only"),
        ("http://localhost.example", "for this machine only"),
        ("http://0.0.0.0", "for this machine only"),
        ("http://[::ffff:127.0.0.1]", "for this machine only"),
        ("http://[::2]", "for this machine only"),
        ("https://u@x.example", "a user name or password"),
        ("https://u:p@x.example", "a user name or password"),
        ("https://@x.example", "a user name or password"),
        ("https://x.example?", "a query"),
        ("https://x.example/?a=b", "a query"),
        ("https://x.example#", "a fragment"),
        ("https://evil\\@x.example", "a backslash"),
        ("https://x.example/a b", "a blank or a control"),
        (" https://x.example", "a blank or a control"),
        ("https://x.example\n", "a blank or a control"),
        ("https://x.example\t/", "a blank or a control"),
        ("https://x\u200b.example", "a blank or a control"),
        ("https://x\u00a0.example", "a blank or a control"),
        ("https://x.example:", "host or port is not valid"),
        ("https://x.example:0", "host or port is not valid"),
        ("https://x.example:65536", "host or port is not valid"),
        ("https://x.example:80a", "host or port is not valid"),
        ("https://x.example:٣", "host or port is not valid"),
        ("https://x..example", "host or port is not valid"),
        ("https://-x.example", "host or port is not valid"),
        ("https://x%2eexample", "host or port is not valid"),
        ("https://[::1", "host or port is not valid"),
        ("https://[::1]x", "host or port is not valid"),
        ("https://x[::1]", "host or port is not valid"),
        ("https://[fe80::1%25eth0]", "network interface"),
        ("https://127.1", "not a whole IPv4 address"),
        ("https://2130706433", "not a whole IPv4 address"),
        ("https://0x7f000001", "not a whole IPv4 address"),
        ("https://127.0.0.256", "not a whole IPv4 address"),
        ("https://127.0.0.01", "not a whole IPv4 address"),
        ("https://faß.example", "the ASCII form"),
        ("https://x.example/a/../b", "path is not plain"),
        ("https://x.example/%2e%2e/b", "path is not plain"),
        ("https://x.example/a//b", "path is not plain"),
        ("https://x.example/é", "path is not plain"),
        ("https://x.example/%", "path is not plain"),
    ],
)
def test_an_address_that_readers_may_take_differently_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UnusableError, match=reason):
        parse_base_url(text)


@pytest.mark.parametrize("name", ["", "-x", ".x", "a b", "a/b", "é", "x" * 65, "a\n"])
def test_a_profile_s_name_is_plain(name: str) -> None:
    with pytest.raises(UnusableError):
        config.parse_name(name)
    assert config.parse_name("a.b_c-9") == "a.b_c-9"


# Through the front door


def test_a_damaged_file_stops_a_run_with_line_and_column(ess: Run, path: Path) -> None:
    path.write_text("profiles:\n  p: {a\n")
    outcome = ess("topics", "list", env={"ESS_PROFILE": "", "ESS_CONFIG_FILE": str(path)})
    assert outcome.code == 12
    assert outcome.err == f"error: {path}, line 3, column 1: not valid YAML\n"


def test_an_unknown_profile_stops_a_run(ess: Run) -> None:
    outcome = ess("-p", "nobody", "topics", "list")
    assert outcome.code == 12
    assert outcome.err.startswith('error: no profile named "nobody"\n')
    assert "hint: ess profile set nobody --base-url URL" in outcome.err


def test_a_sandbox_run_with_a_base_url_stops(ess: Run) -> None:
    outcome = ess("-p", "sandbox", "--base-url", "http://127.0.0.1:1", "topics", "list")
    assert outcome.code == 2
    assert outcome.err.startswith("error: --base-url does not go with the sandbox")
