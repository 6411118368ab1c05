"""Torture: what must hold whichever call fails."""

from tests.musts import must

_TRIED = "test_torture.py::test_whichever_call_fails_nothing_leaks_lies_or_is_lost"
_ALL = "test_torture.py::test_whichever_of_all_calls_fails_nothing_leaks_lies_or_is_lost"

MUSTS = (
    must(
        "A failure of the system is never a bug of ours, nor blamed on stdout.",
        (
            "    except (OSError, ValueError) as error:\n"
            '        reason = error.strerror if isinstance(error, OSError) else "not a path"\n',
            "    except ValueError as error:\n"
            '        reason = error.strerror if isinstance(error, OSError) else "not a path"\n',
            "test_credentials.py::test_a_token_file_that_cannot_be_read_is_local_trouble",
        ),
        (
            "    except OSError as error:\n"
            '        raise FileTrouble(f"{option}: stdin cannot be read: {error.strerror}") '
            "from error\n",
            "    except ZeroDivisionError:\n        raise\n",
            "test_torture.py::test_a_token_that_cannot_be_read_from_stdin_is_not_blamed_on_stdout",
        ),
        (
            "_FAILURES = (OSError, HTTPError, http.client.HTTPException, ValueError)",
            "_FAILURES = (requests.RequestException,)",
            "test_http.py::test_every_failure_of_the_libraries_becomes_one_of_ours",
        ),
    ),
    must(
        "A change that is not on the disk is no success.",
        (
            "            os.fsync(stream.fileno())\n",
            "            with __import__('contextlib').suppress(OSError):\n"
            "                os.fsync(stream.fileno())\n",
            f"{_TRIED}[configure] {_ALL}[configure]",
        ),
        (
            "            os.fsync(stream.fileno())\n        Path(temporary).replace(target)\n",
            "            Path(temporary).replace(target)\n            os.fsync(stream.fileno())\n",
            f"{_TRIED}[configure] {_ALL}[configure]",
        ),
        (
            '        raise file_trouble("written", path, error) from error\n    finally:',
            "        return\n    finally:",
            f"{_TRIED}[configure] {_ALL}[configure]",
        ),
    ),
    must(
        "A file is whole under its name, or not there.",
        (
            '        handle, temporary = mkstemp(".partial", f".{target.name}.", target.parent)\n',
            "        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)\n"
            "        temporary = str(target)\n",
            f"{_TRIED}[configure] {_ALL}[configure]",
        ),
        (
            "            Path(temporary).unlink(missing_ok=True)\n",
            "            pass\n",
            f"{_TRIED}[configure] {_ALL}[configure]",
        ),
    ),
    must(
        "What fails, fails before it is saved, or is said to be done.",
        (
            "        row = profile_row(known.having(after), after)"
            "  # what fails is to fail before it is saved\n"
            "        _save(ess, known.having(after))\n        return row\n",
            "        _save(ess, known.having(after))\n"
            "        return profile_row(known.having(after), after)\n",
            f"{_ALL}[configure]",
        ),
        (
            "        except (OSError, OutputTrouble):\n"
            "            self.terminal.say(line)\n            raise\n",
            "        except ZeroDivisionError:\n            raise\n",
            "test_torture.py"
            "::test_a_write_that_was_accepted_is_said_where_its_result_cannot_be_printed",
        ),
    ),
    must(
        "A POST is not sent twice, and a doubt about it is told.",
        (
            "not broken.lasting and not (call.once and broken.sent)",
            "not broken.lasting",
            f"{_TRIED}[create] {_ALL}[create]",
        ),
        (
            "        SENDING.began = True\n        super().send(data)",
            "        super().send(data)\n        SENDING.began = True",
            f"{_TRIED}[create] {_ALL}[create]",
        ),
    ),
)
