"""Following what comes: each delivery once, no gap after trouble or sleep."""

from tests.musts import must

TAIL = "test_deliveries_tail.py::"

MUSTS = (
    must(
        "Each new delivery is shown once, by event id and configuration.",
        (
            "                    self._seen[identity] = moment\n",
            "",
            f"{TAIL}test_what_comes_is_shown_once_at_whichever_end_of_a_list_of_any_length",
        ),
        (
            'identity = str(row.get("event-id")), str(row.get("del-cfg-id"))',
            'identity = str(row.get("event-id")), ""',
            f"{TAIL}test_one_event_for_two_configurations_is_two_deliveries",
        ),
    ),
    must(
        "What turns up late is shown, as long as the look-back window reaches.",
        (
            "        self._first = max(self._first, began - self._look_back)\n",
            "        self._first = began\n",
            f"{TAIL}test_a_row_that_turns_up_late_is_shown_within_the_look_back",
        ),
    ),
    must(
        "Both ends of the list are looked at.",
        (
            "in chain(self._at_beginning(), self._at_end()):",
            "in self._at_beginning():",
            f"{TAIL}test_what_comes_is_shown_once_at_whichever_end_of_a_list_of_any_length",
        ),
        (
            "        while start and not self._lies_before(start):\n",
            "        while not start and not self._lies_before(start):\n",
            f"{TAIL}test_old_rows_that_go_meanwhile_hide_no_new_ones",
        ),
    ),
    must(
        "Neither trouble on the way nor a sleep leaves a gap, and both are told.",
        (
            "            except (Temporary, BadReply) as error:\n"
            "                self._unusable += isinstance(error, BadReply)\n",
            "            except BadReply as error:\n"
            "                self._unusable += isinstance(error, BadReply)\n",
            f"{TAIL}test_trouble_is_told_once_and_leaves_no_gap",
        ),
        (
            "                if not self._is_troubled:\n",
            "                if pause_s:\n",
            f"{TAIL}test_trouble_is_told_once_and_leaves_no_gap",
        ),
        (
            "        if gap_s > pause_s + _GAP_S:\n",
            "        if gap_s < 0:\n",
            f"{TAIL}test_a_machine_that_slept_goes_on_where_it_was",
        ),
        (
            "            if self._unusable >= (_MOST_UNUSABLE if newcomers.looks else 1):\n",
            "            if self._unusable >= 1:\n",
            TAIL.rstrip(":"),
        ),
    ),
    must(
        "What was not taken where it was forwarded to is told, and ends with exit code 11.",
        (
            "            self._failed += 1\n",
            "",
            f"{TAIL}test_what_is_not_taken_is_told_and_ends_with_11",
        ),
        (
            "        if pause_s is None or status not in _WORTH_ANOTHER:\n",
            "        if status:\n",
            f"{TAIL}test_what_is_refused_for_now_is_posted_again",
        ),
    ),
)
