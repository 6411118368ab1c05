"""Secrets on the wire: to whom they go, and to whom never."""

from tests.musts import must

_FOLLOWING = """            session = requests.Session()
            session.mount("http://", self._adapter)
            session.mount("https://", self._adapter)
            response = session.send(
"""
_WITH_NETRC = """        prepared.hooks = {"response": []}
        if found := requests.utils.get_netrc_auth(prepared.url):
            prepared.prepare_auth(found, prepared.url)
"""
_REFUSED_URLS = (
    "test_config.py::test_an_address_that_readers_may_take_differently_is_refused"
    " test_redaction.py::test_a_base_url_with_a_password_is_refused_unquoted"
)
_NEXT = "test_paging.py::test_a_next_page_uri_without_one_plain_offset_is_refused"
_TAKEN = "test_paging.py::test_only_offset_and_limit_are_taken_from_the_servers_uri"
_BOUND = "test_credentials.py::test_stored_secrets_are_bound_to_scheme_host_port_and_profile"
_NAMED = (
    "test_config.py::test_a_profile_named_with_p_beats_the_environment_for_the_base_url_only"
    " test_credentials.py::test_a_profile_named_with_p_passes_over_the_environment_and_says_so"
)

MUSTS = (
    must(
        "A redirected read is exit 9 and names the host.",
        (
            "    if status < 400:\n        return _no_answer(reply, request, look)\n",
            "    if status < 400:\n        return None\n",
            "test_redirects.py::test_a_redirected_read_ends_and_names_the_host",
        ),
        (
            "    return Redirected(request, target, status)\n",
            '    return Redirected(request, "another host", status)\n',
            "test_redirects.py::test_a_redirected_read_ends_and_names_the_host",
        ),
        (
            'redact(authority.rpartition("@")[2])',
            "redact(authority)",
            "test_redirects.py::test_where_a_redirect_leads_is_shown_safely",
        ),
    ),
    must(
        "No redirect is ever followed.",
        (
            "            response = self._adapter.send(\n",
            _FOLLOWING,
            "test_redirects.py::test_a_redirected_read_ends_and_names_the_host",
        ),
        (
            "            response = self._adapter.send(\n",
            _FOLLOWING,
            "test_redirects.py::test_a_redirected_write_is_in_doubt_and_sent_once",
        ),
    ),
    must(
        "A redirected write is never a success.",
        (
            "    if look is not None:\n"
            '        return unknown(f"{request}: {status}: redirected to {target}", look, status)'
            "\n",
            "",
            "test_redirects.py::test_a_redirected_write_is_in_doubt_and_sent_once",
        ),
        (
            "path, query_string(query), None, look=look, once=True)",
            "path, query_string(query), None, look=None, once=True)",
            "test_redirects.py::test_a_redirected_job_is_in_doubt",
        ),
    ),
    must(
        "A URL from the server is never fetched: only offset and limit are taken from it.",
        (
            "        following = int(offsets[0]), int(limits[0])\n",
            "        following = int(offsets[0]), int(limits[0])\n"
            "        self._path = urlsplit(str(uri)).path or self._path\n",
            _TAKEN,
        ),
        (
            "        following = int(offsets[0]), int(limits[0])\n",
            "        following = int(offsets[0]), int(limits[0])\n"
            "        rest = tuple((name, said[0]) for name, said in values.items())\n"
            "        self._window = self._window._replace(params=rest)\n",
            _TAKEN,
        ),
    ),
    must(
        "Offset and limit are plain digits; anything else is exit 9.",
        (
            "text.isascii() and text.isdigit() and len(text) < 19",
            "text.isdigit() and len(text) < 19",
            _NEXT,
        ),
        (" and len(text) < 19\n", "\n", _NEXT),
        ("(len(offsets) == len(limits) == 1 and all(", "(offsets and limits and all(", _NEXT),
        (
            '            query = urlsplit(uri).query if isinstance(uri, str) else ""\n',
            "            query = urlsplit(str(uri)).query\n",
            _NEXT,
        ),
    ),
    must(
        "The service sees exactly the configured Authorization, whatever .netrc says.",
        (
            '        prepared.hooks = {"response": []}\n',
            _WITH_NETRC,
            "test_http.py::test_netrc_never_replaces_the_token",
        ),
        (
            'return value if " " in value else f"Bearer {value}"',
            'return f"Bearer {value}"',
            "test_http.py::test_a_token_with_a_scheme_is_sent_as_it_is",
        ),
        (
            'return value if " " in value else f"Bearer {value}"',
            "return value",
            "test_http.py::test_a_read_is_exactly_these_bytes",
        ),
        (
            "return Authorization(found.authorization, user_token.value if user_token else None)",
            'return Authorization(found.authorization, user_token.value if user_token else "")',
            "test_http.py::test_the_user_token_is_left_out_where_there_is_none",
        ),
    ),
    must(
        "A base URL with user info, query, fragment, backslash or space is refused.",
        (
            '    if "@" in parts.netloc:\n'
            '        raise UnusableError("it holds a user name or password")\n',
            "",
            _REFUSED_URLS,
        ),
        ('("?", "a query"), ', "", _REFUSED_URLS),
        (', ("#", "a fragment")):', "):", _REFUSED_URLS),
        ('(("\\\\", "a backslash"), ', "(", _REFUSED_URLS),
        ('if not text.isprintable() or " " in text:', "if not text.isprintable():", _REFUSED_URLS),
    ),
    must(
        "Loopback never goes through a proxy.",
        (
            "{} if service.is_loopback else get_environ_proxies(",
            "get_environ_proxies(",
            "test_http.py::test_loopback_never_goes_through_a_proxy",
        ),
    ),
    must(
        "For remote hosts proxies and NO_PROXY work.",
        (
            "{} if service.is_loopback else get_environ_proxies(service.base_url)",
            "{}",
            "test_http.py::test_a_remote_host_is_reached_through_the_proxy_which_never_sees_the_token",
        ),
        (
            "{} if service.is_loopback else get_environ_proxies(service.base_url)",
            "{} if service.is_loopback else requests.utils.getproxies()",
            "test_http.py::test_no_proxy_is_honoured",
        ),
    ),
    must(
        "http:// is accepted for loopback only.",
        ('if parts.scheme == "http" and not _is_loopback(host):', "if False:", _REFUSED_URLS),
        (
            'host.startswith("127.") and re.fullmatch(_IPV4, host) is not None',
            'host.startswith("127.")',
            _REFUSED_URLS,
        ),
    ),
    must(
        "The profile's bundle of certificates wins, then the environment's.",
        (
            '        (service.ca_bundle, "ca-bundle of the profile"),\n'
            '        (os.environ.get("REQUESTS_CA_BUNDLE"), "REQUESTS_CA_BUNDLE"),\n',
            '        (os.environ.get("REQUESTS_CA_BUNDLE"), "REQUESTS_CA_BUNDLE"),\n'
            '        (service.ca_bundle, "ca-bundle of the profile"),\n',
            "test_http.py::test_the_profiles_bundle_beats_the_environments",
        ),
        (
            '        (os.environ.get("CURL_CA_BUNDLE"), "CURL_CA_BUNDLE"),\n',
            "",
            "test_http.py::test_the_environments_bundle_counts_without_one_in_the_profile",
        ),
    ),
    must(
        "A bundle of certificates that is missing is exit 12.",
        (
            '                raise BadSetting(f"{source}: no such file: {bundle}")\n',
            "                continue\n",
            "test_http.py::test_a_bundle_that_is_missing_is_a_fault_of_the_setup",
        ),
        (
            "            _check_bundle(self._verify)\n",
            "",
            "test_http.py::test_a_bundle_without_certificates_is_a_fault_of_the_setup",
        ),
    ),
    must(
        "No switch turns verification off for a remote host.",
        (
            "verify=self._verify,",
            "verify=False,",
            "test_http.py::test_an_untrusted_certificate_is_not_tried_again",
        ),
        (
            "        if bundle:\n            if not Path(bundle)",
            '        if bundle in ("0", "false"):\n            return False\n'
            "        if bundle:\n            if not Path(bundle)",
            "test_http.py::test_no_variable_and_no_setting_turns_verification_off",
        ),
        (
            "verify=self._verify,",
            'verify=self._verify and __import__("os").environ.get("ESS_VERIFY") != "0",',
            "test_http.py::test_no_variable_and_no_setting_turns_verification_off",
        ),
        (
            '    no_header: Annotated[bool, typer.Option("--no-header"',
            '    no_verify: Annotated[bool, typer.Option("--no-verify", help="x")] = False,\n'
            '    no_header: Annotated[bool, typer.Option("--no-header"',
            "test_cli.py::test_no_option_turns_verification_off",
        ),
    ),
    must(
        "A stored secret is bound to scheme, host and port.",
        ('return f"ess:{parts.scheme}://{host}:{port}"', 'return f"ess:{host}:{port}"', _BOUND),
        (
            'return f"ess:{parts.scheme}://{host}:{port}"',
            'return f"ess:{parts.scheme}://{host}"',
            _BOUND,
        ),
        ('return f"ess:{parts.scheme}://{host}:{port}"', 'return "ess"', _BOUND),
        (
            "return look_up(Account(settings.base_url.origin, ",
            'return look_up(Account("https://api.syniverse.com", ',
            "test_credentials.py::test_a_token_of_another_host_is_never_sent",
        ),
    ),
    must(
        "A profile's token command is run for that profile's own origin only.",
        (
            "withheld = bool(profile.token_command) and base_url.origin != profile.origin",
            "withheld = False",
            "test_config.py::test_a_token_command_is_only_for_its_profile_s_own_origin",
        ),
    ),
    must(
        "A profile named with -p beats the environment for base URL and credentials.",
        ("{} if by_option else environ, profile)", "environ, profile)", _NAMED),
        ("passes_over_environment=by_option,", "passes_over_environment=False,", _NAMED),
        (
            "environ = {} if sources.passes_over_environment else sources.environ",
            "environ = sources.environ",
            _NAMED,
        ),
    ),
    must(
        "Neither an address nor a secret crosses between the sandbox and a real service.",
        (
            "        _keep_apart(flags, environ, selected)\n",
            "        pass\n",
            "test_config.py::test_neither_an_address_nor_a_secret_crosses_to_the_sandbox",
        ),
        (
            "    if settings.is_sandbox:\n        return sandbox_credentials()\n",
            "",
            "test_auth.py::test_the_status_of_the_sandbox_needs_nothing",
        ),
    ),
    must(
        "Protection guards the origin, however the base URL was given.",
        (
            "protected_by=config.protector(base_url.origin, name),",
            "protected_by=name if profile.protected else None,",
            "test_config.py::test_protection_guards_the_origin_however_the_base_url_was_given",
        ),
        (
            'host = _to_ascii(host).removesuffix(".")',
            "host = _to_ascii(host)",
            "test_config.py::test_protection_guards_the_origin_however_the_base_url_was_given",
        ),
    ),
    must(
        "A raw call stays below the base URL.",
        (
            '        or place.startswith("//")\n',
            "",
            "test_api_command.py::test_a_path_that_leads_elsewhere_is_refused",
        ),
        (
            '        or any(part in (".", "..") for part in decoded.split("/"))\n',
            "",
            "test_api_command.py::test_a_path_that_leads_elsewhere_is_refused",
        ),
        (
            '        "://" in place\n        or ',
            "        ",
            "test_api_command.py::test_a_path_that_leads_elsewhere_is_refused",
        ),
    ),
    must(
        "A file's location from the service is on its own origin or asked for by the user.",
        (
            "if not is_own and named not in",
            "if False and named not in",
            "test_topics_dump.py::test_a_location_elsewhere_is_refused_and_nothing_is_written",
        ),
    ),
    must(
        "A file is fetched without the user token, and elsewhere without any.",
        (
            "http = ess.http_with(lambda: Authorization(header), place.origin)",
            "http = ess.http_with(ess._authorization, place.origin)",
            "test_topics_dump.py::"
            "test_the_file_gets_the_token_and_the_company_and_never_the_user_token",
        ),
        (
            "header = ess.credentials.authorization if place.is_own else None",
            "header = ess.credentials.authorization",
            "test_topics_dump.py::test_another_host_that_the_user_names_gets_no_credentials",
        ),
    ),
)
