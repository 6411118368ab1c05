"""The script for PowerShell, from 5.0 on. UNKNOWN: whether it works; it was only read, never run.

It is plain ASCII: Windows PowerShell takes a file without a byte order mark for ANSI text, and
some bytes of UTF-8 are quotes there.
"""

from __future__ import annotations

from ess_cli.completion.tree import Tree, Verb

_HEAD = r"""# Completion of ess, made by `python -m ess_cli.completion`; changes get lost.
# Commands, options and fixed values stand in here; only names are asked of `ess __complete`.
Register-ArgumentCompleter -Native -CommandName 'ess' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
"""

_BODY = r"""
    # What the value of an option is; empty for a flag, and where there is no such option.
    $kindOf = {
        param($name)
        foreach ($option in $everywhere + $node.Options) {
            $names, $kind = ($option -split ' ', 2)[0] -split '=', 2
            if (($names -split '\|') -ccontains $name) { return "$kind" }
        }
        return ''
    }

    $program, $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
                $_.Value
            } else {
                $_.Extent.Text
            }
        })
    $path = ''; $node = $tree['']; $pending = ''; $account = ''; $dashes = $false
    $position = 0; $used = @()
    foreach ($word in $words) {
        if ($pending) {
            if ($pending -cin '-p', '--profile') { $account = $word }
            $pending = ''
        } elseif (-not $dashes -and $word -ceq '--') {
            $dashes = $true
        } elseif (-not $dashes -and $word -clike '--*=*') {
            $name, $value = $word -split '=', 2
            $used += $name
            if ($name -ceq '--profile') { $account = $value }
        } elseif (-not $dashes -and $word -clike '--*') {
            $used += $word
            if (& $kindOf $word) { $pending = $word }
        } elseif (-not $dashes -and $word -clike '-?*') {
            for ($i = 1; $i -lt $word.Length; $i++) {
                $name = "-$($word[$i])"
                $used += $name
                if (-not (& $kindOf $name)) { continue }
                $value = $word.Substring($i + 1)
                if (-not $value) { $pending = $name } elseif ($name -ceq '-p') { $account = $value }
                break
            }
        } elseif ($node.Commands) {
            $path = "$path $word"
            if (-not $tree.ContainsKey($path)) { return }
            $node = $tree[$path]
            $dashes = $false
        } else {
            $position++
        }
    }

    $typed = $wordToComplete.TrimStart([char[]]"'`"")
    $before = ''
    $kind = ''
    if ($pending) {
        $kind = & $kindOf $pending
    } elseif (-not $dashes -and $typed -clike '--*=*') {
        $name, $typed = $typed -split '=', 2
        $before = "$name="
        $kind = & $kindOf $name
    } elseif (-not $dashes -and $typed -clike '-*') {
        $kind = 'options'
    } elseif ($node.Commands) {
        $kind = 'commands'
    } elseif ($position -lt $node.Arguments.Count) {
        $kind = $node.Arguments[$position]
    } elseif ($node.Arguments -and $node.Arguments[-1].EndsWith('...')) {
        $kind = $node.Arguments[-1]
    } elseif (-not $typed -and -not $dashes) {
        $kind = 'options'
    }

    # Lines of value, tab, description. Where there are none, PowerShell offers files.
    $kind, $rest = $kind.Replace('...', '') -split ':', 2
    $lines = @(switch ($kind) {
        'commands' { $node.Commands -replace '^(\S+) ', "`$1`t" }
        'options' {
            foreach ($option in $everywhere + $node.Options) {
                $spec, $text = $option -split ' ', 2
                $names = @(($spec -split '=', 2)[0] -split '\|')
                if ($names[0] -ceq '+' -or -not ($names | Where-Object { $used -ccontains $_ })) {
                    $names | Where-Object { $_ -cne '+' } | ForEach-Object { "$_`t$text" }
                }
            }
        }
        { $_ -in 'words', 'list' } { $rest -split ',' }
        'names' {
            # NOTE: no argument is left empty, since PowerShell before 7.3 drops such ones.
            if ("$program" -notmatch '[\\/]') { $program = 'ess' }
            $profileBefore = $env:ESS_PROFILE
            $encodingBefore = [Console]::OutputEncoding
            try {
                [Console]::OutputEncoding = [System.Text.UTF8Encoding]::new($false)
                if ($account) { $env:ESS_PROFILE = $account }
                & $program __complete $rest $typed 2>$null
            } catch {
                # A completion never fails.
            } finally {
                $env:ESS_PROFILE = $profileBefore
                [Console]::OutputEncoding = $encodingBefore
            }
        }
    })
    foreach ($line in $lines) {
        $value, $text = $line -split "`t", 2
        if (-not $value.StartsWith($typed, [System.StringComparison]::Ordinal)) { continue }
        # A positional argument that begins with - can only stand behind --.
        $positional = $kind -ceq 'names' -and -not ($before -or $pending -or $dashes)
        if ($positional -and $value.StartsWith('-')) { continue }
        $whole = "$before$value"
        if ($whole -cnotmatch '^(--?)?[A-Za-z0-9/_][A-Za-z0-9/_=-]*$') {
            $language = [System.Management.Automation.Language.CodeGeneration]
            $whole = "'" + $language::EscapeSingleQuotedStringContent($whole) + "'"
        }
        if (-not $text) { $text = $value }
        [System.Management.Automation.CompletionResult]::new(
            $whole, $value, 'ParameterValue', $text)
    }
}
"""


def render(tree: Tree) -> str:
    """The script, as text."""
    everywhere = _items([f"{option} {option.help}" for option in tree.everywhere], 8)
    verbs = "".join(_verb(verb) for verb in tree.verbs)
    table = f"""
    # What may follow a command: commands, or arguments by kind; and options, as names=kind, where
    # names are apart by | and begin with + for one that may be repeated.
    $everywhere = @(
{everywhere}    )
    $tree = @{{
{verbs}    }}
"""
    return _HEAD + table + _BODY


def _verb(verb: Verb) -> str:
    path = "".join(f" {word}" for word in verb.path)
    places = [str(argument.value) for argument in verb.arguments]
    if verb.endless:
        places[-1] += "..."
    commands = [f"{name} {text}" for name, text in verb.commands]
    options = [f"{option} {option.help}" for option in verb.options]
    parts = (("Commands", commands), ("Arguments", places), ("Options", options))
    lists = "".join(
        f"            {name} = @(\n{_items(items, 16)}            )\n"
        if items
        else f"            {name} = @()\n"
        for name, items in parts
    )
    return f"        '{path}' = @{{\n{lists}        }}\n"


def _items(texts: list[str], indent: int) -> str:
    return "".join(f"{'':{indent}}{_quoted(text)}\n" for text in texts)


def _quoted(text: str) -> str:
    ascii_text = text.replace("…", "...").encode("ascii", "replace").decode()
    return "'" + ascii_text.replace("'", "''") + "'"
