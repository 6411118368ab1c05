"""The receiver: whatever comes, events are told truly, and nobody's secret with them."""

from tests.musts import must

SHOWN = "test_listen.py::"
WIRE = "test_listen_wire.py::"
BEYOND = "test_listen_beyond.py::"
END = "test_listen_end.py::"

MUSTS = (
    must(
        "An event id that was taken before is a duplicate.",
        (
            "        known.taken = True\n",
            "",
            f"{SHOWN}test_an_event_is_taken_once_however_often_it_comes",
        ),
        (
            "            self._changed.wait_for(lambda: key not in self._busy)\n",
            "",
            f"{BEYOND}test_two_copies_at_a_time_are_passed_on_once",
        ),
    ),
    must(
        "Whoever is not the user of --basic delivers nothing, and is shown nothing of.",
        (
            'return scheme.lower() == "basic" and any(same)',
            "return True",
            f"{SHOWN}test_only_the_right_user_may_deliver",
        ),
        (
            'return scheme.lower() == "basic" and any(same)',
            "return any(same)",
            f"{SHOWN}test_only_the_right_user_may_deliver",
        ),
    ),
    must(
        "Of headers, only the service's own are shown and passed on.",
        (
            "for name, text in headers.items() if _OWN_HEADER.fullmatch(name)}",
            "for name, text in headers.items()}",
            f"{SHOWN}test_an_event_is_a_line_of_json_with_what_came_and_what_was_answered",
        ),
        (
            'if name.lower() == "content-type"}',
            'if name.lower() != "x"}',
            f"{BEYOND}test_an_event_is_passed_on_as_it_came_and_without_its_credentials",
        ),
    ),
    must(
        "A row is out as soon as its event has come.",
        (
            "            yield [row]\n            self.terminal.flush()\n",
            "            yield [row]\n",
            f"{END}test_each_row_is_let_out_at_once[jsonl]",
        ),
        (
            "        terminal.flush()\n",
            "",
            f"{END}test_each_row_is_let_out_at_once[table]",
        ),
    ),
    must(
        "The first signal ends it once what is in flight has been answered; the second leaves.",
        (
            "server.stopping.wait(server.intake.plan.delay_s)",
            "time.sleep(server.intake.plan.delay_s)",
            f"{END}test_ctrl_c_during_a_delay_answers_what_is_in_flight",
        ),
        (
            "            self._changed.wait_for(lambda: not self._connections, grace_s)",
            "            pass",
            f"{END}test_a_second_ctrl_c_leaves_at_once",
        ),
        (
            "        elif number != taken[0][0] or monotonic() - taken[0][1] >= _SAME_S:",
            "        elif False:",
            f"{END}test_a_second_ctrl_c_leaves_at_once",
        ),
        (
            "signal.pthread_kill(threading.main_thread().ident or 0, self.signal)",
            "pass",
            f"{END}test_a_reader_that_has_stopped_reading_keeps_it_no_longer",
        ),
    ),
    must(
        "A body is kept under a safe name, for its owner only, and never over another.",
        (
            "if _PLAIN_ID.fullmatch(event_id) and not _DEVICE.fullmatch(event_id):",
            "if event_id:",
            f"{BEYOND}test_each_event_is_kept_once_as_it_came_under_a_safe_name",
        ),
        (
            "        target.hardlink_to(temporary)\n",
            "        temporary.replace(target)\n",
            f"{BEYOND}test_what_is_kept_already_is_never_overwritten",
        ),
        (
            '                return "failed", f"--save: {why(error)}", NO_ROOM',
            "                pass",
            f"{BEYOND}test_an_event_that_cannot_be_saved_is_to_come_again",
        ),
    ),
    must(
        "It listens on loopback, serves no web page, and no request is too much for it.",
        (
            'super().__init__(("127.0.0.1", port), _Connection)',
            'super().__init__(("", port), _Connection)',
            f"{WIRE}test_only_loopback_is_listened_on",
        ),
        (
            'if self.headers.get("Origin") is not None:',
            "if False:",
            f"{WIRE}test_a_bad_request_is_refused_and_the_next_one_served",
        ),
        (
            "        if length > MAX_BODY_BYTES:\n",
            "        if False:\n",
            f"{WIRE}test_a_bad_request_is_refused_and_the_next_one_served",
        ),
        (
            "            if len(body) + length > MAX_BODY_BYTES:\n",
            "            if False:\n",
            f"{WIRE}test_a_bad_request_is_refused_and_the_next_one_served",
        ),
        (
            "    parser.StartDoctypeDeclHandler = refuse\n",
            "",
            "test_receiver.py::test_what_is_no_event_says_why",
        ),
        (
            "        super().handle_expect_100()\n        self.wfile.flush()\n",
            "        super().handle_expect_100()\n",
            f"{WIRE}test_a_chunked_body_and_one_that_waits_for_leave_are_read",
        ),
    ),
)
