"""Without anybody there: one run at a time, not for ever, and a token that is never lost."""

from tests.musts import must

ALONE = "test_unattended.py::"
REFRESH = "test_auth_refresh.py::"
DUMP = "test_topics_dump.py::"

MUSTS = (
    must(
        "A second run under --lock ends with exit code 12 and names the first.",
        (
            "        held = filelock.FileLock(path, 0, mode=0o600).acquire()\n"
            "    except filelock.Timeout:\n        raise _held(path, holder) from None",
            '        held = filelock.FileLock(f"{path}{os.getpid()}", 0).acquire()\n'
            "    except filelock.Timeout:\n        raise _held(path, holder) from None",
            f"{ALONE}test_a_second_run_ends_with_exit_code_12_and_names_the_first",
        ),
        (
            "        write_whole(holder, json.dumps(facts).encode())\n",
            "",
            f"{ALONE}test_a_second_run_ends_with_exit_code_12_and_names_the_first",
        ),
        (
            "name = f\"{quote(profile, safe='')}.{command.removeprefix('ess ')"
            ".replace(' ', '-')}\"",
            'name = "lock"',
            f"{ALONE}test_other_profiles_and_commands_have_locks_of_their_own"
            f" {ALONE}test_a_second_run_ends_with_exit_code_12_and_names_the_first",
        ),
    ),
    must(
        "--max-duration ends a run with exit code 13, even in a stalled read.",
        (
            "            signal.setitimer(signal.ITIMER_REAL, limit_s)\n"
            "            self._stop_clock = stop_clock\n",
            "            self._stop_clock = stop_clock\n",
            f"{ALONE}test_a_read_that_does_not_end_ends_with_exit_code_13",
        ),
        (
            "        if self._deferred:\n            raise Interrupted(line, self._signal_code)\n",
            "",
            f"{ALONE}test_a_write_on_the_wire_is_answered_and_nothing_is_sent_after_it"
            f" {ALONE}test_where_nothing_can_be_broken_off_nothing_new_is_sent",
        ),
        (
            "        self._deferred = bool(lines or self._untold)\n",
            "        self._deferred = False\n",
            f"{ALONE}test_a_write_on_the_wire_is_answered_and_nothing_is_sent_after_it",
        ),
        (
            "            signal.signal(signal.SIGALRM, previous)\n\n        if hasattr",
            "            pass\n\n        if hasattr",
            f"{ALONE}test_a_run_within_its_time_is_as_ever",
        ),
    ),
    must(
        "Under -v each message is one line with time and profile; success is quiet.",
        (
            'self.terminal.stamp = lambda: f"{wire(self.now())} {self._profile_so_far}: "',
            'self.terminal.stamp = lambda: f"{self._profile_so_far}: "',
            f"{ALONE}test_verbose_puts_time_and_profile_before_each_line",
        ),
    ),
    must(
        "A refresh sends nothing unless the new token can be kept, and tells that the"
        " old one dies.",
        (
            "    _try_to_write(path)\n    return Home(account, path, limit_s)\n",
            "    return Home(account, path, limit_s)\n",
            f"{REFRESH}test_where_nothing_can_be_written_beside_the_file_nothing_is_sent",
        ),
        (
            'the old one is dead for everyone"',
            'done"',
            f"{REFRESH}test_a_token_in_a_file_is_replaced_there_and_the_old_one_dies",
        ),
        (
            "    ess.confirm(what, ess.settings.protected_by)\n    old = ess",
            "    old = ess",
            f"{REFRESH}test_it_wants_a_yes_and_of_a_protected_profile_its_name",
        ),
    ),
    must(
        "A new token that cannot be kept where the old one was is left in a file of its own.",
        (
            "    except EssError as error:\n"
            "        raise _rescued(home, token, error) from error\n",
            "    except EssError:\n        raise\n",
            f"{REFRESH}test_a_new_token_that_cannot_be_kept_is_left_in_a_file",
        ),
    ),
    must(
        "Two runs do not replace one token: the second takes what the first got.",
        (
            "        if now is not None and now.value != old.value:\n"
            "            return Renewed(now, None)\n",
            "",
            f"{REFRESH}test_what_another_run_has_just_put_there_is_used_and_not_replaced",
        ),
    ),
    must(
        "After a 401 there is one refresh and one replay, of reads only, and only where asked for.",
        (
            "            self._has_renewed = True\n",
            "",
            f"{REFRESH}test_one_refresh_and_one_replay_in_a_run_and_no_more",
        ),
        (
            "is_read = refused.http == 401 and call.look is None",
            "is_read = refused.http == 401",
            f"{REFRESH}test_a_write_that_is_refused_is_not_sent_again",
        ),
        (
            "        if not self.settings.refreshing.automatic:\n",
            "        if self.flags.quiet:\n",
            f"{REFRESH}test_without_auto_refresh_a_401_is_a_401",
        ),
    ),
    must(
        "A dump is started once, and whatever ends the wait says how to go on.",
        (
            '        raise RunTimeOver(ess.flags.max_duration, f"go on with: {going_on}")'
            " from None\n"
            "    except AllowedTimeOver as error:",
            "        raise\n    except AllowedTimeOver as error:",
            f"{DUMP}test_where_the_time_is_over_the_way_on_is_said_with_exit_code_13",
        ),
        (
            '            ess.terminal.say(f"the dump is not lost; go on with: {going_on}")\n',
            "            pass\n",
            f"{DUMP}test_what_ends_the_pause_between_two_looks_leaves_the_way_on",
        ),
        (
            '        error.hint = f"go on with: {going_on}"\n',
            "",
            f"{DUMP}test_a_notice_that_never_comes_ends_with_13_and_the_way_on",
        ),
        (
            "        except Temporary as error:\n            if not in_trouble:",
            "        except ZeroDivisionError as error:\n            if not in_trouble:",
            f"{DUMP}test_trouble_while_waiting_is_noted_once_and_waited_through",
        ),
    ),
    must(
        "The file of a dump is the one announced: named, alone, of its size, unpacked whole.",
        (
            "    if len(named) > 1:\n        raise BadReply(",
            "    if len(named) > 9:\n        raise BadReply(",
            f"{DUMP}test_two_files_that_name_the_dump_are_listed_and_none_is_fetched",
        ),
        (
            "alone = alone + 1 if may_assume and len(found.all) == 1 else 0",
            "alone = alone + 1 if may_assume and found.all else 0",
            f"{DUMP}test_of_several_notices_none_is_chosen_and_all_are_listed",
        ),
        (
            '_NO_NAMES = ("time", "size", "status")',
            '_NO_NAMES = ("status",)',
            f"{DUMP}test_of_several_notices_none_is_chosen_and_all_are_listed",
        ),
        (
            "        if size is not None and size not in (self.received, self.written):\n",
            "        if size is not None and size < 0:\n",
            f"{DUMP}test_a_file_that_is_not_what_was_announced_leaves_the_old_one",
        ),
        (
            "        if self._unpacking is not None and not self._unpacking.eof:\n",
            "        if self._unpacking is not None and self._unpacking.eof is None:\n",
            f"{DUMP}test_a_file_that_is_not_what_was_announced_leaves_the_old_one",
        ),
        (
            "        self.received = self.written = 0\n        self.was_packed",
            "        self.was_packed",
            f"{DUMP}test_a_dump_is_waited_for_fetched_and_unpacked"
            f" {DUMP}test_a_file_that_breaks_off_is_fetched_again_from_its_beginning",
        ),
    ),
    must(
        "The file is fetched from the service's own host, without the user token; elsewhere bare.",
        (
            "    if not is_own and named not in {name.lower() for name in allowed}:\n",
            "    if not is_own and named is None:\n",
            f"{DUMP}test_a_location_elsewhere_is_refused_and_nothing_is_written",
        ),
        (
            "    header = ess.credentials.authorization if place.is_own else None\n",
            "    header = ess.credentials.authorization\n",
            f"{DUMP}test_another_host_that_the_user_names_gets_no_credentials",
        ),
        (
            "(lambda: Authorization(header), place.origin)",
            "(ess._authorization, place.origin)",
            f"{DUMP}test_the_file_gets_the_token_and_the_company_and_never_the_user_token",
        ),
    ),
)
