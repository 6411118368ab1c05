"""Files, pipes, signals: what is printed is printed whole, and what was kept is kept."""

from tests.musts import must

STREAMS = "test_streams.py::"
LEAVES = f"{STREAMS}test_a_reader_that_leaves_ends_the_run_quietly"
NEVER = f"{STREAMS}test_a_reader_that_was_never_there_is_no_success"
FULL = f"{STREAMS}test_a_full_disk_is_no_success"
CLOSED = f"{STREAMS}test_a_closed_stdout_is_no_success"
MAY_BE_CLOSED = f"{STREAMS}test_stderr_and_stdin_may_be_closed"
PROFILE = "test_profile.py::"
SIGNALS = "test_interruption.py::"

MUSTS = (
    must(
        "A full disk leaves the file that was there as it was.",
        (
            'handle, temporary = mkstemp(".partial", f".{target.name}.", target.parent)',
            "temporary = str(target)\n"
            "        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)",
            f"{PROFILE}test_a_full_disk_leaves_the_old_file_as_it_was",
        ),
        (
            "            Path(temporary).unlink(missing_ok=True)\n",
            "            pass\n",
            f"{PROFILE}test_a_full_disk_leaves_the_old_file_as_it_was",
        ),
    ),
    must(
        "A file stands under its final name only when it is whole and on the disk.",
        (
            'handle, temporary = mkstemp(".partial", f".{target.name}.", target.parent)',
            "temporary = str(target)\n"
            "        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)",
            f"{PROFILE}test_a_write_that_is_killed_leaves_the_old_file_as_it_was",
        ),
        (
            "            os.fsync(stream.fileno())\n",
            "",
            f"{PROFILE}test_a_write_that_is_killed_leaves_the_old_file_as_it_was",
        ),
        (
            'partial = f"{path}.{os.getpid()}.partial"',
            "partial = path",
            "test_cache.py::test_a_later_list_takes_the_place_of_the_one_before",
        ),
    ),
    must(
        "A reader that leaves ends the run with 141.",
        ("return _leave(ess, 141)", "return _leave(ess, 0)", f"{LEAVES}[jsonl]"),
        ("                return 141\n", "                return 0\n", NEVER),
    ),
    must(
        "A reader that leaves ends the run without a word.",
        (
            "._out.write(data)\n        except BrokenPipeError:\n            raise\n",
            "._out.write(data)\n",
            f"{LEAVES}[table]",
        ),
        (
            "._out.flush()\n        except BrokenPipeError:\n            raise\n",
            "._out.flush()\n",
            NEVER,
        ),
        (
            "    if isinstance(error, BrokenPipeError):\n        return _leave",
            "    if isinstance(error, ChildProcessError):\n        return _leave",
            f"{LEAVES}[jsonl]",
        ),
    ),
    must(
        "Output that cannot be written, to a full disk say, is exit 12 and never 0.",
        (
            "code = invoke(list(args), ess)\n        ess.terminal.flush()\n",
            "code = invoke(list(args), ess)\n",
            FULL,
        ),
        (
            "            sys.stdout.buffer.flush()\n            return 0\n",
            "            return 0\n",
            FULL,
        ),
    ),
    must(
        "A closed stdout is exit 12 and never 0.",
        (
            'raise OutputTrouble("stdout is closed", hint=',
            'return io.BytesIO() if stream is None else OutputTrouble("", hint=',
            CLOSED,
        ),
        ("if sys.stdout is None and not error.exit_code:", "if False:", CLOSED),
        (
            '        why = "it is closed"\n    else:',
            "        return 0\n    else:",
            CLOSED,
        ),
    ),
    must(
        "Where the first three descriptors are closed, no file of ours takes their place.",
        (
            "    _occupy_descriptors()\n",
            "",
            f"{STREAMS}test_closed_descriptors_are_filled_in_before_anything_is_opened",
        ),
    ),
    must(
        "stderr may be closed, full or without a reader: the exit code still tells.",
        (
            "        if sys.stderr is None:\n            return\n        encoding",
            "        encoding",
            f"{MAY_BE_CLOSED}[2>&-]",
        ),
        (
            "(OSError, ValueError):\n            return  # NOTE: nobody reads stderr",
            "ValueError:\n            return  # NOTE: nobody reads stderr",
            f"{MAY_BE_CLOSED}[2>/dev/full]"
            f" {STREAMS}test_a_reader_of_stderr_that_leaves_changes_nothing",
        ),
    ),
    must(
        "A closed stdin is no crash: what was to be read from it is wrong usage.",
        (
            'if data == "-" and sys.stdin is None:',
            "if False:",
            "test_redaction.py::test_a_closed_stdin_is_wrong_usage",
        ),
        (
            'if path == "-" and (sys.stdin is None or sys.stdin.isatty()):',
            'if path == "-" and sys.stdin.isatty():',
            "test_redaction.py::test_a_closed_stdin_is_wrong_usage",
        ),
    ),
    must(
        "A slow reader gets every byte, whether its pipe blocks or not.",
        (
            "            except BlockingIOError:\n",
            "            except ChildProcessError:\n",
            f"{STREAMS}test_a_slow_reader_gets_every_byte",
        ),
        (
            "return io.BufferedWriter(_Descriptor(descriptor), 65536)",
            "return stream.buffer",
            f"{STREAMS}test_a_slow_reader_gets_every_byte",
        ),
    ),
    must(
        "Data is UTF-8 in any locale.",
        (
            'terminal.write("".join([header, *lines]).encode())',
            'terminal.write("".join([header, *lines]).encode(__import__("sys").stdout.encoding))',
            f"{STREAMS}test_any_locale_gets_the_same_bytes",
        ),
    ),
    must(
        "Errors are said in any locale, with escapes for what it lacks.",
        (
            'line.encode(encoding, "backslashreplace").decode(encoding)',
            'line.encode("ascii").decode()',
            f"{STREAMS}test_any_locale_gets_its_errors",
        ),
    ),
    must(
        "A screen that takes only ASCII gets every row.",
        (
            'data.decode().encode(self._encoding, "backslashreplace")',
            "data.decode().encode(self._encoding)",
            f"{STREAMS}test_any_terminal_gets_every_row",
        ),
    ),
    must(
        "An empty environment is enough, and so is one without a HOME that is of use.",
        (
            'os.path.expanduser("~")',
            'os.environ["HOME"]',
            f"{STREAMS}test_an_empty_environment_is_enough",
        ),
        (
            "    except (FileNotFoundError, NotADirectoryError):\n        return Config(path, {})",
            "    except FileNotFoundError:\n        return Config(path, {})",
            f"{STREAMS}test_no_home_is_needed_to_read[HOME=/dev/null]",
        ),
        (
            "    except (OSError, ValueError):\n        return\n\n\ndef _make_directories",
            "    except ValueError:\n        return\n\n\ndef _make_directories",
            f"{STREAMS}test_no_home_is_needed_to_read[HOME=/dev/null]",
        ),
    ),
    must(
        "A dumb terminal gets no colour, and every row whole.",
        (
            ' and os.environ.get("TERM") != "dumb"',
            "",
            f"{STREAMS}test_any_terminal_gets_every_row[TERM=dumb]",
        ),
        (
            "        height=25,  # NOTE",
            "        # NOTE",
            "test_terminal.py::test_ids_and_criteria_are_whole_on_the_narrowest_screen",
        ),
    ),
    must(
        "A screen of ten columns is no crash, and cuts no id.",
        (
            "width=max(needed, terminal.width),",
            "width=terminal.width,",
            "test_terminal.py::test_ids_and_criteria_are_whole_on_the_narrowest_screen",
        ),
        (
            "            return max(_LEAST_ROOM, share)\n",
            "            return share\n",
            "test_terminal.py::test_ten_columns_are_enough",
        ),
    ),
    must(
        "After a first signal nothing new is sent, not even what had failed.",
        (
            "        self._interruption.check(call.line)\n",
            "",
            f"{SIGNALS}test_what_was_written_is_not_read_back_after_a_signal",
        ),
        (
            "or attempt == ATTEMPTS or self._interruption.exit_code:",
            "or attempt == ATTEMPTS:",
            f"{SIGNALS}test_a_write_that_fails_after_a_signal_keeps_its_own_code"
            "_and_is_not_sent_again",
        ),
    ),
    must(
        "A write that is on the wire is awaited, and what it did is told.",
        (
            "self._deferred = bool(lines or self._untold)",
            "self._deferred = False",
            f"{SIGNALS}test_half_a_reply_is_awaited_too",
        ),
        (
            "return code or interruption.exit_code",
            "return code",
            f"{SIGNALS}test_half_a_reply_is_awaited_too",
        ),
    ),
    must(
        "A second signal leaves, and the write is then in doubt.",
        (
            "return number == self._number and monotonic() - self._deferred_at < _SAME_S",
            "return True",
            f"{SIGNALS}test_the_second_signal_leaves_the_write_in_doubt",
        ),
        (
            "if call.look is not None and (doubts or SENDING.began):",
            "if call.look is not None and doubts:",
            f"{SIGNALS}test_the_second_signal_leaves_the_write_in_doubt",
        ),
    ),
    must(
        "One signal, sent to the process and to its group, is one.",
        (
            "return number == self._number and monotonic() - self._deferred_at < _SAME_S",
            "return False",
            f"{SIGNALS}test_a_signal_that_comes_twice_at_once_is_one",
        ),
    ),
    must(
        "A signal ends a run by exit code, 130 or 143, and leaves the rows that were whole.",
        (
            "return _leave(ess, 143, within_s=_LAST_WRITE_S)",
            "return _leave(ess, 0, within_s=_LAST_WRITE_S)",
            f"{STREAMS}test_a_signal_during_a_read_ends_it_by_exit_code",
        ),
        (
            "return _leave(ess, 130, within_s=_LAST_WRITE_S)",
            "return 130",
            f"{STREAMS}test_a_signal_half_way_keeps_whole_rows",
        ),
    ),
    must(
        "A signal that the parent wants ignored stays ignored.",
        (
            "if signal.getsignal(number) not in (signal.SIG_IGN, None)",
            "if signal.getsignal(number) is not None",
            f"{STREAMS}test_a_signal_that_is_ignored_stays_ignored",
        ),
    ),
    must(
        "Of changes to the configuration at the same time none is lost.",
        (
            'lock = target.with_name(target.name + ".lock")',
            "lock = target.with_name(f\"{target.name}{__import__('os').getpid()}.lock\")",
            "test_config_lock.py::test_of_many_changes_at_the_same_time_none_is_lost",
        ),
    ),
)
