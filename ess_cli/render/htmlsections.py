"""The sections of the report on deliveries that tell of each webhook, and of time."""

from __future__ import annotations

from datetime import datetime

from ess_cli.health import Delays, Health, Response, Slot, Step, Webhook
from ess_cli.render import charts
from ess_cli.render.htmltext import (
    Heading,
    Html,
    count,
    duration,
    escaped,
    instant,
    joined,
    percent,
    stranger,
    table,
    tag,
    unbroken,
)

_MOST_ROWS = 20
_LONGEST = 80


# Failures by configuration


def failures(health: Health) -> Html:
    """Which configurations fail, and what their webhooks answer."""
    hooks = [hook for hook in health.webhooks if hook.has_trouble]
    heading = tag("h2", "Failures by configuration", id="failures")
    if not hooks:
        return tag("section", heading, tag("p", "None."), aria_labelledby="failures")
    headings = [
        Heading("Configuration", 24, is_number=False),
        Heading("Failed", 8),
        Heading("Of all", 9),
        Heading("To be tried again", 10),
        Heading("Commonest answer to failed attempts", is_number=False),
        Heading("Latest failure (UTC)", 18, is_number=False),
    ]
    shown = table(
        "Delivery configurations with failed deliveries or attempts, the most failed first.",
        headings,
        (_failure(hook) for hook in hooks[:_MOST_ROWS]),
    )
    return tag("section", heading, shown, _more(hooks), aria_labelledby="failures")


def _failure(hook: Webhook) -> tuple[object, ...]:
    latest = "–" if hook.last_failed_at is None else _short(hook.last_failed_at)
    return (
        joined([name_of(hook), tag("small", stranger(hook.address)) if hook.address else ""]),
        f"{hook.failed:,}",
        percent(hook.failed, hook.deliveries),
        f"{hook.retrying:,}",
        _answer(hook.response, hook.failed_attempts),
        latest,
    )


def _answer(response: Response | None, failed: int) -> Html:
    if response is None:
        return escaped("–")
    http = f"HTTP {response.http}" if response.http else "no HTTP status"
    share = f"{count(response.times, 'time', 'times')} in {failed:,} failed"
    text = tag("span", stranger(response.text), class_="answer") if response.text else ""
    return joined([tag("b", http), text, tag("small", share)])


def _more(hooks: list[Webhook]) -> Html:
    rest = hooks[_MOST_ROWS:]
    if not rest:
        return Html()
    failed = sum(hook.failed for hook in rest)
    return tag("p", f"And {len(rest):,} more, with {failed:,} failed in all.", class_="soft")


# Over time


def over_time(health: Health) -> Html:
    """Attempts, those that failed, and delays, as charts with their figures."""
    heading = tag("h2", "Attempts and delays over time", id="time")
    slots, slot_s = health.slots, health.slot_s
    if not slots:
        nothing = tag("p", "No attempt was made within this time.")
        return tag("section", heading, nothing, aria_labelledby="time")
    total = health.total
    span = charts.described(slots, slot_s)
    tried = f"{total.succeeded_attempts:,} attempts succeeded, {total.failed_attempts:,} failed"
    figures = [
        _figure(
            "Attempts",
            charts.attempts("attempts", slots, slot_s, ("Attempts over time", f"{span}. {tried}.")),
            (("ok", "succeeded"), ("bad", "failed")),
        )
    ]
    if total.failed_attempts:
        worst = max(slots, key=lambda slot: slot.failed)
        told = f"{span}. Most failed from {instant(worst.begin)}: {worst.failed:,}."
        drawn = charts.failures("failures", slots, slot_s, ("Failed attempts over time", told))
        figures.append(
            _figure("Failed attempts, on a scale of their own", drawn, (("bad", "failed"),))
        )
    if total.delays:
        told = f"{span}. In all, {_delays_told(total.delays)}."
        drawn = charts.delays("delays", slots, slot_s, ("Delays over time", told))
        names = (("median", "half within"), ("p95", "95 in 100 within"))
        title = "From event to delivery"
        figures.append(_figure(title, drawn, names))
    return tag("section", heading, *figures, _behind(slots, slot_s), aria_labelledby="time")


def _figure(title: str, drawn: Html, names: tuple[tuple[str, str], ...]) -> Html:
    legend = joined(tag("li", charts.swatch(kind), text) for kind, text in names)
    return tag("figure", tag("h3", title), drawn, tag("ul", legend, class_="legend"))


def _behind(slots: tuple[Slot, ...], slot_s: int) -> Html:
    """The figures behind the charts."""
    texts = ("Succeeded", "Failed", "Half within", "95 in 100 within", "Worst")
    headings = [Heading("From (UTC)", 18, is_number=False), *map(Heading, texts)]
    rows = (
        (
            _short(slot.begin),
            f"{slot.succeeded:,}",
            f"{slot.failed:,}",
            *(length(slot.delays, name) for name in ("median_s", "p95_s", "worst_s")),
        )
        for slot in slots
    )
    shown = table(f"Attempts and delays, {duration(slot_s)} a row.", headings, rows)
    return tag("details", tag("summary", "The figures behind the charts"), shown)


def _short(moment: datetime) -> str:
    return instant(moment).removesuffix(" UTC")


def length(delays: Delays | None, name: str) -> str:
    """One of the lengths of delays in words; a dash where there are none."""
    return "–" if delays is None else duration(getattr(delays, name))


def _delays_told(delays: Delays) -> str:
    half, most = duration(delays.median_s), duration(delays.p95_s)
    return f"half within {half}, 95 in 100 within {most}, the slowest in {duration(delays.worst_s)}"


# The slowest


def slowest(health: Health) -> Html:
    """Which webhooks get their events the latest."""
    heading = tag("h2", "The slowest webhooks", id="slowest")
    timed = [(hook.delays, hook) for hook in health.webhooks if hook.delays]
    if not timed:
        nothing = tag("p", "Nothing was delivered within this time.")
        return tag("section", heading, nothing, aria_labelledby="slowest")
    timed.sort(key=lambda pair: (-pair[0].p95_s, -pair[0].median_s, pair[1].name))
    texts = ("95 in 100 within", "Half within", "Worst", "Delivered", "Attempts that failed")
    rows = (
        (
            name_of(hook),
            *(duration(seconds) for seconds in (delays.p95_s, delays.median_s, delays.worst_s)),
            f"{delays.times:,}",
            percent(hook.failed_attempts, hook.failed_attempts + hook.succeeded_attempts),
        )
        for delays, hook in timed[:_MOST_ROWS]
    )
    headings = [Heading("Configuration", 24, is_number=False), *map(Heading, texts)]
    shown = table("From an event to the attempt that delivered it.", headings, rows)
    rest = len(timed) - _MOST_ROWS
    more = tag("p", f"And {rest:,} more that are quicker.", class_="soft") if rest > 0 else ""
    return tag("section", heading, shown, more, aria_labelledby="slowest")


# What next


def what_next(steps: tuple[Step, ...], health: Health) -> Html:
    """What to do about those that fail, with the commands to run."""
    heading = tag("h2", "What to do next", id="next")
    if not steps:
        return tag("section", heading, tag("p", "Nothing."), aria_labelledby="next")
    listed = joined(
        tag(
            "li",
            tag("h3", _title(step.name)),
            tag("p", step.advice),
            *(
                joined(
                    [
                        tag("p", f"{command.purpose}:", class_="soft tight"),
                        tag("pre", tag("code", unbroken(command.line), dir="ltr")),
                    ]
                )
                for command in step.commands
            ),
        )
        for step in steps
    )
    rest = sum(1 for hook in health.webhooks if hook.has_trouble) - len(steps)
    more = tag("p", f"And {rest:,} more that have trouble.", class_="soft") if rest else ""
    return tag("section", heading, tag("ol", listed, class_="steps"), more, aria_labelledby="next")


def name_of(hook: Webhook) -> Html:
    """A configuration's name, or what stands for it."""
    if hook.is_rest:
        return escaped("other configurations")
    return _title(hook.name)


def _title(name: str) -> Html:
    """A configuration's name, of a length that leaves room for others."""
    if not name:
        return escaped("(no name)")
    return stranger(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…")
