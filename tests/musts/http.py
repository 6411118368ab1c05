"""HTTP: stalls, retries, replies that are none, ids and pages."""

from tests.musts import must

_DRIPS = "test_stalls.py::test_a_read_that_drips_is_cut"
_RETRY_AFTER = "test_retries.py::test_a_wait_that_is_nonsense_is_our_own"
_LONG_WAIT = "test_retries.py::test_a_long_wait_is_left_to_the_caller"
_PASSING = "test_retries.py::test_a_read_is_tried_three_times_on_a_status_that_passes"
_STATUSES = "RETRYABLE = frozenset({408, 429, 500, 502, 503, 504})"
_AGAIN = "not broken.lasting and not (call.once and broken.sent)"
_UNUSABLE = "test_decoding.py::test_a_reply_that_cannot_be_used_says_what_it_is"
_BEGINS = "test_decoding.py::test_a_reply_that_cannot_be_used_shows_how_it_begins"
_TRICKY = "test_paths.py::test_a_tricky_id_is_refused_or_sent_as_it_is"
_IN_QUERY = "test_paths.py::test_what_stands_for_what_in_a_query"
_205_MB = "test_long_replies.py::test_a_list_of_205_mb_passes_within_300_mb_of_memory[jsonl]"
_SECONDS = "    if text.isascii() and text.isdigit() and len(text) <= 18:\n        return float"
_OFFSET = "test_paging.py::test_a_server_that_ignores_offset_is_not_asked_for_ever"

MUSTS = (
    must(
        "GET and PUT are tried at most three times.",
        ("ATTEMPTS = 3", "ATTEMPTS = 4", "test_retries.py::test_a_read_is_given_up_after_three"),
        ("ATTEMPTS = 3", "ATTEMPTS = 2", f"{_PASSING}[503]"),
        (
            'call = Call("PUT", path, "", _encoded(body), look=look, once=False)',
            'call = Call("PUT", path, "", _encoded(body), look=look, once=True)',
            "test_retries.py::test_a_failing_read_back_after_a_put_is_a_warning",
        ),
        (
            'once = starts_job or method not in ("GET", "PUT")',
            'once = starts_job or method != "GET"',
            "test_retries.py::test_a_put_is_tried_three_times_on_a_status_that_passes",
        ),
    ),
    must(
        "They are tried again on 408, 429, 500, 502, 503 and 504 only.",
        (_STATUSES, _STATUSES.replace("408, ", ""), f"{_PASSING}[408]"),
        (_STATUSES, _STATUSES.replace("429, ", ""), f"{_PASSING}[429]"),
        (_STATUSES, _STATUSES.replace("500, ", ""), f"{_PASSING}[500]"),
        (_STATUSES, _STATUSES.replace("502, ", ""), f"{_PASSING}[502]"),
        (_STATUSES, _STATUSES.replace("503, ", ""), f"{_PASSING}[503]"),
        (_STATUSES, _STATUSES.replace(", 504", ""), f"{_PASSING}[504]"),
        (
            _STATUSES,
            _STATUSES.replace("408, ", "408, 409, "),
            "test_retries.py::test_a_read_is_tried_once_on_a_status_that_stays",
        ),
        (
            _STATUSES,
            _STATUSES.replace("502, ", "501, 502, "),
            "test_retries.py::test_a_read_is_tried_once_on_a_status_that_stays",
        ),
    ),
    must(
        "They are tried again on connection faults.",
        (
            f"again = {_AGAIN}",
            "again = False",
            "test_retries.py::test_a_read_that_was_cut_is_tried_again",
        ),
        (
            f"again = {_AGAIN}",
            "again = not (call.once and broken.sent)",
            "test_http.py::test_an_untrusted_certificate_is_not_tried_again",
        ),
    ),
    must(
        "Waits have full jitter.",
        (
            "random.uniform(0, 2.0 ** (attempt - 1))",
            "2.0 ** (attempt - 1)",
            "test_retries.py::test_the_waits_have_full_jitter",
        ),
        (
            "random.uniform(0, 2.0 ** (attempt - 1))",
            "random.uniform(0, 1)",
            "test_retries.py::test_the_waits_have_full_jitter",
        ),
    ),
    must(
        "A POST, and the GET that starts a job, is not sent again once it may have been received.",
        (
            f"again = {_AGAIN}",
            "again = not broken.lasting",
            "test_retries.py::test_a_post_that_was_cut_is_in_doubt",
        ),
        (
            "again = reply.status in RETRYABLE and (not call.once or reply.status == 429)",
            "again = reply.status in RETRYABLE",
            "test_retries.py::test_a_post_is_sent_once_and_then_in_doubt",
        ),
        (
            "None, look=look, once=True)",
            "None, look=look, once=False)",
            "test_retries.py::test_a_job_that_was_cut_is_in_doubt",
        ),
        (
            "            once = starts_job or method not in".strip(),
            "once = method not in",
            "test_retries.py::test_a_raw_call_that_starts_a_job_is_not_sent_twice",
        ),
        (
            "        super().__init__(max_retries=0)\n",
            "        super().__init__(max_retries=3)\n",
            "test_retries.py::test_a_read_that_is_always_cut_is_given_up",
        ),
        (
            "        SENDING.began = True\n        super().send(data)",
            "        super().send(data)",
            "test_retries.py::test_a_post_without_an_answer_is_in_doubt",
        ),
    ),
    must(
        "A POST that is provably unsent may be sent again: DNS, refused, connect, handshake.",
        (
            'Broken(f"no address found for {host}", sent=sent)',
            'Broken(f"no address found for {host}")',
            "test_http.py::test_no_proxy_is_honoured",
        ),
        (
            'Broken(f"connection to {host} refused", sent=sent)',
            'Broken(f"connection to {host} refused")',
            "test_retries.py::test_a_post_that_was_refused_unsent_may_be_tried_again",
        ),
        (
            'Broken(f"no connection to {host} within {limit}", sent=sent)',
            'Broken(f"no connection to {host} within {limit}")',
            "test_stalls.py::test_a_connection_that_never_comes_about_leaves_a_post_unsent",
        ),
        (
            'Broken(f"TLS with {host} failed", sent=sent)',
            'Broken(f"TLS with {host} failed")',
            "test_http.py::test_a_post_that_ended_in_the_handshake_was_not_sent",
        ),
        (
            "            # NOTE: a CONNECT to a proxy is no part of the request itself.\n"
            "            SENDING.began = False\n",
            "            pass\n",
            "test_http.py::test_a_proxy_that_refuses_is_named_and_no_write_is_in_doubt",
        ),
    ),
    must(
        "A POST refused with 429 may be sent again.",
        (
            "(not call.once or reply.status == 429)",
            "not call.once",
            "test_retries.py::test_a_post_answered_with_429_is_sent_again",
        ),
    ),
    must(
        "An empty 2xx to a write is done.",
        (
            "        if look is not None and reply.body.strip():\n",
            "        if look is not None:\n",
            "test_retries.py::test_a_write_with_an_empty_success_is_done",
        ),
        (
            "return (_document(call, reply) if reply.body.strip() else None), reply",
            "return _document(call, reply), reply",
            "test_retries.py::test_a_failing_read_back_after_a_post_is_a_warning",
        ),
        (
            "return _shaped(call, reply, expects) if reply.body.strip() else expects({})",
            "return _shaped(call, reply, expects)",
            "test_retries.py::test_a_job_with_an_empty_success_is_started",
        ),
    ),
    must(
        "A non-empty reply to a write that is not JSON leaves it unknown.",
        (
            "            _document(call, reply)\n        return reply\n",
            "            pass\n        return reply\n",
            "test_retries.py::test_a_write_answered_with_something_else_than_json_is_in_doubt",
        ),
        (
            "    if call.look is None:\n        raise refusal\n",
            "    raise refusal\n",
            "test_retries.py::test_a_write_answered_with_something_else_than_json_is_in_doubt",
        ),
    ),
    must(
        "An unknown outcome, exit 7, beats whatever comes after it.",
        (
            "raise doubts[-1] if doubts else error from error.__cause__",
            "raise",
            "test_retries.py::test_a_put_that_was_cut_and_then_refused_stays_in_doubt",
        ),
        (
            "    if status >= 500 or status == 408:\n        return unknown(",
            "    if status >= 500:\n        return unknown(",
            "test_retries.py::test_a_post_is_sent_once_and_then_in_doubt[408]",
        ),
        (
            "return unknown(message, look, status) if look else Temporary(message, http=status)",
            "return Temporary(message, http=status)",
            "test_retries.py::test_a_post_is_sent_once_and_then_in_doubt[503]",
        ),
    ),
    must(
        "A reply that stalls is cut, in its headers and in its body.",
        (
            "            left_s = self._deadline - monotonic()\n",
            "            left_s = self._limit_s\n",
            _DRIPS,
        ),
        ("LEAST_BYTES = 1000", "LEAST_BYTES = 1", _DRIPS),
        (
            "if self._in_body and self._arrived >= LEAST_BYTES:",
            "if self._arrived >= 1:",
            _DRIPS,
        ),
        (
            "timeout=(self._service.timeout_s, self._service.timeout_s),",
            "timeout=(20 * self._service.timeout_s, self._service.timeout_s),",
            "test_stalls.py::test_a_connection_that_never_comes_about_leaves_a_post_unsent",
        ),
    ),
    must(
        "An honest reply never meets the stall limit.",
        (
            "        if self._in_body and self._arrived >= LEAST_BYTES:\n"
            "            self._restart()\n",
            "",
            "test_stalls.py::test_a_slow_but_steady_reply_is_never_cut",
        ),
        (
            "LEAST_BYTES = 1000",
            "LEAST_BYTES = 100_000",
            "test_stalls.py::test_a_slow_but_steady_reply_is_never_cut",
        ),
    ),
    must(
        "A reply cut inside its headers is no success.",
        (
            "        if not count and not self._in_body:\n"
            '            raise ConnectionResetError("the reply ended among its headers")\n',
            "",
            "test_retries.py::test_a_read_that_was_cut_is_tried_again",
        ),
        (
            '            raise ValueError("a header that is none")\n',
            "            pass\n",
            "test_decoding.py::test_what_is_not_proper_is_not_tried_again",
        ),
    ),
    must(
        "A GET with an empty body is an error.",
        (
            '    why = "it is empty"\n',
            '    if not reply.body:\n        return {}\n    why = "it is empty"\n',
            _UNUSABLE,
        ),
    ),
    must(
        "Bodies are streamed under a cap of 256 MiB of decoded bytes, then exit 9.",
        (
            "        if content.tell() > LARGEST_BODY:\n",
            "        if False:\n",
            "test_decoding.py::test_a_megabyte_of_gzip_is_no_gigabyte_of_memory",
        ),
        (
            "    for piece in response.iter_content(_CHUNK):\n",
            "    for piece in (response.content,):\n",
            "test_decoding.py::test_a_megabyte_of_gzip_is_no_gigabyte_of_memory",
        ),
        (
            "LARGEST_BODY = 256 * 1024 * 1024",
            "LARGEST_BODY = 512 * 1024 * 1024",
            "test_decoding.py::test_a_megabyte_of_gzip_is_no_gigabyte_of_memory",
        ),
        (
            "                unusable=TooLarge,\n                hint=",
            "                hint=",
            "test_decoding.py::test_a_megabyte_of_gzip_is_no_gigabyte_of_memory",
        ),
        (
            "        return _explanation(response)\n",
            "        return response.content\n",
            "test_decoding.py::test_the_reason_of_a_refusal_may_be_a_bomb",
        ),
    ),
    must(
        "An honest list of 205 MB passes within 300 MB of memory.",
        ("LARGEST_BODY = 256 * 1024 * 1024", "LARGEST_BODY = 128 * 1024 * 1024", _205_MB),
        ("LONG_BYTES = 16 * 1024 * 1024", "LONG_BYTES = 1024 * 1024 * 1024", _205_MB),
    ),
    must(
        "Retry-After is parsed by us; a bad value falls back to our own backoff.",
        (
            _SECONDS,
            "    if text.isdigit() and len(text) <= 18:\n        return float",
            _RETRY_AFTER,
        ),
        (
            _SECONDS,
            "    if text.isascii() and text.isdigit():\n        return float",
            _RETRY_AFTER,
        ),
        (
            _SECONDS,
            "    if text:\n        return float",
            _RETRY_AFTER,
        ),
        (
            "    except (ValueError, OverflowError, TypeError, IndexError):\n        return None",
            "    except IndexError:\n        return None",
            _RETRY_AFTER,
        ),
        (
            "                wait_s = retry_after_s(reply)\n",
            "                wait_s = None\n",
            "test_retries.py::test_a_wait_that_the_service_asks_for_is_kept",
        ),
    ),
    must(
        "A wait of more than 60 s ends with exit 6, and says how long.",
        ("_LONGEST_WAIT_S = 60.0", "_LONGEST_WAIT_S = 61.0", _LONG_WAIT),
        (
            "_LONGEST_WAIT_S = 60.0",
            "_LONGEST_WAIT_S = 6.0",
            _PASSING.replace(
                "a_read_is_tried_three_times_on_a_status_that_passes",
                "a_wait_that_the_service_asks_for_is_kept",
            ),
        ),
        (
            'failure.details += (f"  the service asks to wait {_as_time(wait_s)}",)',
            "pass",
            _LONG_WAIT,
        ),
    ),
    must(
        "JSON is read strictly: each of its hazards is exit 9.",
        (
            "json.loads(body.decode(), parse_constant=refuse, ",
            "json.loads(body.decode(), ",
            _UNUSABLE,
        ),
        (
            ", parse_float=finite)\n    except UnicodeDecodeError",
            ")\n    except UnicodeDecodeError",
            _UNUSABLE,
        ),
        ("json.loads(body.decode(), ", 'json.loads(body.decode("utf-8", "replace"), ', _UNUSABLE),
        ("json.loads(body.decode(), ", "json.loads(body, ", _UNUSABLE),
        (
            '    except RecursionError:\n        raise ValueError("nested too deep") from None\n\n',
            "\n",
            _UNUSABLE,
        ),
        ('    if b"\\\\ud" in body or b"\\\\uD" in body:\n', "    if False:\n", _UNUSABLE),
        (
            "        except ValueError as error:\n            why = str(error)\n",
            "        except UnicodeDecodeError as error:\n            why = str(error)\n",
            _UNUSABLE,
        ),
        (
            "    rows_under(key)(document)\n    return cast(",
            "    return cast(",
            _UNUSABLE,
        ),
    ),
    must(
        "A long list is read by the same strict rules.",
        (
            "json.JSONDecoder(parse_constant=refuse, parse_float=finite)",
            "json.JSONDecoder()",
            "test_long_replies.py::test_a_long_reply_that_is_broken_is_unusable",
        ),
        (
            '            raise ValueError("something follows the end")\n',
            "            pass\n",
            "test_long_replies.py::test_a_long_reply_that_is_broken_is_unusable",
        ),
    ),
    must(
        "An unusable reply is shown with status, type and its first 200 visible characters.",
        (
            "    begins = _beginning(reply.body).strip()[:_LONGEST_REASON]\n",
            "    begins = _beginning(reply.body).strip()\n",
            _BEGINS,
        ),
        ('return f"  {reply.status}, {kind}", ', 'return f"  {kind}", ', _BEGINS),
        ('return f"  {reply.status}, {kind}", ', 'return f"  {reply.status}", ', _BEGINS),
        ("self._put(visible(redact(text)))", "self._put(redact(text))", _BEGINS),
    ),
    must(
        "An id that would climb, or is empty, too long or not plain text, is refused.",
        ('    if value in (".", ".."):\n', "    if False:\n", _TRICKY),
        ('    if value in (".", ".."):\n', '    if value == "..":\n', _TRICKY),
        ('        raise BadId(what, value, "is empty")\n', "        pass\n", _TRICKY),
        ("_LONGEST = 256", "_LONGEST = 257", _TRICKY),
        ("_LONGEST = 256", "_LONGEST = 255", _TRICKY),
        ("ord(character) < 32 or 127 <= ord(character) < 160", "ord(character) < 32", _TRICKY),
        ('        return quote(value, safe="")\n', "        return quote(value)\n", _TRICKY),
    ),
    must(
        "In a query + is %2B and a space is %20.",
        (
            "{quote(key, safe='')}={quote(value, safe='')}",
            "{quote(key, safe='')}={quote(value, safe='+')}",
            _IN_QUERY,
        ),
        (
            "from urllib.parse import quote\n\nfrom ess_cli.errors import BadId",
            "from urllib.parse import quote_plus as quote\n\nfrom ess_cli.errors import BadId",
            _IN_QUERY,
        ),
    ),
    must(
        "Pages go strictly forward.",
        (
            "if following[0] <= offset or following[1] < 1:",
            "if following[0] < offset or following[1] < 1:",
            "test_paging.py::test_a_next_page_uri_that_does_not_go_forward_is_refused",
        ),
        (
            "if following[0] <= offset or following[1] < 1:",
            "if following[0] == offset or following[1] < 1:",
            "test_paging.py::test_a_next_page_uri_that_goes_back_is_refused",
        ),
        (
            "if following[0] <= offset or following[1] < 1:",
            "if following[0] <= offset:",
            "test_paging.py::test_a_next_page_uri_that_does_not_go_forward_is_refused",
        ),
    ),
    must(
        "A page without a new row ends with exit 9 rather than a loop.",
        (
            "            if following is not None and not brought_new:\n",
            "            if False:\n",
            _OFFSET,
        ),
        (
            "                elif any(seen) and not brought_new:\n",
            "                elif False:\n",
            "test_paging.py::test_the_same_holds_for_a_page_of_many_megabytes",
        ),
        (
            "                    is_new = list(map(or_, is_new, is_nameless))\n",
            "                    is_new = list(map(or_, is_new, is_nameless))\n"
            "                    brought_new = any(is_new)\n",
            "test_paging.py::test_the_same_holds_for_rows_that_nothing_tells_apart",
        ),
    ),
    must(
        "A list ends where next-page-uri says so, else with a page short of the echoed limit.",
        (
            '        if uri is not None and uri != "":\n'
            "            return self._following(uri, offset, limit)\n",
            "",
            "test_paging.py::test_a_next_page_uri_decides_whatever_the_size_of_the_page",
        ),
        (
            '        full = echoed.get("limit") if isinstance(echoed, dict) else None\n',
            "        full = limit\n",
            "test_paging.py::test_the_echoed_limit_counts_not_the_one_asked_for",
        ),
        (
            "        if not isinstance(full, int) or isinstance(full, bool) or full < 1:\n",
            "        if full is None:\n",
            "test_paging.py::test_an_echoed_limit_that_is_no_number_does_not_count",
        ),
        (
            '        full = echoed.get("limit") if isinstance(echoed, dict) else None\n',
            '        full = echoed.get("limit") if echoed else None\n',
            "test_paging.py::test_a_paging_block_that_is_none_does_not_count",
        ),
    ),
    must(
        "Rows repeated within the last pages are dropped, and no more than those are remembered.",
        (
            "    if all(map(distinct.isdisjoint, seen)):\n",
            "    if True:\n",
            "test_paging.py::test_rows_seen_on_the_last_pages_are_dropped",
        ),
        (
            "seen: deque[set[object]] = deque(maxlen=_REMEMBERED_PAGES)",
            "seen: deque[set[object]] = deque()",
            "test_paging.py::test_no_more_than_the_last_pages_is_remembered",
        ),
        (
            "seen: deque[set[object]] = deque(maxlen=_REMEMBERED_PAGES)",
            "seen: deque[set[object]] = deque(maxlen=1)",
            "test_paging.py::test_rows_seen_on_the_last_pages_are_dropped",
        ),
    ),
)
