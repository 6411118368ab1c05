"""Exports: each row once, each file whole or not there, nothing left out between two runs."""

from tests.musts import must

WHOLE = "test_export.py::"
GOING = "test_export_incremental.py::"
LAKE = "test_export_parquet.py::"
PLACES = "test_export_odd_places.py::"
BUCKET = "test_export_bucket_trouble.py::"
DEAD = "test_export_killed.py::"
SENT = "test_export_bucket_killed.py::"
KILLED = f"{DEAD}test_a_run_killed_at_any_point_and_started_again_leaves_what_one_run_leaves"

MUSTS = (
    must(
        "A row is exported once by event id and configuration, although the list grows.",
        (
            "return rows if all(is_new) else list(compress(rows, is_new))",
            "return rows",
            f"{WHOLE}test_a_row_seen_again_long_after_is_dropped",
        ),
        (
            'DELIVERIES = Kind("deliveries", ("event-id", "del-cfg-id"), "timestamp"',
            'DELIVERIES = Kind("deliveries", ("event-id",), "timestamp"',
            f"{WHOLE}test_a_row_seen_again_long_after_is_dropped"
            f" {GOING}test_each_run_adds_what_is_new_under_the_next_number",
        ),
        (
            "            slot = value & mask\n"
            "            while (there := slots[slot]) and there != value:\n"
            "                slot = (slot + 1) & mask\n            slots[slot] = value\n",
            "            slot = value & mask\n            there = slots[slot]\n"
            "            slots[slot] = value\n",
            f"{WHOLE}test_a_service_that_dies_leaves_the_old_file_whole_and_the_next_run_right",
        ),
    ),
    must(
        "A file is there whole or not at all: .partial, flushed, renamed.",
        (
            'return self._staging.add(name, self.path / f"{name}.{self._mark}{PARTIAL}")',
            "return self._staging.add(name, self.path / name)",
            f"{WHOLE}test_a_run_that_is_ended_leaves_the_old_file_whole_and_the_next_one_tidies_up"
            f" {WHOLE}test_a_disk_that_is_full_leaves_the_old_file_whole",
        ),
        (
            "    finally:\n        _discard(place)\n",
            "    finally:\n        place.names()\n",
            f"{WHOLE}test_a_service_that_dies_leaves_the_old_file_whole_and_the_next_run_right",
        ),
        (
            "                if mark is not None and is_left(mark, self._mark):\n",
            "                if mark is None:\n",
            f"{WHOLE}test_a_run_that_is_ended_leaves_the_old_file_whole_and_the_next_one_tidies_up",
        ),
        (
            "        os.kill(int(mark), 0)\n",
            "        raise ProcessLookupError\n",
            f"{WHOLE}test_two_exports_at_once_leave_each_other_s_files_alone",
        ),
    ),
    must(
        "What an export wrote is for its owner only.",
        (
            "os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))\n            self.paths",
            "os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))\n            self.paths",
            f"{LAKE}test_duckdb_reads_what_was_listed",
        ),
    ),
    must(
        "Where a target cannot be written is found before anything is fetched.",
        (
            "        running.check(job)\n",
            "",
            f"{WHOLE}test_a_target_that_cannot_be_written_is_found_before_anything_is_fetched"
            f" {BUCKET}test_a_bucket_that_refuses_is_found_before_anything_is_fetched",
        ),
        (
            "        with suppress(FileNotFoundError, NotADirectoryError):\n"
            "            path.stat()\n        return path.resolve()\n"
            "    except (OSError, RuntimeError) as error:",
            "        return path.resolve()\n    except FileExistsError as error:",
            f"{PLACES}test_a_target_that_leads_nowhere_is_told_before_anything_is_fetched",
        ),
        (
            "    refuse_odd(Path(to))\n",
            "",
            f"{PLACES}test_a_target_that_leads_nowhere_is_told_before_anything_is_fetched",
        ),
    ),
    must(
        "An export looks, and takes away, only where exports have files.",
        (
            '            for found in self.path.glob(f"{depth}*{PARTIAL}"):\n',
            '            for found in self.path.rglob(f"*{PARTIAL}"):\n',
            f"{PLACES}test_what_lies_deeper_in_the_directory_is_nobody_s_business",
        ),
        (
            "    known = _NAME if name is None else re.escape(name)\n",
            '    known = ".*"\n',
            f"{DEAD}test_what_others_have_in_the_directory_stays",
        ),
        (
            'glob(f".{escape(path.name)}.????????{PARTIAL}")',
            'glob(f".{escape(path.name)}.*")',
            f"{DEAD}test_what_others_have_in_the_directory_stays",
        ),
        (
            "if pattern.fullmatch(name) and name not in now)",
            "if name not in now)",
            f"{LAKE}test_a_second_export_replaces_the_first",
        ),
    ),
    must(
        "A run killed at any point, and started again, leaves what one run leaves.",
        (
            "            states.save(going.path, going.export, after)\n        except Exception:\n",
            "            _put_in_place(export, going, after)\n        except Exception:\n",
            f"{DEAD}test_what_a_killed_run_published_stays_although_the_list_is_another_one_since",
        ),
        (
            "export.place.check({each.staged for each in due if each.staged})",
            "export.place.check()",
            KILLED,
        ),
        (
            "    return _put_in_place(export, going, found)\n",
            "    return found\n",
            f"{DEAD}test_what_was_put_in_place_is_printed_by_the_next_run_that_ends_well",
        ),
        (
            "        kept = staged.values()\n",
            "",
            f"{BUCKET}test_a_server_that_dies_between_two_files_leaves_whole_ones_and_the_next"
            "_run_is_right",
        ),
        (
            'f"{export.kind.noun}-{sequence:06}"',
            'f"{export.kind.noun}-{sequence + len(_numbered(export)):06}"',
            KILLED,
        ),
        (
            "    if gone:\n",
            "    if not gone:\n",
            f"{DEAD}test_what_is_finished_and_gone_is_told_once",
        ),
        (
            "    if mark == own:\n        return True\n",
            "    if mark == own:\n        return False\n",
            f"{SENT}test_what_a_killed_run_staged_for_a_bucket_is_taken_away_by_the_next",
        ),
        (
            "            _remove_temporary()\n",
            "            pass\n",
            f"{SENT}test_what_a_killed_run_staged_for_a_bucket_is_taken_away_by_the_next",
        ),
        (
            "        os.truncate(path, 0)\n",
            "",
            f"{SENT}test_a_bucket_gets_the_rest_of_what_a_killed_run_was_sending",
        ),
        (
            'else state.with_name(f"{state.name}.staged")\n',
            'else Path("link.staged").absolute()\n',
            f"{SENT}test_a_bucket_gets_the_rest_of_what_a_killed_run_was_sending",
        ),
        (
            "            running.told(going, state)\n",
            "",
            f"{DEAD}test_what_was_put_in_place_is_printed_by_the_next_run_that_ends_well",
        ),
        (
            "publishing=(*state.publishing, *new)\n",
            "publishing=(*new,)\n",
            f"{DEAD}test_what_was_put_in_place_is_printed_by_the_next_run_that_ends_well",
        ),
        (
            "            wait(writing)\n            raise\n",
            "            raise\n",
            f"{DEAD}test_a_second_signal_leaves_nothing_behind",
        ),
    ),
    must(
        "An incremental export leaves no gap.",
        (
            "self._floor = _later(_less(self._newest, overlap), read(state.remembered_from))",
            "self._floor = self._newest",
            f"{GOING}test_what_turns_up_within_the_overlap_is_not_missed",
        ),
        (
            "            elif key not in self._seen:\n                self._waiting.add(key)\n",
            "",
            f"{GOING}test_a_delivery_waits_until_its_status_is_final",
        ),
        (
            "self._newest = _later(self._newest, min(moment, self._limit))",
            "self._newest = _later(self._newest, moment)",
            f"{GOING}test_a_row_of_the_future_does_not_hide_what_comes_before_it",
        ),
        (
            "        if self._wanted.until is not None and not"
            " _is_before(self._wanted.until, moment):\n            return False\n",
            "",
            f"{GOING}test_what_until_left_out_comes_later",
        ),
    ),
    must(
        "Two exports in one place keep their hands off each other's files.",
        (
            'return f"s{sha256(told).hexdigest()[:8]}"',
            'return "s12345678"',
            f"{DEAD}test_another_export_leaves_what_a_killed_one_has_finished",
        ),
        (
            "        return False  # another export's; and",
            "        return True  # another export's; and",
            f"{DEAD}test_another_export_leaves_what_a_killed_one_has_finished",
        ),
        (
            "                if not replacing and path.exists():\n",
            "                if not path.parent.exists():\n",
            f"{DEAD}test_another_export_leaves_what_a_killed_one_has_finished",
        ),
        (
            "                if there.get(name, size) != size:\n",
            "                if not size:\n",
            f"{SENT}test_an_object_that_this_export_has_not_written_stays",
        ),
    ),
    must(
        "A state waits for no delivery that is over.",
        (
            "                self._waiting.discard(key)\n            elif",
            "                pass\n            elif",
            f"{GOING}test_a_status_that_never_comes_is_waited_for_until_another_one_is_final",
        ),
    ),
    must(
        "No two fields of the event are one column of Parquet.",
        (
            "        _refuse_one_name(fields)\n",
            "",
            f"{WHOLE}test_a_wrong_call_writes_nothing",
        ),
    ),
    must(
        "An incremental export gives nothing twice.",
        (
            "        self._seen.add_new(state.exported)\n",
            "",
            f"{GOING}test_each_run_adds_what_is_new_under_the_next_number",
        ),
        (
            "return _later(_less(self._newest, self._overlap), self._floor)",
            "return _less(self._newest, self._overlap)",
            f"{GOING}test_a_longer_overlap_never_brings_back_what_was_forgotten",
        ),
        (
            "        with alone(going.path):\n",
            "        if going:\n",
            f"{GOING}test_two_runs_at_once_do_not_share_a_state",
        ),
    ),
    must(
        "A state that is damaged, old, or of another export is told, and nothing is fetched.",
        (
            'whole = isinstance(document, dict) and document.pop("sha256") == _digest(document)',
            'whole = isinstance(document, dict) and bool(document.pop("sha256"))',
            f"{GOING}test_a_state_in_which_one_digit_has_changed_is_damaged",
        ),
        (
            "        if kept.get(name) != value:\n",
            '        if kept.get(name) != value and name not in ("profile", "target"):\n',
            f"{GOING}test_the_state_of_another_export_is_refused",
        ),
        (
            "    if highest > found.sequence:\n",
            "    if highest > found.sequence + 99:\n",
            f"{GOING}test_files_without_their_state_are_not_written_over",
        ),
        (
            "        if path.exists() and not path.is_file():\n"
            '            raise FileTrouble(f"{path} cannot be read: it is not a regular file")\n',
            "        if path.is_dir():\n"
            '            raise FileTrouble(f"{path} cannot be read: it is not a regular file")\n',
            f"{PLACES}test_what_is_no_state_is_told_and_left_as_it_is",
        ),
        (
            "        whole = whole and (version != VERSION or _is_shaped(document))\n",
            "",
            f"{PLACES}test_what_is_no_state_is_told_and_left_as_it_is",
        ),
        (
            '        if highest or any(map(_pattern(export, "").fullmatch, names)):\n',
            "        if not highest and highest:\n",
            f"{GOING}test_files_without_their_state_are_not_written_over",
        ),
        (
            "    if export.name is None and _numbers(export, export.place.names()):\n",
            "    if export.name and _numbers(export, export.place.names()):\n",
            f"{GOING}test_all_rows_are_not_put_beside_those_of_a_going_export",
        ),
    ),
    must(
        "A state holds no secret, and a bucket's address none either.",
        (
            '        "service": "embedded" if ess.settings.is_sandbox else'
            " ess.settings.base_url.url,\n",
            '        "service": "embedded" if ess.settings.is_sandbox else'
            " str(ess.credentials.authorization),\n",
            f"{GOING}test_a_state_holds_no_secret",
        ),
        (
            '        if "@" in to:\n',
            '        if "@@" in to:\n',
            f"{LAKE}test_an_address_that_cannot_be_meant_is_refused",
        ),
    ),
    must(
        "Parquet has an explicit schema and Hive's partitions; what fits no column is kept.",
        (
            'NO_VALUE = "__HIVE_DEFAULT_PARTITION__"',
            'NO_VALUE = "none"',
            f"{LAKE}test_what_fits_no_column_is_kept",
        ),
        (
            '_NUMBERS = ("attempt", "http")\n',
            '_NUMBERS = ("attempt",)\n',
            f"{LAKE}test_attempts_have_numbers",
        ),
        (
            '_TIMES = ("time", "event-time")\n',
            '_TIMES = ("time",)\n',
            f"{LAKE}test_attempts_have_numbers",
        ),
    ),
    must(
        "What fails in the thread that writes ends the run.",
        (
            "            self._writing.result()\n",
            "            self._writing.exception()\n",
            f"{LAKE}test_what_cannot_be_written_ends_the_run_before_the_list_ends",
        ),
    ),
    must(
        "A bucket's server that says nothing keeps no run beyond its time.",
        (
            'self._try("written", lambda: _apart(connect, _PATIENCE_S))',
            'self._try("written", connect)',
            f"{BUCKET}test_a_server_that_says_nothing_does_not_outlast_max_duration",
        ),
        (
            "pool.shutdown(wait=isinstance(error, Exception), cancel_futures=True)",
            "pool.shutdown(wait=True, cancel_futures=True)",
            f"{BUCKET}test_a_server_that_says_nothing_does_not_outlast_max_duration",
        ),
    ),
    must(
        "A bucket that cannot be reached is temporary; one that refuses is to be set right.",
        (
            "            if _MAY_PASS.search(why) or isinstance(error, TimeoutError):\n",
            "            if isinstance(error, TimeoutError):\n",
            f"{BUCKET}test_a_server_that_is_not_there_is_given_up_and_temporary",
        ),
        (
            "            if _MAY_PASS.search(why) or isinstance(error, TimeoutError):\n",
            "            if why:\n",
            f"{BUCKET}test_a_bucket_that_refuses_is_found_before_anything_is_fetched",
        ),
    ),
)
