"""The script for zsh: one function a command, on ``_arguments``."""

from __future__ import annotations

from ess_cli.completion.tree import Option, Tree, Value, Verb

_HEAD = r"""#compdef ess
# Completion of ess, made by `python -m ess_cli.completion`; changes get lost.
# Commands, options and fixed values stand in here; only names are asked of `ess __complete`.
"""

_BODY = r"""
# A group: $1 is the function of its commands without the last part; the rest are its commands.
_ess_group() {
  local curcontext="$curcontext" prefix=$1 state state_descr ret=1
  local -a line commands
  local -A opt_args
  commands=("${(@)argv[2,-1]}")
  _arguments -C -s -S "${(@)ess_everywhere}" '(-)1:command:->command' '(-)*:: :->rest' && ret=0
  _ess_profile
  case $state in
    command)
      _describe -t commands command commands && ret=0 ;;
    rest)
      local name=${(Q)words[1]}
      (( $+functions[$prefix-$name] )) || return 1
      curcontext="${curcontext%:*}-$name:"
      $prefix-$name && ret=0 ;;
  esac
  return ret
}

_ess_command() {
  local curcontext="$curcontext"
  local -A opt_args
  _arguments -s -S "${(@)ess_everywhere}" "$@"
}

# Sets ess_profile to the one named in the line, at this level or at an outer one.
_ess_profile() {
  ess_profile=${(Q)${opt_args[-p]-${opt_args[--profile]-$ess_profile}}}
}

# Names of the kind $1, called $2 in messages; $3 says that it is a positional argument.
_ess_names() {
  local -a found names
  local typed dashless=''
  # A positional argument that begins with - can only stand behind --.
  [[ -n $3 ]] && (( ! ${words[(Ie)--]} )) && dashless=1
  [[ -n $dashless && $PREFIX == -* ]] && return 1
  _ess_profile
  # Where none begins with what is typed, all of them: the user's matchers may know better.
  for typed in "${(Q)PREFIX}" ''; do
    found=(${(f)"$(command $ess_program __complete $1 "$typed" "$ess_profile" 2>/dev/null)"})
    (( $#found )) && break
  done
  [[ -n $dashless ]] && found=("${(@)found:#-*}")
  # _describe wants value:description, backslashes and other colons escaped.
  names=("${(@)${(@)${(@)found//\\/\\\\}//:/\\:}/$'\t'/:}")
  _describe -t $1 $2 names
}
"""

_TAIL = r"""
if [[ $funcstack[1] == _ess ]]; then
  _ess "$@"
else
  compdef _ess ess
fi
"""


def render(tree: Tree) -> str:
    """The script, as text."""
    everywhere = "".join(f"    {spec}\n" for option in tree.everywhere for spec in _specs(option))
    main = f"""
_ess() {{
  local ess_program=ess ess_profile=''
  local -a ess_everywhere
  [[ $words[1] == */* && -x $words[1] ]] && ess_program=$words[1]
  ess_everywhere=(
{everywhere}  )
  _ess_root
}}
"""
    return _HEAD + main + _BODY + "".join(_function(verb) for verb in tree.verbs) + _TAIL


def _function(verb: Verb) -> str:
    name = "-".join(("_ess", *verb.path)) if verb.path else "_ess_root"
    if verb.commands:
        prefix = "-".join(("_ess", *verb.path))
        call = f"_ess_group {prefix}"
        items = [_quoted(f"{command}:{text}") for command, text in verb.commands]
    else:
        call = "_ess_command"
        items = [spec for option in verb.options for spec in _specs(option)]
        for number, (metavar, value) in enumerate(verb.arguments, 1):
            last = number == len(verb.arguments)
            place = "*" if verb.endless and last else str(number)
            items.append(_quoted(f"{place}:{_escaped(metavar)}:{_action(value, ' argument')}"))
    lines = "".join(f" \\\n    {item}" for item in items)
    return f"\n{name}() {{\n  {call}{lines}\n}}\n"


def _specs(option: Option) -> list[str]:
    """What ``_arguments`` wants: one spec a name, each with all that it excludes."""
    before = "*" if option.repeatable else f"({' '.join(option.names)})"
    after = f"[{_escaped(option.help)}]"
    if option.value is None:
        return [_quoted(f"{before}{name}{after}") for name in option.names]
    after += f":{_escaped(option.metavar)}:{_action(option.value)}"
    # Its value may be attached: --name=value, -nvalue.
    return [
        _quoted(f"{before}{name}{'=' if name.startswith('--') else '+'}{after}")
        for name in option.names
    ]


def _action(value: Value, positional: str = "") -> str:
    match value.kind:
        case "words":
            return f"({' '.join(value.words)})"
        case "list":
            return f" _values -s , column {' '.join(value.words)}"
        case "names":
            return f" _ess_names {value.words[0]} {value.words[0]}{positional}"
        case "files":
            return "_files"
        case "text":
            return " "


def _escaped(text: str) -> str:
    for special in "\\[]:":
        text = text.replace(special, f"\\{special}")
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
