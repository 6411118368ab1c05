"""Properties: what holds for any bytes and any text, and only examples by the dozen would miss."""

from tests.musts import must

PROPERTIES = "test_properties.py::"
TEXT = f"{PROPERTIES}test_any_text_in_any_field_reads_back_equal_and_drives_no_terminal[few]"
ANY_ID = (
    f"{PROPERTIES}test_any_id_stands_in_the_request_line_or_nothing_is_sent[few]"
    " test_paths.py::test_any_id_is_on_the_request_line_as_it_is_or_nothing_is_sent"
)
LIST = f"{PROPERTIES}test_any_bytes_as_a_reply_to_a_list_are_an_error_or_the_list[few]"
GET = f"{PROPERTIES}test_any_bytes_as_a_reply_to_a_get_are_an_error_or_the_object[few]"
POST = f"{PROPERTIES}test_any_bytes_as_a_reply_to_a_post_are_an_error_a_doubt_or_a_success[few]"
ANY_REPLY = "test_decoding.py::test_any_bytes_as_a_reply_are_an_answer_or_an_error_of_ours"
DOCUMENT = f"{PROPERTIES}test_any_document_is_either_refused_or_printed_as_it_is[few]"
WAIT = f"{PROPERTIES}test_any_retry_after_waits_no_longer_than_a_minute[few]"

MUSTS = (
    must(
        "Any id stands on the request line as it is, or nothing is sent.",
        ('return quote(value, safe="")', "return quote(value)", ANY_ID),
        ('return quote(value, safe="")', 'return quote(value, safe="~:@")', ANY_ID),
        ('if value in (".", ".."):', "if False:", ANY_ID),
        (
            "if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in value):",
            "if False:",
            ANY_ID,
        ),
    ),
    must(
        "Any parameter stands in the query as it is.",
        (
            "{quote(key, safe='')}={quote(value, safe='')}",
            "{quote(key, safe='')}={quote(value)}",
            f"{PROPERTIES}test_any_raw_parameter_stands_in_the_request_line_or_nothing_is_sent",
        ),
    ),
    must(
        "Any bytes as a reply are an answer or an error of ours, never a bug.",
        (
            "_FAILURES = (OSError, HTTPError, http.client.HTTPException, ValueError)",
            "_FAILURES = (OSError, HTTPError)",
            f"{LIST} {GET} {POST}",
        ),
        (
            "        except ValueError as error:\n            why = str(error)\n",
            "        except UnicodeDecodeError as error:\n            why = str(error)\n",
            f"{GET} {ANY_REPLY}",
        ),
        (
            "    try:\n        return expects(document)\n    except ValueError as error:",
            "    try:\n        return expects(document)\n    except KeyError as error:",
            f"{DOCUMENT} {LIST}",
        ),
    ),
    must(
        "A write whose reply is any bytes is never sent again.",
        (
            "again = not broken.lasting and not (call.once and broken.sent)",
            "again = not (call.once and broken.sent) or broken.lasting",
            POST,
        ),
    ),
    must(
        "Any document that is an object is printed as it is; anything else is refused.",
        (
            "    try:\n        return expects(document)\n    except ValueError as error:",
            "    try:\n        return expects(document or {})\n    except ValueError as error:",
            DOCUMENT,
        ),
        (
            "json.dumps(value, indent=2, allow_nan=False)",
            "json.dumps(value, indent=2, allow_nan=False, sort_keys=True).lower()",
            DOCUMENT,
        ),
    ),
    must(
        "Any Retry-After waits a minute at the longest, and is never a crash.",
        (
            "    except (ValueError, OverflowError, TypeError, IndexError):\n        return None\n",
            "    except TypeError:\n        return None\n",
            WAIT,
        ),
        ("wait_s > _LONGEST_WAIT_S:", "False:", WAIT),
    ),
    must(
        "Any text in any field drives no terminal and keeps its line.",
        (r"\u2028-\u202e\u2060", r"\u2060", TEXT),
        (r"\u2028-\u202e\u2060", r"\u202a-\u202e\u2060", TEXT),
        (
            "value if type(value) is str and value.isprintable() else shown(value)",
            "plain(value)",
            TEXT,
        ),
    ),
    must(
        "Any text in any field reads back equal from JSON, YAML and CSV.",
        ("value if type(value) is str else plain(value)", "plain(value).strip()", TEXT),
        ('    if value is None:\n        return ""\n', "", TEXT),
    ),
    must(
        "Any text that a spreadsheet would run is guarded, and no other text is changed.",
        (
            '"@", "\\t", "\\r", "\\n", ',
            '"@", ',
            f"{PROPERTIES}test_any_text_of_a_guarded_csv_starts_no_formula[few]",
        ),
    ),
    must(
        "Any text as a name is one line.",
        (
            'f"{visible(plain(name(row)))}\\n"',
            'f"{plain(name(row))}\\n"',
            f"{PROPERTIES}test_any_text_as_a_name_is_one_line[few]",
        ),
    ),
    must(
        "Any text for an option is taken or wrong usage, never a bug.",
        (
            "    except (ValueError, OverflowError):\n        raise BadDate",
            "    except ValueError:\n        raise BadDate",
            f"{PROPERTIES}test_any_text_for_an_option_is_taken_or_wrong_usage",
        ),
    ),
    must(
        "Any bytes as a configuration are read or refused, unquoted.",
        (
            "        except yaml.reader.ReaderError as error:\n",
            "        except yaml.scanner.ScannerError as error:\n",
            f"{PROPERTIES}test_any_bytes_as_a_configuration_are_read_or_refused_unquoted[few]",
        ),
        (
            "    except UnicodeDecodeError as error:\n        line = content.count",
            "    except UnicodeEncodeError as error:\n        line = content.count",
            f"{PROPERTIES}test_any_bytes_as_a_configuration_are_read_or_refused_unquoted[few]",
        ),
    ),
    must(
        "Any long integer is found wherever it stands, and survives exactly.",
        (
            "body[start : start + _PIECE + len(_LONG_INTEGER)]",
            "body[start : start + _PIECE]",
            "test_decoding.py::test_a_long_integer_is_found_across_the_pieces_that_are_searched",
        ),
        (
            'if 48 <= byte <= 57 else 58 if byte in b" \\t\\r\\n:,[-"',
            'if 48 <= byte <= 57 else 58 if byte in b" \\t\\r\\n:,["',
            "test_decoding.py::test_any_long_integer_is_found_wherever_it_stands",
        ),
    ),
    must(
        "Any order of writes leaves in the lists what they say.",
        (
            "    before = {**(listed or {}), **single}\n"
            "    before = {key: value for key, value in before.items() if key not in read_only}\n",
            "    before = dict(single)\n"
            "    before = {key: value for key, value in before.items() if key not in read_only}\n",
            f"{PROPERTIES}test_any_order_of_writes_leaves_what_they_say",
        ),
    ),
)
