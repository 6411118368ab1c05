"""The script for fish, from 3.0 on."""

from __future__ import annotations

from ess_cli.completion.tree import Tree, Verb

_HEAD = r"""# Completion of ess, made by `python -m ess_cli.completion`; changes get lost.
# Commands, options and fixed values stand in here; only names are asked of `ess __complete`.
"""

_BODY = r"""
function __ess_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    set -l typed (__ess_unquoted "$token")
    set -l program ess
    set -l path ''
    set -l pending ''
    set -l profile ''
    set -l dashes ''
    set -l kind ''
    set -l position 1
    set -l used
    set -l commands
    set -l arguments
    set -l options
    if string match -q '*/*' -- $words[1]; and test -x $words[1]
        set program $words[1]
    end
    set -e words[1]
    __ess_at ''
    for word in $words
        __ess_pass $word
        or return
    end
    if test -n "$pending"
        __ess_kind $pending
        __ess_values '' "$typed" "$token"
    else if test -z "$dashes"; and string match -q -- '--*=*' "$typed"
        set -l parts (string split -m 1 = -- $typed)
        __ess_kind $parts[1]
        __ess_values $parts[1]= "$parts[2]" (string replace -r '^[^=]*=' '' -- $token)
    else if test -z "$dashes"; and string match -q -- '-*' "$typed"
        __ess_options
    else if set -q commands[1]
        string replace ' ' \t -- $commands
    else if set -q arguments[$position]
        set kind $arguments[$position]
        __ess_values '' "$typed" "$token"
    else if test -z "$typed$dashes"
        __ess_options
    end
end

# A token without its quotes, of which the last may be open.
function __ess_unquoted
    string unescape -- $argv[1]
    or string unescape -- $argv[1]\'
    or string unescape -- $argv[1]\"
    or echo
end

# Takes a word before the cursor in: path, pending, dashes, position, profile and used go by it.
# Fails where no such command exists.
function __ess_pass --no-scope-shadowing
    set -l word $argv[1]
    if test -n "$pending"
        __ess_given $pending $word
        set pending ''
    else if test -z "$dashes"; and test "$word" = --
        set dashes 1
    else if test -z "$dashes"; and string match -q -- '--*=*' $word
        __ess_given (string split -m 1 = -- $word)
    else if test -z "$dashes"; and string match -q -- '--*' $word
        __ess_kind $word
        set -a used $word
        test -n "$kind"; and set pending $word
    else if test -z "$dashes"; and string match -q -- '-?*' $word
        set -l letters (string split '' -- $word)
        set -e letters[1]
        while set -q letters[1]
            __ess_kind -$letters[1]
            set -a used -$letters[1]
            if test -n "$kind"
                set pending -$letters[1]
                set -e letters[1]
                if set -q letters[1]
                    __ess_given $pending (string join '' -- $letters)
                    set pending ''
                end
                break
            end
            set -e letters[1]
        end
    else if set -q commands[1]
        set path "$path $word"
        set dashes ''
        __ess_at $path
        or return 1
    else if not string match -q '*...' -- $arguments[$position]
        set position (math $position + 1)
    end
    return 0
end

function __ess_given --no-scope-shadowing
    set -a used $argv[1]
    if contains -- $argv[1] -p --profile
        set profile $argv[2]
    end
end

# Sets kind to what the value of an option is: empty for a flag, and where there is no such option.
function __ess_kind --no-scope-shadowing
    set kind ''
    for option in $options
        set -l parts (string split -m 1 = -- (string split -m 1 ' ' -- $option)[1])
        if contains -- $argv[1] (string split '|' -- $parts[1])
            set kind "$parts[2]"
            return
        end
    end
end

# Prints the values of a kind. Before them stands $argv[1]; $argv[2] is typed, $argv[3] in quotes.
function __ess_values --no-scope-shadowing
    set -l parts (string split -m 1 : -- (string replace '...' '' -- $kind))
    switch "$parts[1]"
        case words
            printf '%s\n' $argv[1](string split , -- $parts[2])
        case list
            set -l chosen (string split , -- $argv[2])
            set -e chosen[-1]
            set -l before $argv[1](string join '' -- $chosen,)
            for word in (string split , -- $parts[2])
                contains -- $word $chosen
                or printf '%s\n' $before$word
            end
        case names
            # Where none begins with what is typed, all of them: fish finds it in the middle too.
            set -l found (command $program __complete $parts[2] $argv[2] "$profile" 2>/dev/null)
            set -q found[1]
            or set found (command $program __complete $parts[2] '' "$profile" 2>/dev/null)
            # A positional argument that begins with - can only stand behind --.
            if test -z "$argv[1]$pending$dashes"
                set found (string match -v -- '-*' $found)
            end
            # NOTE: fish escapes all that is special, but not a tilde at the beginning.
            if test -z "$argv[1]"; and not string match -q -r '^[\'"]' -- $argv[3]
                set found (string match -v -- '~*' $found)
            end
            set -q found[1]
            and printf '%s\n' $argv[1]$found
        case files
            set -l found (__fish_complete_path $argv[3])
            set -q found[1]
            and printf '%s\n' $argv[1]$found
    end
end

function __ess_options --no-scope-shadowing
    for option in $options
        set -l parts (string split -m 1 ' ' -- $option)
        set -l names (string split '|' -- (string split = -- $parts[1])[1])
        if test $names[1] = +
            set -e names[1]
        else if string match -q -r -- '^('(string join '|' -- $names)')$' $used
            continue
        end
        for name in $names
            printf '%s\t%s\n' $name "$parts[2]"
        end
    end
end

complete -c ess -f -a '(__ess_complete)'
"""


def render(tree: Tree) -> str:
    """The script, as text."""
    everywhere = _items([f"{option} {option.help}" for option in tree.everywhere], 8)
    cases = "".join(_case(verb) for verb in tree.verbs)
    table = f"""
# Sets what may follow a command: commands, or arguments by kind; and options, as names=kind, where
# names are apart by | and begin with + for one that may be repeated. Fails for no command.
function __ess_at --no-scope-shadowing
    set commands
    set arguments
    set options{everywhere}
    switch $argv[1]
{cases}        case '*'
            return 1
    end
    return 0
end
"""
    return _HEAD + table + _BODY


def _case(verb: Verb) -> str:
    path = "".join(f" {word}" for word in verb.path)
    places = [str(argument.value) for argument in verb.arguments]
    if verb.endless:
        places[-1] += "..."
    commands = [f"{name} {text}" for name, text in verb.commands]
    options = [f"{option} {option.help}" for option in verb.options]
    lines = [f"        case '{path}'\n"]
    if commands:
        lines.append(f"            set commands{_items(commands, 16)}\n")
    if places:
        lines.append(f"            set arguments{_items(places, 16)}\n")
    if options:
        lines.append(f"            set -a options{_items(options, 16)}\n")
    return "".join(lines)


def _items(texts: list[str], indent: int) -> str:
    return "".join(f" \\\n{'':{indent}}{_quoted(text)}" for text in texts)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
