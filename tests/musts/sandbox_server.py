"""The sandbox's own server: in reach of every web page on the machine, and of use to none."""

from tests.musts import must

SERVER = "test_sandbox_server.py::"

MUSTS = (
    must(
        "It listens on loopback and nowhere else.",
        (
            'super().__init__(("127.0.0.1", port), Connection)',
            'super().__init__(("", port), Connection)',
            f"{SERVER}test_only_loopback_is_listened_on",
        ),
    ),
    must(
        "A foreign Host is refused, in a header as in the request line, so no name is rebound.",
        (
            '        self._refuse_foreign(headers["host"])\n',
            "",
            f"{SERVER}test_a_foreign_host_is_refused",
        ),
        (
            "        self._refuse_foreign(host)\n        return path",
            "        return path",
            f"{SERVER}test_a_foreign_host_is_refused",
        ),
        (
            "if host.lower() not in self._hosts:",
            'if host.lower().partition(":")[0] not in self._hosts:',
            f"{SERVER}test_a_foreign_host_is_refused[127.0.0.1:1]",
        ),
        (
            "if host.lower() not in self._hosts:",
            "if not host.lower().startswith(tuple(self._hosts)):",
            f"{SERVER}test_a_foreign_host_is_refused[127.0.0.1.evil.example]",
        ),
    ),
    must(
        "Any Origin is refused, an empty one too: no script of a page gets an answer.",
        ('if "origin" in headers:', "if False:", f"{SERVER}test_any_origin_is_refused"),
        (
            'if "origin" in headers:',
            'if headers.get("origin"):',
            f"{SERVER}test_any_origin_is_refused",
        ),
        (
            'if "origin" in headers:',
            'if headers.get("origin", "http://127.0.0.1") != "http://127.0.0.1":',
            f"{SERVER}test_any_origin_is_refused",
        ),
    ),
    must(
        "Each request of a connection is looked at, not only its first.",
        (
            "if self._fields is None or lines != self._lines:",
            "if self._fields is None:",
            f"{SERVER}test_each_request_of_a_connection_is_looked_at",
        ),
    ),
    must(
        "What is refused ends the connection: nothing behind it is read as a request.",
        (
            "                self._send(reply, closes=True, is_head=False)\n"
            "                return False\n",
            "                self._send(reply, closes=True, is_head=False)\n"
            "                return True\n",
            f"{SERVER}test_what_is_not_plain_http_is_refused_and_the_connection_closed",
        ),
    ),
    must(
        "A write wants application/json, which no form of a page can send.",
        (
            'if media_type.strip().lower() != "application/json":',
            'if media_type.strip() and media_type.strip().lower() != "application/json":',
            f"{SERVER}test_a_write_wants_json_as_its_type",
        ),
        (
            'if media_type.strip().lower() != "application/json":',
            'if media_type.strip().lower() not in ("application/json", "text/plain"):',
            f"{SERVER}test_a_write_wants_json_as_its_type",
        ),
        (
            '        if request.method != "GET":\n            _check_media_type',
            '        if request.method == "POST":\n            _check_media_type',
            f"{SERVER}test_a_write_wants_json_as_its_type",
        ),
    ),
    must(
        "The sandbox never sees a real profile's secrets.",
        (
            "    if settings.is_sandbox:\n        return sandbox_credentials()\n",
            "",
            "test_credentials.py::"
            "test_the_sandbox_never_sees_a_token_of_the_environment_or_the_keyring",
        ),
        (
            '        ("--token-file", flags.token_file),\n',
            "",
            "test_config.py::test_neither_an_address_nor_a_secret_crosses_to_the_sandbox",
        ),
        (
            '        ("--user-token-file", flags.user_token_file),\n    ):',
            "    ):",
            "test_config.py::test_neither_an_address_nor_a_secret_crosses_to_the_sandbox",
        ),
        (
            'if flags.profile is None and environ.get("ESS_BASE_URL"):',
            "if False:",
            "test_config.py::"
            "test_a_base_url_in_the_environment_contradicts_a_sandbox_that_p_did_not_name",
        ),
    ),
    must(
        "It logs method, path, status and time; no header's value, no query, no body.",
        (
            'server.log(f"{what} {reply.status or',
            'server.log(f"{what} {self._heads._lines!r} {reply.status or',
            f"{SERVER}test_the_log_has_a_line_a_request_and_no_query_or_header_in_it"
            " test_redaction.py::test_the_sandbox_server_logs_no_header_no_query_and_no_body",
        ),
        (
            'what = f"{head.method} {head.path}"',
            'what = f"{head.method} {head.path}?{head.query}"',
            f"{SERVER}test_the_log_has_a_line_a_request_and_no_query_or_header_in_it",
        ),
        (
            '                what = f"{head.method} {head.path}"\n',
            '                what = f"{head.method} {head.path}"\n'
            "                self._say(self._ahead.decode())\n",
            "test_redaction.py::test_the_sandbox_server_logs_no_header_no_query_and_no_body",
        ),
    ),
    must(
        "A connection that is kept does not stall: a reply leaves at once, and in one piece.",
        (
            "disable_nagle_algorithm = True",
            "disable_nagle_algorithm = False",
            f"{SERVER}test_replies_leave_at_once_and_in_one_piece",
        ),
        (
            "        self.wfile.write(raw)\n",
            "        head, end, body = raw.partition(b'\\r\\n\\r\\n')\n"
            "        self.wfile.write(head + end)\n"
            "        self.wfile.flush()\n"
            "        self.wfile.write(body)\n",
            f"{SERVER}test_replies_leave_at_once_and_in_one_piece",
        ),
    ),
    must(
        "What it keeps is readable by its owner only, from birth.",
        (
            "os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600",
            "os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644",
            "test_sandbox_store.py::test_the_files_are_the_owners_alone_from_birth",
        ),
    ),
)
