"""Redaction: what keeps secrets out of everything that is written but data."""

from tests.musts import must

_ODD = "test_redaction.py::test_a_token_of_odd_characters_is_masked_in_whatever_form_it_comes_back"
_REPEATS = "test_redaction.py::test_no_command_repeats_what_a_reply_says_back"
_SETTINGS = (
    "test_redaction.py::test_settings_of_a_receiver_are_masked_in_what_is_shown_and_what_comes_back"
)
_SHAPES = "test_redaction.py::test_a_receivers_password_is_masked_whatever_shape_the_reply_has"
_CUT = "test_faults.py::test_a_secret_that_the_service_repeats_is_masked_before_the_text_is_cut"
_STREAMS = "test_redaction.py::test_nothing_but_render_and_main_writes_to_the_streams"
_KNOWN = "test_redaction.py::test_a_token_command_and_a_keyring_are_never_quoted"

MUSTS = (
    must(
        "One redaction function masks every secret that is registered, a longer one first.",
        (
            "        text = text.replace(secret, MASK)\n",
            "        pass\n",
            "test_redaction.py::test_a_secret_within_another_one_leaves_no_rest_of_it",
        ),
        (
            "sorted(_secrets, key=len, reverse=True)",
            "sorted(_secrets, key=len)",
            "test_redaction.py::test_a_secret_within_another_one_leaves_no_rest_of_it",
        ),
    ),
    must(
        "Every secret is registered where it enters.",
        (
            '        register(form.encode("utf-8", "replace").decode())\n',
            "        pass\n",
            _KNOWN,
        ),
        (
            'for form in (value, value.partition(" ")[2]):',
            "for form in (value,):",
            "test_credentials.py::test_every_secret_is_registered_with_and_without_its_scheme",
        ),
        ("register(password)\n", "pass\n", _SETTINGS),
        ("    keep_secret(settings)\n    return settings\n", "    return settings\n", _SETTINGS),
    ),
    must(
        "A secret is known in the forms that replies quote it in.",
        ('        quote(encoded, safe=""),\n', "", _ODD),
        (
            "        json.dumps(secret)[1:-1],\n"
            "        json.dumps(secret, ensure_ascii=False)[1:-1],\n",
            "",
            _ODD,
        ),
        (
            """        in_html.replace('"', "&quot;").replace("'", "&#x27;"),\n""",
            "",
            _ODD,
        ),
        (
            '        b2a_base64(encoded, newline=False).decode().rstrip("="),\n',
            "",
            _ODD,
        ),
    ),
    must(
        "Nothing reaches stderr around the redaction.",
        (
            "        self._put(visible(redact(text)))\n",
            "        self._put(visible(text))\n",
            "test_redaction.py::test_secrets_are_masked_in_an_error_for_programs_too",
        ),
        (
            '                "message": redact(error.message),\n',
            '                "message": error.message,\n',
            "test_redaction.py::test_secrets_are_masked_in_an_error_for_programs_too",
        ),
        (
            "        sys.stderr.write(redact(visible(question)))\n",
            "        sys.stderr.write(visible(question))\n",
            "test_redaction.py::test_a_question_shows_no_secret",
        ),
    ),
    must(
        "Nothing but the terminal and main writes to the streams.",
        (
            "        self._log = log\n",
            "        self._log = log\n        print(service.base_url)\n",
            _STREAMS,
        ),
        (
            "        self._log = log\n",
            "        self._log = log\n"
            "        import sys\n\n        sys.stderr.write(service.base_url)\n",
            _STREAMS,
        ),
        (
            "    def now(self) -> datetime:\n",
            "    def complain(self, text: str) -> None:\n"
            "        import warnings\n\n"
            "        warnings.warn(text)\n\n"
            "    def now(self) -> datetime:\n",
            _STREAMS,
        ),
    ),
    must(
        "A secret in a reply is masked before the reply is cut.",
        (
            '    text = redact(body[:_SEARCHED].decode("utf-8", "replace"))\n',
            '    text = body[:_SEARCHED].decode("utf-8", "replace")\n',
            _CUT,
        ),
        (
            "    return text if len(body) <= _SEARCHED else text[:-_LONGEST_SECRET]\n",
            "    return text\n",
            "test_faults.py::test_a_secret_is_masked_where_a_reply_is_cut",
        ),
        (
            '    return " ".join(redact(text).split())[:_LONGEST_REASON]\n',
            '    return " ".join(text.split())[:_LONGEST_REASON]\n',
            _CUT,
        ),
        (
            'redact(authority.rpartition("@")[2])[:_LONGEST_REASON]',
            'authority.rpartition("@")[2][:_LONGEST_REASON]',
            "test_faults.py::test_a_secret_is_masked_where_a_location_is_cut",
        ),
    ),
    must(
        "What a keyring's backend complains of is masked.",
        (
            "raise NoKeyring(redact(_reason(error)), details=left) from error",
            "raise NoKeyring(_reason(error), details=left) from error",
            "test_credentials.py::test_a_backend_s_own_error_is_translated_and_redacted",
        ),
    ),
    must(
        "The log of a request has neither phone numbers nor raw filters.",
        (
            'shown = [pair if name in _SHOWN_PARAMETERS else f"{name}=…" for pair, name in names]',
            "shown = [pair for pair, name in names]",
            "test_http.py::test_the_log_of_a_request_has_neither_numbers_nor_secrets",
        ),
        (
            'message = f"{call.line}: {broken}"',
            'message = f"{call.line}{call.query}: {broken}"',
            "test_redaction.py::test_no_phone_number_is_in_an_error_about_a_connection",
        ),
    ),
    must(
        "A receiver's authentication is masked in every format unless --reveal.",
        (
            "        key: value if key == shown and isinstance(value, str) else MASK\n",
            "        key: MASK if key == 'password' else value\n",
            _SHAPES,
        ),
        (
            "        key: value if key == shown and isinstance(value, str) else MASK\n",
            "        key: value if key == shown else MASK\n",
            _SHAPES,
        ),
        (
            '_hidden(settings, "username") if isinstance(settings, Mapping) else {}',
            '_hidden(settings, "username") if isinstance(settings, Mapping) else settings',
            _SHAPES,
        ),
        (
            "        shown_body=masked(body),\n",
            "",
            "test_delivery_cfg_auth.py::test_a_dry_run_masks_the_password_and_changes_nothing",
        ),
    ),
    must(
        "A run starts with no secret of the one before.",
        (
            "    redaction.forget_all()\n",
            "",
            "test_redaction.py::test_a_run_masks_no_secret_of_the_run_before",
        ),
    ),
)
