"""The script for bash, from 3.2 on, with or without the bash-completion package."""

from __future__ import annotations

from ess_cli.completion.tree import Tree, Verb

_HEAD = r"""# Completion of ess, made by `python -m ess_cli.completion`; changes get lost.
# Commands, options and fixed values stand in here; only names are asked of `ess __complete`.
"""

_BODY = r"""
_ess() {
    local words cur head quote redirected commands arguments options
    local path='' pending='' before='' profile='' used=' ' dashes='' kind='' program=ess
    local position=0 word found IFS=$' \t\n'
    COMPREPLY=() found=()
    _ess_split
    [[ ${words[0]} == */* && -x ${words[0]} ]] && program=${words[0]}
    _ess_at ''
    for word in "${words[@]:1}"; do
        _ess_pass "$word" || return 0
    done
    if [[ $redirected ]]; then
        kind=files
    elif [[ $pending ]]; then
        _ess_kind "$pending"
    elif [[ ! $dashes && $cur == --*=* ]]; then
        before=${cur%%=*}=
        _ess_kind "${cur%%=*}"
    elif [[ ! $dashes && $cur == -* ]]; then
        kind=options
    elif [[ $commands ]]; then
        kind=words:${commands// /,}
    else
        _ess_argument
    fi
    _ess_values "$kind" "${cur#"$before"}"
    _ess_reply
}

# Splits the line up to the cursor as the shell would. cur has its quotes taken off; head is the
# part of it that readline leaves alone, and quote the one that is still open.
_ess_split() {
    local line=${COMP_LINE:0:COMP_POINT} started='' outer='' i c
    words=() cur='' head='' quote='' redirected=''
    for (( i = 0; i < ${#line}; i++ )); do
        c=${line:i:1}
        if [[ $quote && $c == "$quote" ]]; then
            quote='' head=$outer
        elif [[ $quote == '"' && $c == \\ && ${line:i+1:1} == [\$\`\"\\] ]]; then
            i=$(( i + 1 ))
            cur+=${line:i:1}
        elif [[ $quote ]]; then
            cur+=$c
        elif [[ $c == [\'\"] ]]; then
            quote=$c outer=$head head=$cur started=1
        elif [[ $c == \\ ]]; then
            i=$(( i + 1 )) started=1
            cur+=${line:i:1}
        elif [[ $c == [[:space:]\<\>] ]]; then
            [[ $c == [\<\>] && $cur != *[!0-9\&]* ]] && started=''
            [[ $started && ! $redirected ]] && words+=("$cur")
            [[ $started ]] && redirected=''
            [[ $c == [\<\>] ]] && redirected=1
            cur='' head='' started=''
        else
            # NOTE: an @ breaks words too, but readline then takes it into the new one.
            [[ $c == @ && $COMP_WORDBREAKS == *@* ]] && head=$cur
            cur+=$c started=1
            [[ $c != @ && $COMP_WORDBREAKS == *"$c"* ]] && head=$cur
        fi
    done
}

# Takes a word before the cursor in: path, pending, dashes, position, profile and used go by it.
# Fails where no such command exists.
_ess_pass() {
    local i
    if [[ $pending ]]; then
        _ess_given "$pending" "$1"
        pending=''
    elif [[ ! $dashes && $1 == -- ]]; then
        dashes=1
    elif [[ ! $dashes && $1 == --*=* ]]; then
        _ess_given "${1%%=*}" "${1#*=}"
    elif [[ ! $dashes && $1 == --* ]]; then
        _ess_kind "$1"
        used+="$1 "
        [[ $kind ]] && pending=$1
    elif [[ ! $dashes && $1 == -?* ]]; then
        for (( i = 1; i < ${#1}; i++ )); do
            _ess_kind "-${1:i:1}"
            used+="-${1:i:1} "
            [[ $kind ]] || continue
            pending=-${1:i:1}
            if (( i + 1 < ${#1} )); then
                _ess_given "$pending" "${1:i+1}"
                pending=''
            fi
            break
        done
    elif [[ $commands ]]; then
        [[ " $commands " == *" $1 "* ]] || return 1
        path+=" $1" dashes=''
        _ess_at "$path" || return 1
    else
        position=$(( position + 1 ))
    fi
    return 0
}

_ess_given() {
    used+="$1 "
    [[ $1 == -p || $1 == --profile ]] && profile=$2
}

# Sets kind to what the value of an option is: empty for a flag, and where there is no such option.
_ess_kind() {
    local option
    kind=''
    for option in $options; do
        if [[ "|${option%%=*}|" == *"|$1|"* ]]; then
            [[ $option == *=* ]] && kind=${option#*=}
            return
        fi
    done
}

# Sets kind to what the positional argument at the cursor is.
_ess_argument() {
    local places
    places=($arguments)
    kind=${places[position]-}
    if [[ ! $kind && $arguments == *... ]]; then
        kind=${places[${#places[@]}-1]}
    elif [[ ! $kind && ! $cur && ! $dashes ]]; then
        kind=options
    fi
    kind=${kind%...}
}

# Sets found to the values of a kind that begin with what is typed, quotes not yet put on.
_ess_values() {
    local typed=$2 rest=${1#*:} word
    case $1 in
    options) _ess_options ;;
    words:*)
        for word in ${rest//,/ }; do
            [[ $word == "$typed"* ]] && found+=("$before$word")
        done ;;
    list:*)
        [[ $typed == *[!A-Za-z0-9,+-]* ]] && return
        [[ $typed == *,* ]] && before+=${typed%,*},
        for word in ${rest//,/ }; do
            [[ $word == "${typed##*,}"* && ,$typed != *",$word,"* ]] && found+=("$before$word")
        done
        compopt -o nospace 2>/dev/null ;;
    names:*)
        _ess_lines "$(command "$program" __complete "$rest" "$typed" "$profile" 2>/dev/null)"
        found=("${found[@]%%$'\t'*}")
        if [[ $before ]]; then
            found=("${found[@]/#/$before}")
        elif [[ ! $typed && ! $pending && ! $dashes ]]; then
            _ess_without_dashes
        fi ;;
    files)
        # Readline's own completion of files, where it goes by the same part of the word.
        if [[ $head != "$before"* ]] || ! compopt -o default 2>/dev/null; then
            _ess_lines "$(compgen -f -- "$typed")"
            found=("${found[@]/#/$before}")
        fi ;;
    esac
}

_ess_options() {
    local option name names
    for option in $options; do
        names=${option%%=*}
        for name in ${names//|/ }; do
            [[ $names != +* && $used == *" $name "* ]] && continue 2
        done
        for name in ${names//|/ }; do
            [[ $name != + && $name == "$cur"* ]] && found+=("$name")
        done
    done
}

# A name that begins with - can only stand behind --.
_ess_without_dashes() {
    local name all
    [[ " ${found[*]}" == *' -'* ]] || return
    all=("${found[@]}") found=()
    for name in "${all[@]}"; do
        [[ $name == -* ]] || found+=("$name")
    done
}

# Sets found to the lines of a text.
_ess_lines() {
    local IFS=$'\n'
    case $- in
    *f*) found=($1) ;;
    *) set -f; found=($1); set +f ;;
    esac
}

# Leaves found in COMPREPLY: only what stands behind head, in the quotes that are open.
_ess_reply() {
    local comma='\,' text
    (( ${#found[@]} )) || return 0
    [[ $head ]] && found=("${found[@]#"$head"}")
    if [[ $quote ]]; then
        _ess_quote
    elif [[ $kind == names:* || $kind == files ]]; then
        text=$(printf '%q\n' "${found[@]}")
        _ess_lines "${text//"$comma"/,}"
    fi
    COMPREPLY=("${found[@]}")
}

_ess_quote() {
    local i j text c
    for i in "${!found[@]}"; do
        text=${found[i]}
        [[ $text == *[\$\`\"\\\'!]* ]] || continue
        found[i]=''
        for (( j = 0; j < ${#text}; j++ )); do
            c=${text:j:1}
            case $quote$c in
            \'\') c="'\\''" ;;
            \"[\$\`\"\\]) c=\\$c ;;
            \"!) c="\"'!'\"" ;;
            esac
            found[i]+=$c
        done
        # Where a quote stands at either end already, readline leaves its own one out.
        [[ ${found[i]} == "$quote"* ]] && found[i]=$quote${found[i]}
        [[ ${found[i]} == *"$quote" ]] && found[i]+=$quote
    done
}

complete -F _ess ess
"""


def render(tree: Tree) -> str:
    """The script, as text."""
    everywhere = " ".join(str(option) for option in tree.everywhere)
    cases = "".join(_case(verb) for verb in tree.verbs)
    table = f"""
# Sets what may follow a command: commands, or arguments by kind; and options, as names=kind, where
# names are apart by | and begin with + for one that may be repeated. Fails for no command.
_ess_at() {{
    commands='' arguments=''
    options='{everywhere}'
    case $1 in
{cases}    *) return 1 ;;
    esac
}}
"""
    return _HEAD + table + _BODY


def _case(verb: Verb) -> str:
    path = "".join(f" {word}" for word in verb.path)
    lines = []
    if verb.commands:
        lines.append(f"commands='{' '.join(name for name, _ in verb.commands)}'")
    if verb.arguments:
        places = " ".join(str(argument.value) for argument in verb.arguments)
        lines.append(f"arguments='{places}{'...' if verb.endless else ''}'")
    if verb.options:
        lines.append(f"options+=' {' '.join(str(option) for option in verb.options)}'")
    body = "".join(f"        {line}\n" for line in lines)
    return f"    '{path}')\n{body.removesuffix(chr(10)) or '        :'} ;;\n"
