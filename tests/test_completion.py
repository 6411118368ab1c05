"""Completion, in real shells: what a TAB makes of a line, and that it makes no mischief."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ess_cli import cache
from ess_cli.cli import GROUPS, root
from ess_cli.commands.api import METHODS
from ess_cli.commands.delivery_cfg_auth import TYPES
from ess_cli.completion import FILES, SHELLS, script
from ess_cli.completion.tree import Tree, read, unknown_metavars
from tests.conftest import Run

PROJECT = Path(__file__).parent.parent
SCRIPTS = PROJECT / "completions"

# Names as a stranger could choose them. Whoever runs one of them leaves a file behind.
HOSTILE = (
    "$(touch ran) `touch ran`",
    "`touch ran`; touch ran & touch ran",
    "; touch ran | touch ran > b < c # d",
    'it\'s "hi"',
    "back\\slash \\",
    "a:b:c =k=v at@host",
    "ünï cödé 日本 語",
    "-dash",
    "--cfg=x",
    "bang!bang !!",
    "=$HOME ${HOME}",
    "#hash ~tilde",
    "*?[x]{a,b}^%1",
    "'",
    '"',
)

# A line, and what one TAB at its end makes of it, in every shell.
LINES = {
    "ess subs li": "ess subs list ",
    "ess -p sandbox subs list --topic N": "ess -p sandbox subs list --topic NIS-Events ",
    "ess -p prod topics dump P": "ess -p prod topics dump Prod-Events ",
    "ess --profile=prod topics dump P": "ess --profile=prod topics dump Prod-Events ",
    "ess --profile prod topics -q dump P": "ess --profile prod topics -q dump Prod-Events ",
    "ess -qp prod topics dump P": "ess -qp prod topics dump Prod-Events ",
    "ess subs -o json list --cfg a-m": "ess subs -o json list --cfg a-mock-del-cfg ",
    "ess subs list --cfg=a-m": "ess subs list --cfg=a-mock-del-cfg ",
    "ess subs list --cfg 144": "ess subs list --cfg 1449 ",
    "ess subs list --event-type porting_e": "ess subs list --event-type porting_event ",
    "ess delivery-cfg get a-m": "ess delivery-cfg get a-mock-del-cfg ",
    "ess delivery-cfg auth se": "ess delivery-cfg auth set ",
    "ess delivery-cfg auth set 1 --type BA": "ess delivery-cfg auth set 1 --type BASIC ",
    "ess delivery-cfg auth set 1 --type=OA": "ess delivery-cfg auth set 1 --type=OAUTH ",
    "ess deliveries track hc4 a-m": "ess deliveries track hc4 a-mock-del-cfg ",
    "ess deliveries list --status FAI": "ess deliveries list --status FAILED ",
    "ess subs get N": "ess subs get NIS-Events ",
    "ess subs get -- N": "ess subs get -- NIS-Events ",
    "ess subs -o yam": "ess subs -o yaml ",
    "ess dictionaries get auth": "ess dictionaries get authentication-types ",
    "ess api PU": "ess api PUT ",
    "ess api GET /event-b": "ess api GET /event-buffer-files ",
    "ess completion pow": "ess completion powershell ",
    "ess help exi": "ess help exit-codes ",
    "ess topics list --sort ser": "ess topics list --sort service ",
    "ess profile use san": "ess profile use sandbox ",
    "ess -p san": "ess -p sandbox ",
    "ess 'subs' \"li": "ess 'subs' \"list\" ",
    "ess topics dump --no-comp": "ess topics dump --no-compression ",
    "ess subs list --token-file some-f": "ess subs list --token-file some-file ",
    "ess subs list --token-file=some-f": "ess subs list --token-file=some-file ",
    # Here nothing is known, or nothing is meant to be known.
    "ess subs get NIS-Events N": "ess subs get NIS-Events N",
    "ess subs list -- --top": "ess subs list -- --top",
    "ess nosuch li": "ess nosuch li",
    "ess profile remove prod --confirm pro": "ess profile remove prod --confirm pro",
    "ess -p nosuch topics dump N": "ess -p nosuch topics dump N",
    "ess -p ../sandbox topics dump N": "ess -p ../sandbox topics dump N",
}


# How a shell is started and told to load the script; ^T shows the line as it stands.
ARGV = {
    "bash": ("bash", "--norc", "--noprofile", "-i"),
    "zsh": ("zsh", "-f", "-i"),
    "fish": ("fish", "--no-config", "--interactive"),
}
SETUP = {
    "bash": f"""PS1='>: '
        bind 'set bell-style none' 'set enable-bracketed-paste off'
        bind 'set show-all-if-ambiguous on' 'set completion-query-items 0'
        bind 'set page-completions off'
        bind -x '"\\C-t": printf "<<<%s>>>" "$READLINE_LINE"'
        source '{SCRIPTS}/ess.bash'
        """,
    "zsh": f"""PS1='>: '; unsetopt beep prompt_sp; LISTMAX=10000
        fpath=('{SCRIPTS}' $fpath); autoload -Uz compinit; compinit -u -D
        show() {{ printf '<<<%s>>>' "$BUFFER" }}
        zle -N show; bindkey -e; bindkey '^T' show
        """,
    "fish": f"""function fish_prompt; echo '>: '; end
        bind \\ct 'printf "<<<%s>>>" (commandline)'
        source '{SCRIPTS}/ess.fish'
        """,
}
# A session leader that opens a terminal gets it as its own.
LOGIN = """import os, sys
os.open(os.ttyname(0), os.O_RDWR)
os.execvp(sys.argv[1], sys.argv[1:])
"""


class Terminal:
    """A shell at a terminal, with completion for ``ess`` loaded."""

    deadline_s = 60.0
    is_stuck = False

    def __init__(self, shell: str, place: Path, env: dict[str, str]) -> None:
        master, slave = pty.openpty()
        self._master = master
        termios.tcsetwinsize(master, (60, 250))
        self._process = subprocess.Popen(
            [sys.executable, "-c", LOGIN, *ARGV[shell]],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=place,
            env=env,
            start_new_session=True,
        )
        os.close(slave)
        (place / f"setup-{shell}").write_text(SETUP[shell] + "printf 'REA%s\\n' DY\n")
        self._send(f"source ./setup-{shell}\r")
        self._read("READY.*>: ")

    def tab(self, typed: str) -> str:
        """The line after one TAB at its end."""
        return self.screen(typed)[1]

    def screen(self, typed: str) -> tuple[set[str], str]:
        """The words that appear on the screen with one TAB, and the line then."""
        self._send(f"{typed}\t\x14")
        screen = self._read("<<<.*>>>")
        self._send("\x15")
        before, _, line = screen.partition("<<<")
        words = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", " ", before).split()
        return set(words), line.partition(">>>")[0]

    def run(self, typed: str) -> None:
        """Type this and Enter; back when ``ess`` has run."""
        self._send(f"{typed}\r")
        self._read("ESS RAN.*>: ")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def _send(self, text: str) -> None:
        os.write(self._master, text.encode())

    def _read(self, pattern: str) -> str:
        """What appears until it matches; the prompt tells that the shell reads again."""
        end, seen = time.monotonic() + self.deadline_s, b""
        while not re.search(pattern.encode(), seen, re.DOTALL):
            left_s = end - time.monotonic()
            if left_s <= 0 or not select.select([self._master], [], [], left_s)[0]:
                self.is_stuck = True
                raise TimeoutError(seen.decode(errors="replace"))
            seen += os.read(self._master, 65536)
        return seen.decode(errors="replace")


class Place:
    """A directory with an ``ess`` on the PATH, names to complete, and shells that run there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.calls = path / "calls"
        self.env = {
            "PATH": f"{path / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(path),
            "XDG_CACHE_HOME": str(path / "cache"),
            "PYTHONPATH": str(PROJECT),
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm",
        }
        self._terminals: dict[str, Terminal] = {}
        (path / "bin").mkdir()
        (path / "some-file").touch()
        ess = path / "bin" / "ess"
        ess.write_text(
            f"""#!/bin/sh
            echo "$@" >> '{self.calls}'
            [ "$1" = __complete ] && exec '{sys.executable}' -m ess_cli "$@"
            printf '%s\\0' "$@" > '{path}/arguments'
            echo ESS RAN
            """
        )
        ess.chmod(0o755)

    def terminal(self, shell: str) -> Terminal:
        if shell not in self._terminals or self._terminals[shell].is_stuck:
            self._terminals[shell] = Terminal(shell, self.path, self.env)
        return self._terminals[shell]

    def bash(self, line: str, before: str = "", point: int | None = None) -> list[str]:
        """What completion leaves in COMPREPLY, by the function that is registered."""
        program = """
            source "$1"; COMP_LINE=$2 COMP_POINT=$3 setting=$4; shift 4
            COMP_WORDS=("$@") COMP_CWORD=$(( $# - 1 ))
            set -- $(complete -p ess)
            eval "$setting"
            "$3"
            (( ${#COMPREPLY[@]} )) && printf '%s\\0' "${COMPREPLY[@]}" || true
        """
        at = len(line) if point is None else point
        given = [str(SCRIPTS / "ess.bash"), line, str(at), before, *line[:at].split(" ")]
        done = subprocess.run(
            ["bash", "--norc", "-c", program, "bash", *given],
            env=self.env,
            cwd=self.path,
            capture_output=True,
            check=True,
        )
        assert done.stderr == b""
        return done.stdout.decode().split("\0")[:-1]

    def arguments(self) -> list[str]:
        """What ``ess`` was last run with."""
        return (self.path / "arguments").read_text().split("\0")[:-1]

    def close(self) -> None:
        for terminal in self._terminals.values():
            terminal.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    path = tmp_path_factory.mktemp("completion")
    made = Place(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", made.env["XDG_CACHE_HOME"])
        for profile in ("default", "sandbox"):
            cache.remember(profile, "topics", ["NIS-Events", "SCG-Message"])
            cache.remember(profile, "event-types", ["ported", "porting_event"])
            cache.remember(
                profile, "delivery-cfg", ["1449\ta-mock-del-cfg", "a-mock-del-cfg\t1449", "-x\t7"]
            )
        cache.remember("prod", "topics", ["Prod-Events"])
        cache.remember("tilde", "delivery-cfg", ["~root\t4"])
        cache.remember("marks", "delivery-cfg", ["a:b c\t1", "a:b d\t2", "x=y z\t3"])
        for number, name in enumerate(HOSTILE):
            cache.remember(f"hostile-{number}", "delivery-cfg", [f"{name}\t1449"])
    yield made
    made.close()


@pytest.fixture(
    params=[
        "bash",
        pytest.param(
            "zsh",
            marks=pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed"),
        ),
        pytest.param(
            "fish",
            marks=pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed"),
        ),
    ]
)
def shell(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.mark.parametrize("line", LINES)
def test_a_tab_completes_the_line(place: Place, shell: str, line: str) -> None:
    assert place.terminal(shell).tab(line) == LINES[line]


def test_a_tab_shows_what_there_is_to_choose(place: Place, shell: str) -> None:
    screen, line = place.terminal(shell).screen("ess delivery-cfg auth set 1 --type ")
    assert line == "ess delivery-cfg auth set 1 --type "
    assert {"BASIC", "OAUTH", "NONE"} <= screen


@pytest.mark.parametrize("number", range(len(HOSTILE)), ids=HOSTILE.__getitem__)
def test_a_strangers_name_arrives_as_it_is_and_is_never_run(
    place: Place, shell: str, number: int
) -> None:
    before = f"ess -p hostile-{number} subs list"
    for typed, arrives in [
        ("--cfg \t", ["--cfg", HOSTILE[number]]),
        ('--cfg "\t', ["--cfg", HOSTILE[number]]),
        ("--cfg '\t", ["--cfg", HOSTILE[number]]),
        ("--cfg=\t", [f"--cfg={HOSTILE[number]}"]),
    ]:
        place.terminal(shell).run(f"{before} {typed}")
        assert place.arguments() == [*before.split()[1:], *arrives]
    assert not (place.path / "ran").exists()


def test_a_name_that_begins_with_a_tilde_does_not_turn_into_a_path(
    place: Place, shell: str
) -> None:
    terminal, line = place.terminal(shell), "ess -p tilde subs list --cfg"
    # fish would not escape it.
    escaped = {"bash": "\\~root ", "zsh": "\\~root ", "fish": ""}[shell]
    assert terminal.tab(f"{line} ") == f"{line} {escaped}"
    assert terminal.tab(f"{line} '") == f"{line} '~root' "
    terminal.run(f"{line}=\t")
    assert place.arguments()[-1] == "--cfg=~root"


def test_a_name_that_begins_with_a_dash_is_offered_behind_two_dashes(
    place: Place, shell: str
) -> None:
    terminal = place.terminal(shell)
    screen, _ = terminal.screen("ess delivery-cfg get ")
    assert "1449" in screen
    assert "-x" not in screen
    assert terminal.tab("ess delivery-cfg get -- -") == "ess delivery-cfg get -- -x "
    assert terminal.tab("ess subs list --cfg -") == "ess subs list --cfg -x "


def test_nothing_is_started_for_commands_options_and_fixed_values(place: Place, shell: str) -> None:
    terminal = place.terminal(shell)
    place.calls.unlink(missing_ok=True)
    assert terminal.tab("ess subs li") == "ess subs list "
    assert terminal.tab("ess topics dump --no-comp") == "ess topics dump --no-compression "
    assert terminal.tab("ess -o yam") == "ess -o yaml "
    assert not place.calls.exists()
    assert terminal.tab("ess -p prod topics dump P") == "ess -p prod topics dump Prod-Events "
    assert place.calls.read_text() == "__complete topics P prod\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ess ", list(GROUPS)),
        ("ess delivery-cfg auth ", ["get", "set"]),
        ("ess topics dump --comp", ["--compression", "--compression-type"]),
        ("ess topics dump --no-compression --comp", ["--compression-type"]),
        ("ess topics list --all --al", []),
        ("ess topics list -q --qui", []),
        ("ess topics list --param a=b --par", ["--param"]),
        ("ess topics list --columns name,", ["name,service", "name,event-types"]),
        ("ess topics list -c name,e", ["name,event-types"]),
        ("ess subs list --match", []),
        ("ess subs list --limit ", []),
        ("ess 2>/dev/null subs li", ["list"]),
        ("ess subs list >some-f", ["some-file"]),
        ("./ess subs li", ["list"]),
        ("ess -- subs li", ["list"]),
        ("ess topics dump -qpprod P", ["Prod-Events"]),
        ("ess subs list -o", ["-o"]),
    ],
)
def test_bash_gets_the_candidates(place: Place, line: str, expected: list[str]) -> None:
    assert place.bash(line) == expected


def test_bash_gets_options_where_no_argument_is_left(place: Place) -> None:
    offered = place.bash("ess topics list ")
    assert {"--limit", "--param", "--profile", "-p", "--help"} <= set(offered)
    assert not {"--topic", "--dry-run"} & set(offered)
    assert {"-n", "--dry-run", "-y", "--confirm"} <= set(place.bash("ess topics dump x "))


@pytest.mark.parametrize(
    ("line", "default", "without"),
    [
        ("ess -p marks subs list --cfg a:b\\ ", ["b\\ c", "b\\ d"], ["a:b\\ c", "a:b\\ d"]),
        ("ess -p marks subs list --cfg 'a:b ", ["a:b c", "a:b d"], ["a:b c", "a:b d"]),
        ("ess -p marks subs list --cfg=a:", ["b\\ c", "b\\ d"], ["--cfg=a:b\\ c", "--cfg=a:b\\ d"]),
        ("ess -p marks subs list --cfg=x=", ["y\\ z"], ["--cfg=x=y\\ z"]),
        ("ess -p marks subs list --cfg=", ["a:b\\ c", "a:b\\ d", "x=y\\ z"], None),
        ("ess -p marks subs list --token-file=some", ["some-file"], ["--token-file=some-file"]),
    ],
)
def test_bash_leaves_what_stands_before_a_word_break(
    place: Place, line: str, default: list[str], without: list[str] | None
) -> None:
    assert place.bash(line) == default
    without = [f"--cfg={name}" for name in default] if without is None else without
    assert place.bash(line, "COMP_WORDBREAKS=$' \\t\\n\"\\'><;|&('") == without


def test_bash_completes_at_the_cursor_and_not_at_the_end(place: Place) -> None:
    assert place.bash("ess su list", point=6) == ["subs"]


@pytest.mark.parametrize("option", ["set -u", "set -f", "shopt -s failglob nocaseglob", "IFS=:"])
def test_bash_completes_whatever_the_user_has_set(place: Place, option: str) -> None:
    line = "ess -p marks subs list --cfg 'a:b "
    assert place.bash(line, option) == ["a:b c", "a:b d"]


def test_bash_needs_no_helper_of_another_package() -> None:
    names = set(re.findall(r"\b_[a-z_]+", (SCRIPTS / "ess.bash").read_text()))
    assert {name for name in names if not name.startswith("_ess")} == {"__complete"}


@pytest.mark.parametrize("name", SHELLS)
def test_the_scripts_are_fresh(name: str) -> None:
    written = (SCRIPTS / FILES[name]).read_text(encoding="utf-8")
    assert script(name, root()) == written, "run: python -m ess_cli.completion"


@pytest.mark.parametrize("seed", ["1", "2"])
def test_one_line_writes_all_scripts_always_alike(tmp_path: Path, seed: str) -> None:
    (tmp_path / "completions").mkdir()
    env = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONHASHSEED": seed}
    command = [sys.executable, "-m", "ess_cli.completion"]
    subprocess.run(command, cwd=tmp_path, env=env, check=True)
    written = {path.name: path.read_bytes() for path in (tmp_path / "completions").iterdir()}
    assert written == {name: (SCRIPTS / name).read_bytes() for name in FILES.values()}


@pytest.mark.parametrize("name", SHELLS)
def test_ess_completion_prints_the_script(ess: Run, name: str) -> None:
    assert ess("completion", name) == (0, (SCRIPTS / FILES[name]).read_text("utf-8"), "")


@pytest.mark.parametrize("name", SHELLS)
def test_every_command_and_option_is_in_the_script(name: str) -> None:
    tree, text = read(root()), script(name, root())
    for verb in tree.verbs:
        joined = "-".join(("_ess", *verb.path)) + "()" if name == "zsh" else " ".join(verb.path)
        assert joined in text or not verb.path
        for option in (*tree.everywhere, *verb.options):
            assert all(spelling in text for spelling in option.names)


def test_the_powershell_script_is_text_that_could_run() -> None:
    """It cannot be run here: only that it is ASCII, and that its brackets and quotes pair."""
    text = script("powershell", root())
    assert text.isascii()
    code = re.sub(r"'(?:[^']|'')*'|\"(?:[^\"`]|`.)*\"|#.*", "", text)
    assert not set("'\"`") & set(code)
    open_brackets = []
    for char in code:
        if char in "([{":
            open_brackets.append(")]}"["([{".index(char)])
        elif char in ")]}":
            assert open_brackets.pop() == char
    assert open_brackets == []


def test_every_kind_of_value_is_known() -> None:
    assert unknown_metavars(root()) == set(), "say in completion/tree.py what they mean"


def _words(tree: Tree, path: str, place: str) -> tuple[str, ...]:
    verb = next(verb for verb in tree.verbs if " ".join(verb.path) == path)
    values: dict[str, Any] = {argument.metavar: argument.value for argument in verb.arguments}
    values |= {name: option.value for option in verb.options for name in option.names}
    words: tuple[str, ...] = values[place].words
    return words


def test_fixed_values_are_those_that_the_commands_take(ess: Run) -> None:
    tree = read(root())
    assert _words(tree, "delivery-cfg auth set", "--type") == TYPES
    assert _words(tree, "api", "METHOD") == METHODS
    codes = _words(tree, "dictionaries get", "CODE")
    entries = {code: ess("dictionaries", "get", code, "-o", "name").out.split() for code in codes}
    assert sorted(entries["delivery-formats"]) == sorted(
        _words(tree, "delivery-cfg create", "--format")
    )
    assert sorted(entries["authentication-types"]) == sorted(TYPES)
    assert set(_words(tree, "delivery-cfg create", "--protocol")) <= set(
        entries["delivery-protocols"]
    )


def test_a_tab_imports_nothing_but_three_small_modules(place: Place) -> None:
    def modules(program: str) -> set[str]:
        command = [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"]
        done = subprocess.run(command, env=place.env, capture_output=True, check=True, text=True)
        return set(done.stdout.splitlines()[-1].split())

    call = "from ess_cli.main import main; main(['__complete', 'topics', 'N'])"
    added = modules(call) - modules("pass")
    assert added == {"__future__", "ess_cli", "ess_cli.main", "ess_cli.cache", "ess_cli.places"}


def test_listing_is_what_makes_names_known(ess: Run) -> None:
    assert ess("__complete", "topics", "NIS") == (0, "", "")
    assert ess("topics", "list").code == 0
    assert ess("__complete", "topics", "NIS") == (0, "NIS-Events\n", "")
    assert ess("__complete", "topics", "NIS", "prod") == (0, "", "")


@pytest.mark.parametrize(
    "words", [[], ["topics"], ["nosuch", "x"], ["topics", "x", "../.."], ["a", "b", "c", "d", "e"]]
)
def test_an_odd_question_gets_no_answer_and_no_error(ess: Run, words: list[str]) -> None:
    assert ess("__complete", *words) == (0, "", "")
