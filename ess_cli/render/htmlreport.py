"""The report on deliveries as one page that needs nothing else: no network, no script.

Whatever the service sent passes through ``htmltext.escaped`` on its way in.
"""

from __future__ import annotations

from collections.abc import Iterator

from ess_cli.health import Health, Origin, Rows, Step, Webhook
from ess_cli.render import charts
from ess_cli.render.htmlsections import failures, length, name_of, over_time, slowest, what_next
from ess_cli.render.htmlstyle import STYLE
from ess_cli.render.htmltext import (
    Html,
    count,
    escaped,
    instant,
    joined,
    percent,
    stranger,
    tag,
    unbroken,
)

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_SIGNS = {
    "failing": ("M20,3 37,20 20,37 3,20 z", "M14,14 26,26 M26,14 14,26"),
    "watch": ("M20,3 38,36 2,36 z", "M20,15 20,25 M20,31 20,31.1"),
    "well": ("M20,2 a18,18 0 1,0 .01,0 z", "M12,21 18,27 29,14"),
    "nothing": ("M4,4 h32 v32 h-32 z", "M13,20 h14"),
}


def page(health: Health, steps: tuple[Step, ...], origin: Origin) -> bytes:
    """The whole of the page, as UTF-8."""
    title = f"Event deliveries, {origin.profile}"
    head = joined(
        [
            Html('<meta charset="utf-8">'),
            Html(f'<meta http-equiv="Content-Security-Policy" content="{escaped(_POLICY)}">'),
            Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            Html('<meta name="referrer" content="no-referrer">'),
            Html('<meta name="robots" content="noindex">'),
            tag("title", title),
            tag("style", Html(STYLE)),
        ]
    )
    parts = (_glance, failures, over_time, slowest)
    sections = [part(health) for part in parts]
    body = joined(
        [
            charts.patterns(),
            tag("header", tag("h1", "Event deliveries"), _subtitle(health, origin)),
            tag("main", *sections, what_next(steps, health), _covers(health, origin)),
            tag("footer", tag("p", f"Made by ess {origin.version}, {instant(origin.made_at)}.")),
        ]
    )
    document = tag("html", tag("head", head), tag("body", body), lang="en")
    return f"<!DOCTYPE html>\n{document}\n".encode()


def _subtitle(health: Health, origin: Origin) -> Html:
    period = f"{instant(health.since)} to {instant(health.until)}"
    filters = joined([" · ", tag("bdi", unbroken(" ".join(origin.filters)))])
    where = joined(["profile ", stranger(origin.profile), " · ", stranger(origin.service)])
    return joined(
        [
            tag("p", period, class_="soft tight"),
            tag("p", where, filters if origin.filters else "", class_="soft tight"),
        ]
    )


# At a glance


def _glance(health: Health) -> Html:
    total = health.total
    kind, head, more = _verdict(health)
    shape, sign = _SIGNS[kind]
    icon = tag(
        "svg",
        tag("path", d=shape, class_="shape"),
        tag("path", d=sign, class_="sign"),
        viewBox="0 0 40 40",
        aria_hidden="true",
    )
    words = tag("div", tag("strong", head), tag("p", more))
    finished = total.delivered + total.failed
    tried = total.succeeded_attempts + total.failed_attempts
    cards = [
        (f"{total.deliveries:,}", "deliveries"),
        (percent(total.delivered, finished), "delivered, of those that have come to an end"),
        (f"{total.failed:,}", "failed for good"),
        (f"{total.retrying:,}", "to be tried again"),
        (length(total.delays, "p95_s"), "from event to delivery, 95 in 100 within"),
        (percent(total.failed_attempts, tried), f"of {count(tried, 'attempt', 'attempts')} failed"),
    ]
    listed = joined(tag("li", tag("b", figure), tag("span", what)) for figure, what in cards)
    return tag(
        "section",
        tag("div", icon, words, class_=f"verdict {kind}"),
        tag("ul", listed, class_="cards"),
        _became(total) if total.deliveries else "",
        aria_label="At a glance",
    )


def _verdict(health: Health) -> tuple[str, str, Html]:
    total = health.total
    known = [hook for hook in health.webhooks if not hook.is_rest]
    more = "more than " if len(known) < len(health.webhooks) else ""
    of_all = f"of {more}{count(len(known), 'webhook', 'webhooks')}"
    if not total.deliveries and not total.succeeded_attempts + total.failed_attempts:
        return "nothing", "Nothing to report", _nothing(health)
    if total.failed:
        failing = sum(1 for hook in known if hook.failed)
        verb = "has" if failing == 1 else "have"
        head = f"{failing:,} {of_all} {verb} failed deliveries"
        first = known[0]
        most = joined(
            [
                f"{total.failed:,} of {count(total.deliveries, 'delivery', 'deliveries')} failed",
                f" for good; {first.failed:,} of them at ",
                name_of(first),
                ".",
            ]
        )
        return "failing", head, most
    if total.retrying or total.failed_attempts:
        behind = sum(1 for hook in known if hook.has_trouble)
        again = f"{count(total.retrying, 'delivery is', 'deliveries are')} to be tried again, "
        tried = f"{count(total.failed_attempts, 'attempt', 'attempts')} failed."
        return (
            "watch",
            f"No delivery failed, but {behind:,} {of_all} had trouble",
            escaped(again + tried),
        )
    return "well", "All is well", escaped("No delivery and no attempt failed within this time.")


def _nothing(health: Health) -> Html:
    """Why a report is empty, as far as that can be known."""
    last = health.deliveries.last or health.attempts.last
    if last is None:
        return escaped("The service sent no row with a time.")
    if last >= health.until:
        return escaped(
            "Nothing lies within the period and its filters. The latest row of all that were read"
            f" is of {instant(last)}, after its end; a later --until takes it in."
        )
    return joined(
        [
            "Nothing lies within the period and its filters. The latest row of all that were read"
            f" is of {instant(last)}; to go back as far, add ",
            tag("code", f"--since {last:%Y-%m-%d}"),
            ".",
        ]
    )


def _became(total: Webhook) -> Html:
    """What became of deliveries, as one bar with a legend."""
    parts = [
        ("ok", total.delivered, "delivered"),
        ("bad", total.failed, "failed"),
        ("retry", total.retrying, "to be tried again"),
        ("wait", total.pending, "pending"),
        ("other", total.other, "of a status unknown to ess"),
    ]
    told = "; ".join(f"{number:,} {what}" for _, number, what in parts if number)

    def draw(width: int, kind: str) -> Html:
        bars, x = [], 1.0
        room = width - 2.0
        for part, number, _ in parts:
            size = room * number / total.deliveries
            if number:
                size = min(max(size, 4.0), room)
                bars.append(charts.rect(part, x, 1, min(size, room + 1 - x), 26))
                x += size
        ids = f"status-{kind}-title", f"status-{kind}-desc"
        return tag(
            "svg",
            tag("title", "What became of deliveries", id=ids[0]),
            tag("desc", told, id=ids[1]),
            *bars,
            role="img",
            aria_labelledby=" ".join(ids),
            viewBox=f"0 0 {width} 28",
        )

    legend = joined(
        tag("li", charts.swatch(part), f"{number:,} {what}")
        for part, number, what in parts
        if number
    )
    return tag("figure", charts.both(draw), tag("ul", legend, class_="legend"))


# What it covers


def _covers(health: Health, origin: Origin) -> Html:
    facts = [
        ("Made", f"{instant(origin.made_at)}, by ess {origin.version}"),
        ("Service", joined([stranger(origin.service), ", profile ", stranger(origin.profile)])),
        (
            "Period",
            f"{instant(health.since)} up to {instant(health.until)}: deliveries by the time of"
            " their event, attempts by their own",
        ),
        ("Filters", stranger(" ".join(origin.filters)) if origin.filters else "none"),
        ("Deliveries", _read(health.deliveries)),
        ("Attempts", _read(health.attempts)),
    ]
    listed = joined(joined([tag("dt", name), tag("dd", fact)]) for name, fact in facts)
    limits = joined(tag("li", text) for text in _limits(health))
    return tag(
        "section",
        tag("h2", "What this covers, and what it cannot know", id="covers"),
        tag("dl", listed),
        tag("ul", limits),
        aria_labelledby="covers",
    )


def _read(rows: Rows) -> str:
    undated = f", {rows.undated:,} without a time that can be read" if rows.undated else ""
    return f"{count(rows.read, 'row', 'rows')} read, {rows.counted:,} counted{undated}"


def _limits(health: Health) -> Iterator[str]:
    yield (
        "A delay is the time of the attempt that succeeded less the time of its event, in whole"
        " seconds. It holds the waits between attempts, throttling and the service's own queue:"
        " how long the webhook itself took is not told."
    )
    yield "Delays of a minute and more are counted in bins: half and 95 in 100 are up to 5 % high."
    yield (
        "Lists are no snapshot: rows that came while they were read may be missing, and how long"
        " the service keeps rows is not documented."
    )
    yield (
        "Attempts name their configuration without its id: configurations of one name count as"
        " one. A delivery that was marked as handled counts by the status that it has now."
    )
    yield (
        "The commonest answer is by HTTP status and the first 200 characters of the body; where"
        " there are many different ones its count is a lower bound."
    )
    if any(hook.is_rest for hook in health.webhooks):
        kept = sum(1 for hook in health.webhooks if not hook.is_rest)
        yield f"{kept:,} configurations are kept apart; all others are summed as “other”."
    if health.early:
        yield (
            f"{count(health.early, 'attempt is', 'attempts are')} dated before the event and"
            " counted as without delay."
        )
    if health.total.other:
        yield "Some deliveries have a status that is not known to ess: they count in no other sum."
