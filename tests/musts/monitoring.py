"""What other tools read: a check, metrics, a summary's file, a page."""

from tests.musts import must

CHECK = "test_deliveries_check.py::"
METRICS = "test_deliveries_metrics.py::"
SUMMARY = "test_deliveries_summary.py::"
REPORT = "test_deliveries_report.py::"

MUSTS = (
    must(
        "A check that finds something ends with 10, and says what.",
        (
            "        if self.most is None or self.value <= self.most:\n",
            "        if self.most is None or self.value <= self.most + 1:\n",
            f"{CHECK}test_limits_are_for_all_or_for_one_configuration"
            f" {CHECK}test_each_count_has_its_own_limit",
        ),
        (
            "        if moment < oldest:\n",
            "        if moment > oldest:\n",
            f"{CHECK}test_the_oldest_that_has_still_to_arrive_is_the_one_that_counts",
        ),
    ),
    must(
        "What cannot be known is no success of a check.",
        (
            "        if moment is None:\n            raise WrongShape(",
            "        if moment is None:\n            continue\n            raise WrongShape(",
            f"{CHECK}test_what_waits_without_a_time_may_be_the_oldest",
        ),
    ),
    must(
        "A plugin has its own exit codes, one line, and no secret in it.",
        (
            'STATES = {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}',
            'STATES = {"OK": 0, "WARNING": 1, "CRITICAL": 10, "UNKNOWN": 3}',
            f"{CHECK}test_a_limit_exceeded_is_critical_and_all_stands_in_one_line",
        ),
        (
            '    return visible(redact(text)).replace("|", "/")\n',
            "    return visible(redact(text))\n",
            f"{CHECK}test_names_from_strangers_break_neither_the_line_nor_its_data",
        ),
        (
            '    return visible(redact(text)).replace("|", "/")\n',
            '    return visible(text).replace("|", "/")\n',
            f"{CHECK}test_a_plugin_s_line_repeats_no_secret"
            f" {CHECK}test_a_bug_is_unknown_too_and_repeats_no_secret",
        ),
        (
            "    if ess.is_plugin:\n        return _report_to_monitoring(",
            "    if ess.is_plugin and found is None:\n        return _report_to_monitoring(",
            f"{CHECK}test_every_error_is_unknown_on_stdout_and_nothing_stands_on_stderr",
        ),
        (
            "    if isinstance(error, TimeOver) and ess.is_plugin:\n",
            "    if isinstance(error, TimeOver) and ess.is_plugin is None:\n",
            f"{CHECK}test_a_service_that_does_not_answer_in_time_is_unknown",
        ),
    ),
    must(
        "A failed run keeps the metrics of before and sets ess_up to 0.",
        (
            "    except (EssError, TimeOver):\n        _tell_failure(ess, path)\n        raise\n",
            "    except (EssError, TimeOver):\n        raise\n",
            f"{METRICS}test_a_run_that_fails_keeps_the_values_and_says_that_it_is_down",
        ),
        (
            "    except (EssError, TimeOver):\n        _tell_failure(ess, path)\n",
            "    except EssError:\n        _tell_failure(ess, path)\n",
            f"{METRICS}test_a_run_that_takes_too_long_is_a_failed_one",
        ),
        (
            "    if found:\n        return kept\n",
            "",
            f"{METRICS}test_a_run_that_fails_keeps_the_values_and_says_that_it_is_down",
        ),
    ),
    must(
        "Metrics have no timestamps and few series, whatever the names.",
        (
            "MOST_COMBINATIONS = 333\n",
            "MOST_COMBINATIONS = 3330\n",
            f"{METRICS}test_too_many_names_are_put_together",
        ),
        (
            "            sums[index] += row[status]\n",
            "            sums[index] = row[status]\n",
            f"{METRICS}test_rows_of_one_name_are_added",
        ),
        (
            "    return Text(generate_latest(registry), folded)\n",
            '    return Text(generate_latest(registry).replace(b".0\\n", b".0 1700000000000\\n'
            '"), folded)\n',
            f"{METRICS}test_the_file_has_the_counts_and_no_times_of_its_own",
        ),
    ),
    must(
        "A file of metrics or of a summary is there whole, and readable by other users.",
        (
            "        write_whole(path, content, private=False)\n",
            "        path.write_bytes(content)\n",
            f"{METRICS}test_a_full_disk_leaves_the_old_file",
        ),
        (
            "        write_whole(path, content.getvalue(), private=False)\n",
            "        path.write_bytes(content.getvalue())\n",
            f"{SUMMARY}test_a_full_disk_leaves_the_old_file_and_no_other",
        ),
    ),
    must(
        "A summary's file is named by the time in UTC, checked first, and adds up.",
        (
            "        return moment.strftime(found[0])\n",
            '        return "0"\n',
            f"{SUMMARY}test_a_file_is_named_by_the_time_in_utc_and_stdout_stays_empty",
        ),
        (
            "    files.refuse_place(path)\n    named = ",
            "    named = ",
            f"{SUMMARY}test_a_place_where_no_file_can_be_is_refused_before_anything_is_asked",
        ),
        (
            "        rows = tallies.by_level(every, BY[by])\n",
            "        pass\n",
            f"{SUMMARY}test_counts_are_added_up_by_level",
        ),
        (
            "        rows = [*rows, {first: tallies.TOTAL, **tallies.added(every)}]\n",
            "        rows = [*rows, {first: tallies.TOTAL, **tallies.added(every[:1])}]\n",
            f"{SUMMARY}test_totals_are_a_last_row_where_there_are_rows"
            f" {SUMMARY}test_counts_are_added_up_by_level",
        ),
    ),
    must(
        "No text of the service becomes anything but text in a report.",
        (
            "Html(html.escape(visible(str(value))))",
            "Html(visible(str(value)))",
            f"{REPORT}test_no_text_of_the_service_becomes_anything_but_text",
        ),
        (
            "Html(html.escape(visible(str(value))))",
            "Html(html.escape(str(value)))",
            f"{REPORT}test_no_text_of_the_service_becomes_anything_but_text",
        ),
        (
            '    return tag("bdi", text)\n',
            "    return escaped(text)\n",
            f"{REPORT}test_no_text_of_the_service_becomes_anything_but_text",
        ),
    ),
    must(
        "A report is one private page that needs no network, and is there whole or not at all.",
        (
            "        write_whole(path, content)\n\n\ndef _file(given",
            "        write_whole(path, content, private=False)\n\n\ndef _file(given",
            f"{REPORT}test_the_file_is_private_and_named_by_the_day",
        ),
        (
            '    path = dated("--html", given, now)\n    refuse_place(path)\n',
            '    path = dated("--html", given, now)\n',
            f"{REPORT}test_a_file_that_cannot_be_written_is_noticed_before_anything_is_read",
        ),
    ),
)
