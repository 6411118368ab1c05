"""Text from strangers: it drives no terminal, breaks no line and comes out of a file as it was."""

from tests.musts import must

KINDS = "test_output.py::test_each_kind_of_hidden_character_comes_out_as_an_escape"
MARKUP = "test_terminal.py::test_a_stranger_s_text_is_neither_markup_nor_an_order_to_the_screen"

MUSTS = (
    must(
        "Control characters (C0), a line's end and a tab among them, are shown as escapes.",
        (r'"[\x00-\x1f\x7f-\x9f', r'"[\x7f-\x9f', f"{KINDS}[ESC]"),
        (r'"[\x00-\x1f\x7f-\x9f', r'"[\x01-\x1f\x7f-\x9f', f"{KINDS}[NUL]"),
        (r'"[\x00-\x1f\x7f-\x9f', r'"[\x00-\x08\x0b-\x1f\x7f-\x9f', f"{KINDS}[lines]"),
    ),
    must(
        "DEL is shown as an escape.",
        (r'"[\x00-\x1f\x7f-\x9f', r'"[\x00-\x1f\x80-\x9f', f"{KINDS}[DEL]"),
    ),
    must(
        "The second set of control characters (C1), which some terminals obey, are escapes.",
        (r'"[\x00-\x1f\x7f-\x9f', r'"[\x00-\x1f\x7f', f"{KINDS}[C1]"),
    ),
    must(
        "Characters that turn text round are shown as escapes.",
        (r"\u2028-\u202e\u2060", r"\u2028-\u2029\u2060", f"{KINDS}[override]"),
        (r"\u2060-\u206f\ufeff", r"\u2060-\u2065\ufeff", f"{KINDS}[isolate]"),
        (r"\xad\u061c\u180e", r"\xad\u180e", f"{KINDS}[Arabic-letter-mark]"),
        (r"\u200b-\u200f\u2028", r"\u200b-\u200d\u2028", f"{KINDS}[mark]"),
    ),
    must(
        "Characters of no width are shown as escapes.",
        (r"\u200b-\u200f\u2028", r"\u200e-\u200f\u2028", f"{KINDS}[zero-width] {KINDS}[joiner]"),
        (r"\u2060-\u206f\ufeff", r"\u2066-\u206f\ufeff", f"{KINDS}[word-joiner]"),
        (r'\u206f\ufeff"', r'\u206f"', f"{KINDS}[byte-order-mark]"),
        (r"\x9f\xad\u061c", r"\x9f\u061c", f"{KINDS}[soft-hyphen]"),
        (r"\U000e0000-\U000e007f", "", f"{KINDS}[tag]"),
    ),
    must(
        "The separators of lines and paragraphs, U+2028 and U+2029, are shown as escapes.",
        (r"\u2028-\u202e\u2060", r"\u2029-\u202e\u2060", f"{KINDS}[line-separator]"),
        (r"\u2028-\u202e\u2060", r"\u2028\u202a-\u202e\u2060", f"{KINDS}[paragraph-separator]"),
    ),
    must(
        "Bytes that are no text (surrogates) are shown as escapes.",
        (
            r"\U000e007f\ud800-\udfff]",
            r"\U000e007f]",
            "test_output.py::test_bytes_that_are_no_text_come_out_as_escapes",
        ),
    ),
    must(
        "Every cell of a table or tsv, every name and every header goes through that one function.",
        (
            "value if type(value) is str and value.isprintable() else shown(value)",
            "value if type(value) is str else shown(value)",
            f"{KINDS}[ESC]",
        ),
        (
            "return visible(plain(value))",
            "return plain(value)",
            "test_output.py::test_tsv_table_and_names_show_control_characters_as_escapes",
        ),
        (
            'f"{visible(plain(name(row)))}\\n"',
            'f"{plain(name(row))}\\n"',
            "test_output.py::test_tsv_table_and_names_show_control_characters_as_escapes",
        ),
        ('"\\t".join(shown(column.name)', '"\\t".join(str(column.name)', f"{KINDS}[lines]"),
        ("return shown(column.name).upper()", "return column.name.upper()", f"{KINDS}[C1]"),
    ),
    must(
        "So does everything that is said on stderr, and every question.",
        (
            "self._put(visible(redact(text)))",
            "self._put(redact(text))",
            "test_cli.py::test_an_error_names_the_argument_with_its_control_characters_visible"
            " test_faults.py::test_hidden_characters_in_a_reason_come_out_as_escapes",
        ),
        (
            "redact(visible(question))",
            "redact(question)",
            "test_changes.py::test_a_question_shows_hidden_characters_as_escapes",
        ),
        (
            "shown(value) or '\"\"'",
            "str(value) or '\"\"'",
            "test_changes.py::test_a_question_shows_hidden_characters_as_escapes",
        ),
    ),
    must(
        "What a table shows is no markup: brackets, links and emoji names stay as they are.",
        (
            "Text(cut(cell, room) if column.cut else cell)",
            "(cut(cell, room) if column.cut else cell)",
            MARKUP,
        ),
        ("Text(title(column)),", "title(column),", f"{MARKUP}[:bomb:-:bomb:]"),
    ),
    must(
        "JSON on stdout is ASCII, whatever the service says.",
        (
            'json.dumps(value, separators=(",", ":"), allow_nan=False)',
            'json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)',
            "test_properties.py::test_any_text_in_any_field_reads_back_equal_and_drives_no_terminal[few]"
            " test_streams.py::test_an_empty_environment_is_enough",
        ),
        (
            "json.dumps(value, indent=2, allow_nan=False)",
            "json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False)",
            "test_output.py::test_json_is_ascii_whatever_the_service_says",
        ),
        (
            "return _ascii(orjson.dumps(value, option=orjson.OPT_INDENT_2))",
            "return orjson.dumps(value, option=orjson.OPT_INDENT_2)",
            "test_output.py::test_json_of_many_rows_is_ascii_too",
        ),
        (
            'return _ascii(b"".join([orjson.dumps(value, option=newline) for value in values]))',
            'return b"".join([orjson.dumps(value, option=newline) for value in values])',
            "test_output.py::test_json_of_many_rows_is_ascii_too",
        ),
    ),
    must(
        "JSON on stdout has no NaN and no infinity, wherever it might come from.",
        (
            "body.decode(), parse_constant=refuse, parse_float",
            "body.decode(), parse_float",
            "test_decoding.py::test_a_reply_that_cannot_be_used_says_what_it_is[NaN-small]",
        ),
        (
            "isinstance(value, float) and not math.isfinite(value)",
            "False",
            "test_output.py::test_a_query_without_a_json_result_is_wrong_usage",
        ),
    ),
    must(
        "CSV is exact, control characters too: it is data.",
        (
            "value if type(value) is str else plain(value)",
            "shown(value)",
            "test_output.py::test_csv_is_exact",
        ),
        (
            "return '\"' + cell.replace('\"', '\"\"') + '\"' if cell",
            "return '\"' + cell + '\"' if cell",
            "test_output.py::test_csv_is_exact",
        ),
    ),
    must(
        "--excel guards cells that a spreadsheet would run, those of a query and of a header too.",
        (
            "csv_text(records, excel=style.excel)",
            "csv_text(records)",
            "test_output.py::test_cells_that_a_spreadsheet_would_run_are_guarded_when_asked",
        ),
        (
            'cell.lstrip(" ").startswith(_FORMULA)',
            "cell.startswith(_FORMULA)",
            "test_output.py::test_cells_that_a_spreadsheet_would_run_are_guarded_when_asked",
        ),
        (
            '"\\n", "＝", "＋", "－", "＠")',
            '"\\n")',
            "test_output.py::test_cells_that_a_spreadsheet_would_run_are_guarded_when_asked",
        ),
        (
            "for cell in cells)], excel=style.excel)",
            "for cell in cells)])",
            "test_output.py::test_what_a_query_picks_is_guarded_too",
        ),
        (
            "csv_text([names], excel=style.excel)",
            "csv_text([names])",
            "test_output.py::test_what_a_query_picks_is_guarded_too",
        ),
    ),
    must(
        "Without --excel nothing is guarded, and with it an E.164 number is left alone.",
        (
            "    if excel:\n        kept",
            "    if kept:\n        kept",
            "test_output.py::test_cells_that_a_spreadsheet_would_run_are_guarded_when_asked",
        ),
        (
            " and not re.fullmatch(_E164, cell)",
            "",
            "test_output.py::test_cells_that_a_spreadsheet_would_run_are_guarded_when_asked",
        ),
    ),
    must(
        "Text in YAML is quoted, so that no reader takes a number for another or a no for false.",
        (
            ", value, style='\"')",
            ", value)",
            "test_output.py::test_yaml_text_is_quoted_so_that_no_reader_takes_it_for_something_else",
        ),
    ),
    must(
        "A name that cannot be printed is no candidate for completion.",
        (
            "if not value.isprintable() or not value or unsure",
            "if not value or unsure",
            "test_cache.py::test_a_name_that_cannot_be_printed_is_no_candidate_but_its_id_is",
        ),
    ),
)
