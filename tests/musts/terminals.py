"""Terminals: who is asked, what is seen while typing, what a screen changes and what never."""

from tests.musts import must

AUTH = "test_auth.py::"
CHANGES = "test_changes.py::"
TERMINAL = "test_terminal.py::"
ASKS = f"{CHANGES}test_on_a_terminal_it_asks_and_only_a_yes_is_one"

MUSTS = (
    must(
        "--no-input means no question, even on a terminal.",
        (
            "return self.terminal.is_interactive and not self.flags.no_input",
            "return self.terminal.is_interactive",
            f"{CHANGES}test_no_input_means_no_question_even_on_a_terminal",
        ),
    ),
    must(
        "Off a terminal there is never a question.",
        (
            "return _is_tty(sys.stdin) and _is_tty(sys.stderr)",
            "return True",
            "test_delivery_cfg_auth.py::test_without_a_terminal_a_password_is_not_asked_for"
            " test_subs_changes.py::test_what_cuts_events_off_wants_a_yes",
        ),
    ),
    must(
        "On a terminal what needs a yes asks, and only a yes is one.",
        (
            '.lower() not in ("y", "yes")',
            '.lower() in ("n", "no")',
            ASKS,
        ),
        ('.lower() not in ("y", "yes")', ' not in ("y", "yes")', ASKS),
        (
            "if not self.may_ask:\n            raise NeedsConfirmation(",
            "if True:\n            raise NeedsConfirmation(",
            ASKS,
        ),
    ),
    must(
        "Before the question stands what it is about.",
        (
            "        if change.differences:\n            self._show_differences(change)\n",
            "",
            ASKS,
        ),
        (
            "(self.terminal.say if asks else self.terminal.note)(text)",
            "self.terminal.note(text)",
            f"{CHANGES}test_a_question_says_what_it_is_about_even_when_quiet",
        ),
    ),
    must(
        "A secret is typed without being shown.",
        (
            'return getpass.getpass(f"{what}: ", sys.stderr)',
            'return self.terminal.ask(f"{what}: ")',
            f"{CHANGES}test_a_password_is_typed_without_being_shown"
            f" {AUTH}test_on_a_terminal_both_tokens_are_asked_for_without_being_shown",
        ),
        (
            'if path == "-" and (sys.stdin is None or sys.stdin.isatty()):',
            'if path == "-" and sys.stdin is None:',
            f"{CHANGES}test_a_password_is_not_read_from_a_terminal_that_would_show_it",
        ),
    ),
    must(
        "A protected profile's name can be typed, and nothing else will do.",
        (
            "        if answer is None and self.may_ask:\n",
            "        if False:\n",
            f"{CHANGES}test_a_protected_profile_s_name_can_be_typed",
        ),
        (
            "        if answer == guard:\n",
            "        if answer:\n",
            f"{CHANGES}test_a_protected_profile_s_name_can_be_typed",
        ),
    ),
    must(
        "Colour can be left out: by --no-color, by NO_COLOR, by a dumb terminal.",
        (
            "        if self.flags.no_color:\n            self.terminal.colour = False\n",
            "",
            f"{TERMINAL}test_colour_means_nothing_and_can_be_left_out",
        ),
        (
            'not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"',
            'os.environ.get("TERM") != "dumb"',
            f"{TERMINAL}test_colour_means_nothing_and_can_be_left_out",
        ),
        (
            'not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"',
            'not os.environ.get("NO_COLOR")',
            f"{TERMINAL}test_colour_means_nothing_and_can_be_left_out",
        ),
    ),
    must(
        "A screen changes colour, width and cutting of a table, and no other format.",
        (
            'chosen or ("table" if self.terminal.out_is_tty else "tsv")',
            '"table" if self.terminal.out_is_tty else chosen or "tsv"',
            f"{TERMINAL}test_any_other_format_is_on_a_terminal_what_it_is_in_a_pipe",
        ),
        (
            'chosen or ("table" if self.terminal.out_is_tty else "tsv")',
            'chosen or "table"',
            "test_output.py::test_away_from_a_terminal_the_default_is_tsv",
        ),
        (
            "if terminal.out_is_tty and following is None:",
            "if following is None:",
            f"{TERMINAL}test_a_table_in_a_pipe_has_full_values"
            " test_output.py::test_tsv_table_and_names_show_control_characters_as_escapes",
        ),
    ),
    must(
        "Ids and criteria are whole on the narrowest screen; names are cut in their middle.",
        (
            "cut(cell, room) if column.cut else cell",
            "cut(cell, room)",
            f"{TERMINAL}test_ids_and_criteria_are_whole_on_the_narrowest_screen",
        ),
        (
            'f"{text[:head]}…{text[-(room - 1 - head) :]}"',
            'f"{text[: room - 1]}…"',
            f"{TERMINAL}test_names_are_cut_in_their_middle_and_ids_never",
        ),
    ),
    must(
        "Notes about a list stand on a screen only, and name its profile.",
        (
            'if self.format == "table" and self.terminal.err_is_tty and self.terminal.out_is_tty:',
            'if self.format == "table":',
            "test_output.py::test_an_empty_list_is_an_empty_document_or_a_header",
        ),
    ),
    must(
        "Progress is shown on a screen that shows nothing else, and taken away again.",
        (
            "if self.quiet or not self.err_is_tty or not (text or self._progress):",
            "if self.quiet or not (text or self._progress):",
            "test_streams.py::test_progress_is_for_a_screen_that_shows_nothing_else",
        ),
        (
            '        self.terminal.progress("")\n        if remember',
            "        if remember",
            "test_streams.py::test_progress_is_for_a_screen_that_shows_nothing_else",
        ),
    ),
)
