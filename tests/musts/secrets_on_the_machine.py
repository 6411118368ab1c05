"""Secrets on the machine: who may see them there, and how they are kept."""

from tests.musts import must

_MISTYPED = (
    "test_cli.py::test_a_secret_typed_in_the_wrong_place_is_not_repeated"
    " test_redaction.py::test_a_secret_on_the_command_line_is_refused_unrepeated"
)
_UNSENDABLE = "test_credentials.py::test_what_cannot_stand_in_a_header_is_refused_and_not_repeated"
_FILE = "test_config.py::test_a_complaint_about_the_file_never_quotes_it"
_PLAIN = "test_credentials.py::test_backends_that_keep_plain_text_or_nothing_are_refused_by_name"
_CHAIN = "test_credentials.py::test_of_a_chain_only_the_members_that_may_be_used_are"
_HANGS = "test_credentials.py::test_a_hanging_keyring_holds_up_neither_the_run_nor_its_end"
_BIRTH = "test_private_files.py::test_nobody_else_may_ever_read_a_new_file"
_UNREAD = "test_stdin.py::test_stdin_is_not_read_unless_the_line_says_so"
_ORDER = "test_credentials.py::test_the_order_is_file_environment_command_keyring"
_COMMAND = (
    "test_credentials.py::test_a_failing_token_command_is_local_trouble_and_its_output_is_not_shown"
)

MUSTS = (
    must(
        "No option takes a secret.",
        (
            "    user_token_file: Annotated[\n",
            '    token: Annotated[str | None, typer.Option("--token", help="x")] = None,\n'
            "    user_token_file: Annotated[\n",
            "test_cli.py::test_no_option_takes_a_secret_s_value",
        ),
    ),
    must(
        "An attempt to give a secret as an argument fails without echoing it.",
        ('    if "auth" in args and "Did you mean" not in text:\n', "    if False:\n", _MISTYPED),
        (
            '    path = context.command_path if context else "ess"\n',
            '    path = " ".join(["ess", *args])\n',
            _MISTYPED,
        ),
    ),
    must(
        "Of a secret one trailing newline is stripped, and nothing else.",
        (
            'text.removesuffix("\\r\\n") if text.endswith("\\r\\n") else text.removesuffix("\\n")',
            "text.strip()",
            _UNSENDABLE,
        ),
        (
            'text.removesuffix("\\r\\n") if text.endswith("\\r\\n") else text.removesuffix("\\n")',
            "text",
            "test_credentials.py::test_one_newline_at_the_end_goes",
        ),
    ),
    must(
        "Printable ASCII is demanded of a secret before any library sees it.",
        ('_SENDABLE = r"[!-~]([ -~]*[!-~])?"', '_SENDABLE = r"(?s).+"', _UNSENDABLE),
        (
            "        return clean(environ[variable], variable)\n",
            "        return Secret(environ[variable], variable)\n",
            "test_credentials.py::test_a_bad_variable_is_named_and_not_repeated",
        ),
        (
            "    return Credentials(clean(token, source), ",
            "    from ess_cli.credentials.secret import Secret\n\n"
            "    return Credentials(Secret(token, source), ",
            "test_credentials.py::test_a_stored_secret_that_cannot_be_sent_is_refused",
        ),
        (
            "    return clean(decoded(content), source)\n",
            "    return Secret(decoded(content).strip(), source)\n",
            _COMMAND,
        ),
        ("    if len(value) > LARGEST:\n", "    if False:\n", _UNSENDABLE),
    ),
    must(
        "What a library says of a header is not repeated: it quotes the token.",
        (
            'LocalTrouble("the request cannot be made: a header or the URL is malformed")',
            'LocalTrouble(f"the request cannot be made: {error}")',
            "test_http.py::test_every_failure_of_the_libraries_becomes_one_of_ours",
        ),
    ),
    must(
        "Parse errors give line and column, and nothing of what stands there.",
        (
            'reason = error.problem if known and error.problem else "not valid YAML"',
            "reason = str(error)",
            _FILE,
        ),
        (
            'return self._refuse(node, "not a known setting", ',
            'return self._refuse(node, f"not a known setting: {key}", ',
            "test_redaction.py::test_a_configuration_file_with_a_secret_in_it_is_refused_unquoted",
        ),
        (
            '            self._refuse(node, f"timeout: {error}")\n',
            '            self._refuse(node, f"timeout: {node.value}: {error}")\n',
            _FILE,
        ),
        (
            'raise FileTrouble(f"--settings-file {path}: not JSON{where}") from None',
            'raise FileTrouble(f"--settings-file {path}: not JSON: {text}") from None',
            "test_delivery_cfg_auth.py"
            "::test_a_damaged_settings_file_is_named_with_its_place_and_never_shown",
        ),
        (
            """        shown = "" if set("@?#") & set(text) else f': "{text}"'\n""",
            """        shown = f': "{text}"'\n""",
            "test_config.py::test_a_refused_url_that_may_hold_a_password_is_not_repeated",
        ),
    ),
    must(
        "No traceback shows what variables hold, and none is shown unasked.",
        (
            "from traceback import format_exception\n\n"
            "            for block in format_exception(error):\n",
            "from traceback import TracebackException\n\n"
            "            found = TracebackException.from_exception(error, capture_locals=True)\n"
            "            for block in found.format():\n",
            "test_completeness.py::test_what_a_bug_leaves_has_no_secret_and_no_local_in_it",
        ),
        (
            "        ess.terminal.bug(error, traceback=ess.flags.debug)\n",
            "        ess.terminal.bug(error, traceback=True)\n",
            "test_completeness.py::test_a_bug_is_exit_code_1_and_says_so",
        ),
    ),
    must(
        "The libraries' own debugging is never switched on.",
        (
            "        self._log = log\n",
            "        self._log = log\n"
            "        http.client.HTTPConnection.debuglevel = 1 if log else 0\n",
            "test_http.py::test_the_log_of_a_request_has_neither_numbers_nor_secrets",
        ),
        (
            "        self._log = log\n",
            "        self._log = log\n"
            "        if log:\n"
            "            import logging\n\n"
            "            logging.basicConfig(level=logging.DEBUG)\n",
            "test_redaction.py::test_nothing_but_render_and_main_writes_to_the_streams",
        ),
    ),
    must(
        "The keyring has a limit of time, from the choice of a backend on.",
        ("        return within(limit_s, run)\n", "        return run()\n", _HANGS),
        (
            "    def run() -> T:\n"
            "        import keyring\n\n"
            "        return work(_usable(keyring.get_keyring()))\n",
            "    import keyring\n\n"
            "    backend = keyring.get_keyring()\n\n"
            "    def run() -> T:\n"
            "        return work(_usable(backend))\n",
            _HANGS,
        ),
        ("    thread.join(limit_s)\n", "    thread.join()\n", _HANGS),
    ),
    must(
        "A keyring that hangs does not hold up the end of the process.",
        ("Thread(target=run, daemon=True)", "Thread(target=run)", _HANGS),
    ),
    must(
        "Backends that keep plain text are refused by name.",
        ('        if "plaintext" in name.lower():\n', "        if False:\n", _PLAIN),
        ('        if name.startswith("keyrings.alt.") and not', "        if False and not", _PLAIN),
        ("    for kind in type(backend).__mro__:\n", "    for kind in (type(backend),):\n", _PLAIN),
        (
            'for member in getattr(backend, "backends", None) or [backend]:',
            "for member in [backend]:",
            _CHAIN,
        ),
        (
            "    if not usable:\n        raise NoKeyring(",
            "    if not usable:\n        return [backend]\n    if not usable:\n"
            "        raise NoKeyring(",
            "test_credentials.py::test_a_chain_of_nothing_but_plain_text_is_refused",
        ),
    ),
    must(
        "Without a keyring a login is exit 3 with the other ways listed.",
        (
            "    keyring.prepare(account, limit_s=limit_s)\n",
            "",
            "test_auth.py"
            "::test_without_a_keyring_a_login_lists_the_other_ways_before_reading_anything",
        ),
    ),
    must(
        "New files with secrets or phone numbers are 0600 from birth.",
        (
            '        handle, temporary = mkstemp(".partial", f".{target.name}.", target.parent)\n',
            '        temporary = f"{target}.{os.getpid()}"\n'
            "        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT, 0o666)\n"
            "        os.chmod(handle, 0o600)\n",
            _BIRTH,
        ),
        (
            "descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)",
            "descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL)",
            _BIRTH,
        ),
        ("os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)", "os.O_RDWR | os.O_CREAT)", _BIRTH),
        (
            "            os.mkdir(below, 0o700)",
            "            os.mkdir(below)",
            "test_cache.py::test_what_is_kept_is_for_the_account_alone",
        ),
        (
            "directory.mkdir(mode=0o700, exist_ok=True)",
            "directory.mkdir(exist_ok=True)",
            "test_config.py::test_a_saved_file_is_for_its_owner_only_and_so_is_a_new_directory",
        ),
    ),
    must(
        "A file is written beside its place, synced, and then takes its name.",
        (
            "            os.fsync(stream.fileno())\n",
            "",
            "test_torture.py::test_a_file_is_on_the_disk_before_it_takes_its_name",
        ),
        (
            'mkstemp(".partial", f".{target.name}.", target.parent)',
            'mkstemp(".partial", f".{target.name}.")',
            "test_torture.py::test_a_file_is_on_the_disk_before_it_takes_its_name",
        ),
        (
            "            Path(temporary).unlink(missing_ok=True)\n",
            "            pass\n",
            "test_config.py::test_a_failed_write_leaves_what_was_there_and_nothing_else",
        ),
    ),
    must(
        "Off a terminal there is never a prompt.",
        (
            "return _is_tty(sys.stdin) and _is_tty(sys.stderr)",
            "return _is_tty(sys.stdin)",
            "test_stdin.py::test_nobody_is_asked_where_one_of_the_two_ends_is_no_terminal",
        ),
        (
            "return _is_tty(sys.stdin) and _is_tty(sys.stderr)",
            "return _is_tty(sys.stderr)",
            "test_stdin.py::test_nobody_is_asked_where_one_of_the_two_ends_is_no_terminal",
        ),
        (
            "        return self.terminal.is_interactive and not self.flags.no_input\n",
            "        return not self.flags.no_input\n",
            _UNREAD,
        ),
    ),
    must(
        "What is typed as a secret is not shown.",
        (
            '                return getpass.getpass(f"{what}: ", sys.stderr)\n',
            '                return self.terminal.ask(f"{what}: ")\n',
            "test_auth.py::test_on_a_terminal_both_tokens_are_asked_for_without_being_shown",
        ),
        (
            "    if sys.stdin is None or sys.stdin.isatty():\n",
            "    if sys.stdin is None:\n",
            "test_credentials.py::test_a_secret_is_not_read_from_a_terminal_that_would_show_it",
        ),
    ),
    must(
        "stdin is read only for an explicit -.",
        (
            "        return json.dumps(fields).encode() if fields else None\n",
            "        if fields:\n            return json.dumps(fields).encode()\n"
            '        data = "-"\n',
            _UNREAD,
        ),
        (
            "    if path is not None:\n        return from_file(",
            '    path = path or ("-" if kind == "token" else None)\n'
            "    if path is not None:\n        return from_file(",
            _UNREAD,
        ),
        (
            "            stdin=subprocess.DEVNULL,\n",
            "",
            "test_credentials.py::test_a_token_command_cannot_eat_stdin",
        ),
    ),
    must(
        "Secrets are looked for in the file, the environment, the token command, the keyring.",
        (
            "    if path is not None:\n        return from_file(",
            '    if environ.get("ESS_TOKEN") and kind == "token":\n'
            '        return clean(environ["ESS_TOKEN"], "ESS_TOKEN")\n'
            "    if path is not None:\n        return from_file(",
            _ORDER,
        ),
        (
            "    if token is None and sources.token_command:\n",
            "    if sources.token_command:\n",
            _ORDER,
        ),
        (
            "    if token is not None:\n        return Credentials(token, user_token)\n",
            "    if token is not None and user_token is not None:\n"
            "        return Credentials(token, user_token)\n",
            "test_credentials.py::test_the_keyring_gives_a_user_token_only_beside_its_own_token",
        ),
    ),
    must(
        "Where an earlier source answers, the keyring is not even imported.",
        (
            "from ess_cli.credentials.secret import Consumer, Credentials, clean\n",
            "import keyring as _library\n"
            "from ess_cli.credentials.secret import Consumer, Credentials, clean\n",
            "test_credentials.py"
            "::test_where_an_earlier_source_answers_the_keyring_is_not_even_imported",
        ),
    ),
    must(
        "With -p an error says that the environment was passed over.",
        (
            '        hint += "; ESS_TOKEN is passed over because the profile was named with -p"\n',
            "        pass\n",
            "test_credentials.py"
            "::test_a_profile_named_with_p_passes_over_the_environment_and_says_so",
        ),
    ),
    must(
        "The token command sees no shell, has ten seconds, and its output is not shown.",
        (
            "            command,\n            stdin=",
            '            " ".join(command),\n            shell=True,\n            stdin=',
            "test_credentials.py::test_the_token_command_sees_no_shell",
        ),
        (
            "COMMAND_LIMIT_S = 10.0",
            "COMMAND_LIMIT_S = 60.0",
            "test_credentials.py::test_a_token_command_that_hangs_is_stopped",
        ),
        ("            stderr=subprocess.DEVNULL,\n", "", _COMMAND),
        (
            '{command[0]} ended with exit code {code}",',
            '{command[0]} ended with exit code {code}: {content!r}",',
            _COMMAND,
        ),
    ),
    must(
        "The configuration file never holds a secret.",
        (
            "        if re.search(_BELONGS_IN_A_KEYRING, key):\n",
            "        if False:\n",
            "test_config.py::test_a_secret_in_the_file_is_refused_with_where_it_belongs",
        ),
    ),
    must(
        "A login checks with one call before it stores anything.",
        (
            "    _try_before_storing(ess, entered)\n",
            "",
            "test_auth.py::test_a_token_that_the_service_refuses_is_not_stored",
        ),
    ),
    must(
        "A login says where both secrets were stored.",
        (
            'ess.changed(f"logged in: stored {what} in the keyring ({label})")',
            'ess.changed("logged in")',
            "test_auth.py::test_a_login_from_stdin_is_tried_stored_and_says_where",
        ),
    ),
    must(
        "The status names each source, masked.",
        (
            'return MASK + (secret.value[-_SHOWN:] if len(secret.value) >= _SHOWN_FROM else "")',
            "return secret.value",
            "test_auth.py::test_the_status_names_each_source_masked_and_whether_it_is_accepted",
        ),
    ),
    must(
        "With nothing configured the error also names the sandbox.",
        (
            "sandbox_command=_on_sandbox(program_args) if nothing_configured else None,",
            "sandbox_command=None,",
            "test_credentials.py::test_without_anything_configured_the_error_offers_the_sandbox",
        ),
    ),
)
