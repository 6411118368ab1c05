"""Changing things: what is asked before, what is sent, what is said after; and what is printed."""

from tests.musts import must

CHANGES = "test_changes.py::"
SUBS = "test_subs_changes.py::"
CFG = "test_delivery_cfg_changes.py::"
AUTH = "test_delivery_cfg_auth.py::"
MASKED = f"{AUTH}test_secrets_are_masked_in_each_format"
PAGING = "test_paging.py::"
LISTS = "test_lists.py::"
OUTPUT = "test_output.py::"

MUSTS = (
    must(
        "A dry run sends nothing but reads.",
        (
            "write_change(self.terminal, url, change, self.format, self.flags.query)\n"
            "            return False",
            "write_change(self.terminal, url, change, self.format, self.flags.query)\n"
            "            return True",
            f"{SUBS}test_a_dry_run_prints_what_would_be_sent_and_sends_only_reads"
            f" {CHANGES}test_a_dry_run_wants_no_leave",
        ),
        (
            "(reads and not starts_job and not ess.flags.dry_run)",
            "(reads and not starts_job)",
            "test_api_command.py::test_a_dry_run_prints_and_sends_nothing",
        ),
        (
            "if not change.differences and not ess.flags.dry_run:\n"
            "        ess.show_object(single, [with_name(",
            "if not change.differences:\n        ess.show_object(single, [with_name(",
            f"{SUBS}test_a_dry_run_of_no_difference_shows_what_would_be_sent",
        ),
    ),
    must(
        "A dry run shows method, URL and body, and for an update before and after.",
        (
            'f"{change.method} {url}\\n"',
            'f"{change.method}\\n"',
            f"{CFG}test_an_update_sends_the_whole_body",
        ),
        (
            "for line in difference_lines(change.differences):\n        terminal.write",
            "for line in ():\n        terminal.write",
            f"{CFG}test_an_update_sends_the_whole_body",
        ),
        (
            "    if change.shown_body is not None:\n",
            "    if change.shown_body is not None and not change.differences:\n",
            f"{CFG}test_an_update_sends_the_whole_body",
        ),
        (
            "        if result is not None:\n            write_result",
            "        if True:\n            write_result",
            f"{SUBS}test_a_query_meant_for_the_reply_does_not_hide_a_dry_run",
        ),
    ),
    must(
        "A dry run masks the receiver's secrets.",
        (
            "        shown_body=masked(body),\n",
            "        shown_body=body,\n",
            f"{AUTH}test_a_dry_run_masks_the_password_and_changes_nothing",
        ),
        (
            "        shown = _masked(shown)\n",
            "        _masked(shown)\n",
            "test_contract.py::test_a_dry_run_of_a_raw_call_masks_authentication",
        ),
    ),
    must(
        "The GET that starts a dump counts as a write: for a dry run, for protection, for retries.",
        (
            'if not ess.agreed(Change("GET", path, f"dump of',
            'if ess.agreed(Change("GET", path, f"dump of',
            "test_topics.py::test_a_dry_run_of_a_dump_starts_nothing",
        ),
        (
            "look=look, once=True)\n"
            "        reply = self._sender.exchange(call)\n        return _shaped",
            "look=look, once=False)\n"
            "        reply = self._sender.exchange(call)\n        return _shaped",
            "test_retries.py::test_a_job_is_started_once_and_then_in_doubt",
        ),
        (
            'starts_job = "dump-subscriptions" in _names(place)',
            "starts_job = False",
            "test_retries.py::test_a_raw_call_that_starts_a_job_is_not_sent_twice",
        ),
    ),
    must(
        "An update sends back every key that was there, those that nobody knows too.",
        (
            "for key, value in {**before, **changes}.items() if key not in gone",
            "for key, value in changes.items() if key not in gone",
            f"{CFG}test_a_key_that_nobody_knows_survives_an_update",
        ),
        (
            "    before = {**(listed or {}), **single}\n"
            "    before = {key: value for key, value in before.items() if key not in read_only}\n",
            "    before = dict(single)\n"
            "    before = {key: value for key, value in before.items() if key not in read_only}\n",
            f"{SUBS}test_keys_of_the_list_s_entry_are_sent_back_too"
            f" {CFG}test_a_schedule_survives_an_update_of_something_else",
        ),
        (
            "    before = {**(listed or {}), **single}\n    told",
            "    before = dict(single)\n    told",
            "test_contract.py::test_an_end_date_that_a_read_tells_is_sent_back",
        ),
    ),
    must(
        "An update leaves out the keys that only reads have.",
        (
            "if key not in read_only",
            "if key",
            f"{SUBS}test_an_update_sends_what_the_put_takes_and_leaves_out_what_only_reads_have",
        ),
        (
            'frozenset({"id", "topic-nm", "del-cfg-id", "del-cfg-nm", "evt-tp"})',
            'frozenset({"id", "topic-nm", "del-cfg-id", "del-cfg-nm"})',
            f"{SUBS}test_keys_of_the_list_s_entry_are_sent_back_too",
        ),
        (
            'CONFIGURATION_READ_ONLY = frozenset({"id"})',
            "CONFIGURATION_READ_ONLY: frozenset[str] = frozenset()",
            f"{CFG}test_an_update_sends_the_whole_body",
        ),
    ),
    must(
        "An end date, which no read tells, is sent only when it is given, with a warning without.",
        (
            "    body |= dates\n",
            '    body |= {"end-date": None, **dates}\n',
            f"{SUBS}test_an_end_date_is_sent_only_when_it_is_given",
        ),
        (
            '    if "end-date" not in change.body:\n',
            "    if False:\n",
            f"{SUBS}test_an_end_date_is_sent_only_when_it_is_given",
        ),
    ),
    must(
        "An update that changes nothing sends nothing.",
        (
            "        if before.get(key) != after.get(key)\n",
            "",
            f"{CFG}test_an_update_that_changes_nothing_sends_nothing",
        ),
    ),
    must(
        "The same subscription is not made twice: exit 8 names the one that exists.",
        (
            "if same and not allow_duplicate:",
            "if False:",
            f"{SUBS}test_the_same_subscription_is_not_made_twice",
        ),
        (
            'and (row.get("evt-tp") or None) == (body.get("evt-tp") or None)',
            "",
            f"{SUBS}test_what_is_the_same_goes_by_topic_target_type_and_criteria",
        ),
        (
            'return tuple(part if index % 2 else "".join(part.split())',
            "return tuple(part",
            f"{SUBS}test_what_is_the_same_goes_by_topic_target_type_and_criteria",
        ),
        (
            "if by_number and topic == NUMBER_TOPIC and not _number",
            "if False and not _number",
            f"{SUBS}test_a_number_is_looked_up_by_the_service_and_other_criteria_in_the_list",
        ),
        (
            "if same and not allow_duplicate:",
            "if same:",
            f"{SUBS}test_the_same_subscription_is_not_made_twice",
        ),
    ),
    must(
        "What cuts off or redirects events, or cannot be undone, wants a yes: exit 8 without one.",
        (
            "elif not self.flags.yes:\n            self._confirm(what)",
            "elif self.may_ask and not self.flags.yes:\n            self._confirm(what)",
            f"{SUBS}test_what_cuts_events_off_wants_a_yes {AUTH}test_setting_wants_a_yes",
        ),
        (
            "if not ess.agreed(change, asks=True):",
            "if not ess.agreed(change, asks=False):",
            f"{SUBS}test_what_cuts_events_off_wants_a_yes",
        ),
        (
            'each.key == "addr" or (each.key == "is-active" and each.after is False)',
            'each.key == "is-active" and each.after is False',
            f"{CFG}test_what_cuts_off_or_redirects_events_wants_a_yes",
        ),
        (
            'each.key == "addr" or (each.key == "is-active" and each.after is False)',
            'each.key == "addr"',
            f"{CFG}test_what_cuts_off_or_redirects_events_wants_a_yes",
        ),
        (
            "if ess.agreed(change, asks=True):\n        document, _ = delivery_cfg.replace_auth",
            "if ess.agreed(change, asks=False):\n        document, _ = delivery_cfg.replace_auth",
            f"{AUTH}test_setting_wants_a_yes",
        ),
        (
            "if ess.agreed(change, asks=True):\n        reply = deliveries.mark_handled",
            "if ess.agreed(change, asks=False):\n        reply = deliveries.mark_handled",
            "test_deliveries.py::test_marking_wants_a_yes_since_it_cannot_be_undone",
        ),
        (
            "ess.agreed(change, asks=not reads)",
            'ess.agreed(change, asks=verb in ("PUT", "DELETE"))',
            "test_api_command.py::test_anything_but_a_read_wants_a_yes",
        ),
    ),
    must(
        "What does neither wants no yes.",
        (
            'each.key == "addr" or (each.key == "is-active" and each.after is False)',
            'each.key in ("addr", "is-active")',
            f"{CFG}test_delivering_again_wants_no_yes",
        ),
    ),
    must(
        "Under a protected profile every write wants the profile's name; --yes is not enough.",
        (
            "if guard is not None:\n            self._confirm_by_name",
            "if guard is not None and not self.flags.yes:\n            self._confirm_by_name",
            f"{CHANGES}test_under_a_protected_profile_a_yes_is_not_enough",
        ),
        (
            "if guard or asks:",
            "if asks:",
            f"{CHANGES}test_under_a_protected_profile_a_yes_is_not_enough",
        ),
        (
            "        if answer == guard:\n",
            "        if answer is not None:\n",
            f"{CHANGES}test_under_a_protected_profile_a_yes_is_not_enough",
        ),
        (
            "        if answer == guard:\n",
            '        if (answer or "").lower() == guard:\n',
            f"{CHANGES}test_under_a_protected_profile_a_yes_is_not_enough",
        ),
    ),
    must(
        "Nothing that may have been received is sent again, unless it is a PUT.",
        (
            "again = not broken.lasting and not (call.once and broken.sent)",
            "again = not broken.lasting",
            "test_retries.py::test_a_post_that_was_cut_is_in_doubt",
        ),
        (
            "(not call.once or reply.status == 429)",
            "True",
            "test_retries.py::test_a_post_is_sent_once_and_then_in_doubt",
        ),
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
        (
            'once = starts_job or method not in ("GET", "PUT")',
            "once = starts_job",
            "test_retries.py::test_a_post_is_sent_once_and_then_in_doubt",
        ),
    ),
    must(
        "An outcome that stays unknown is exit 7, and says how to look.",
        (
            "    if call.look is not None and broken.sent:\n        return unknown(message, call",
            "    if call.look is None and broken.sent:\n        return unknown(message, call",
            "test_retries.py::test_a_post_that_was_cut_is_in_doubt",
        ),
        (
            'hint=f"look before trying again: {look}",',
            'hint="look before trying again",',
            "test_retries.py::test_a_typed_write_in_doubt_says_how_to_look",
        ),
        (
            "raise doubts[-1] if doubts else error from error.__cause__",
            "raise",
            "test_retries.py::test_a_put_that_was_cut_and_then_refused_stays_in_doubt",
        ),
    ),
    must(
        "A write that was accepted is no failure, whatever becomes of reading it back.",
        (
            'self.terminal.warn(f"accepted, but reading it back failed: {error.message}")',
            "raise",
            f"{SUBS}test_a_read_that_fails_after_a_write_is_a_warning_and_no_failure",
        ),
        (
            "row = sent if row is None else row",
            "row = {} if row is None else row",
            f"{SUBS}test_what_cannot_be_seen_afterwards_is_a_warning_and_no_failure",
        ),
        (
            'self.terminal.warn("accepted, but it cannot be seen yet; this is what was sent")',
            "pass",
            f"{SUBS}test_what_cannot_be_seen_afterwards_is_a_warning_and_no_failure",
        ),
    ),
    must(
        "What changed is said in one line, with the profile it was done under.",
        (
            'line = f"{what} · {self.where}"',
            "line = what",
            f"{CHANGES}test_what_changed_is_said_with_the_profile_it_was_done_under",
        ),
    ),
    must(
        "stdout carries data and nothing else.",
        (
            "            sys.stderr.write(line.encode(encoding",
            "            sys.stdout.write(line.encode(encoding",
            "test_cli.py::test_with_json_the_last_line_of_an_error_is_json",
        ),
        (
            "        sys.stderr.write(redact(visible(question)))\n        sys.stderr.flush()\n",
            "        sys.stdout.write(redact(visible(question)))\n        sys.stdout.flush()\n",
            f"{CHANGES}test_a_question_stays_out_of_stdout",
        ),
        (
            '                return getpass.getpass(f"{what}: ", sys.stderr)\n',
            '                return input(f"{what}: ")\n',
            f"{CHANGES}test_a_password_is_typed_without_being_shown",
        ),
    ),
    must(
        "JSON on stdout is whole or absent: a list that breaks off half-way prints nothing.",
        (
            "        rows += batch\n        if len(rows) > _HELD_ROWS:",
            '        rows += batch\n        terminal.write(b"[")\n'
            "        if len(rows) > _HELD_ROWS:",
            f"{OUTPUT}test_a_list_that_breaks_off_keeps_rows_but_no_half_document",
        ),
        (
            "                spool.write(start.encode() + jsontext.elements(batch))\n",
            "                terminal.write(start.encode() + jsontext.elements(batch))\n",
            f"{OUTPUT}test_a_long_list_that_breaks_off_leaves_no_half_document",
        ),
    ),
    must(
        "jsonl, csv and tsv keep the rows already streamed, and the exit code is not 0.",
        (
            "    for batch in batches:\n        terminal.write(jsontext.lines(batch))\n",
            "    for batch in list(batches):\n        terminal.write(jsontext.lines(batch))\n",
            f"{PAGING}test_a_list_that_fails_half_way_keeps_what_was_streamed_but_no_half_json",
        ),
        (
            "    for batch in batches:\n        records = plain_rows",
            "    for batch in list(batches):\n        records = plain_rows",
            f"{OUTPUT}test_a_list_that_breaks_off_keeps_rows_but_no_half_document",
        ),
        (
            '    for batch in batches:\n        lines = ["\\t".join(cells)',
            '    for batch in list(batches):\n        lines = ["\\t".join(cells)',
            f"{OUTPUT}test_a_list_that_breaks_off_keeps_rows_but_no_half_document",
        ),
        (
            "    return _leave(ess, found.exit_code)\n",
            "    return _leave(ess, 0 if ess.terminal._out else found.exit_code)\n",
            f"{OUTPUT}test_a_list_that_breaks_off_keeps_rows_but_no_half_document",
        ),
    ),
    must(
        "A receiver's secrets are masked in every format, unless --reveal is given.",
        ("shown = reply if reveal else masked(reply)", "shown = reply", MASKED),
        (
            "    ess.show_object(shown, _rows(shown))",
            "    ess.show_object(shown, _rows(reply))",
            MASKED,
        ),
        (
            "    ess.show_object(shown, _rows(shown))",
            "    ess.show_object(reply, _rows(shown))",
            f"{AUTH}test_a_query_sees_the_mask_only",
        ),
        (
            "shown = reply if reveal else masked(reply)",
            "shown = masked(reply)",
            f"{AUTH}test_revealed_json_is_the_reply_as_it_is",
        ),
        (
            "key: value if key == shown and isinstance(value, str) else MASK",
            'key: MASK if key == "password" else value',
            f"{AUTH}test_oauth_settings_are_sent_as_the_file_has_them",
        ),
        (
            "lambda: masked(delivery_cfg.get_authentication(ess.http, chosen.id))",
            "lambda: delivery_cfg.get_authentication(ess.http, chosen.id)",
            f"{AUTH}test_a_password_is_read_from_a_file_without_its_newline",
        ),
    ),
    must(
        "A list that stopped early says so, with the command that goes on.",
        (
            "if count == limit and not listing.ended:",
            "if False:",
            f"{LISTS}test_the_command_that_goes_on_shows_the_rest",
        ),
        (
            "going_on(self.program_args, listing.next_offset)",
            "going_on(self.program_args, count)",
            f"{PAGING}test_where_to_go_on_counts_rows_that_were_dropped",
        ),
        (
            "if count < len(rows):",
            "if False:",
            f"{LISTS}test_an_ordered_list_that_was_cut_names_the_command_that_shows_all",
        ),
        (
            "size = min(size, self.row_limit + 1)",
            "size = min(size, self.row_limit)",
            f"{PAGING}test_a_limit_asks_for_one_row_more_than_it_shows",
        ),
    ),
    must(
        "A list that did not stop early says nothing of the kind.",
        (
            "if count == limit and not listing.ended:",
            "if count == limit:",
            f"{LISTS}test_a_limit_counts_rows_after_filters_and_order",
        ),
    ),
    must(
        "Deliveries and attempts, which have no end, stop at 50 rows unless told otherwise.",
        (
            "return None if self.flags.all else self.endless_limit",
            "return None",
            f"{PAGING}test_deliveries_stop_at_fifty_and_say_how_to_go_on",
        ),
    ),
)
