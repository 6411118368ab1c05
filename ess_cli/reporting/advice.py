"""What to do about a webhook that fails, by what it answers most often."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from ess_cli.health import Command, Response, Step, Webhook

_MOST_STEPS = 10
_THROTTLING = 60
_ALLOW_LIST = re.compile(r"(allow|white)[-_ ]?list", re.IGNORECASE)
_SILENT = (
    "Nothing answered: the name may not resolve, the connection or TLS fail, or the webhook be"
    " too slow. Try its address from outside your network."
)
_BY_STATUS = {
    "401": "The webhook refuses the credentials: compare those that the service sends.",
    "403": "The webhook refuses the service: its credentials, or a firewall before it.",
    "404": "There is nothing at this address: compare it with the webhook's own.",
    "405": "The webhook does not take POST: the address may be that of something else.",
    "408": "The webhook is too slow: it should answer first and work then.",
    "410": "What was at this address is gone: compare it with the webhook's own.",
    "413": "The webhook finds events too large: raise its limit for a body.",
    "415": "The webhook does not take this format: compare it with what the service sends.",
    "429": "The webhook has had too many at once: a throttling, in events a minute, slows it down.",
}
_BY_CLASS = {
    "2": "The webhook says that it has taken the events, yet they count as failed: look at each.",
    "3": "The address leads elsewhere: give the service the one that it leads to.",
    "4": "The webhook refuses the events: its own log should say why.",
    "5": "The webhook itself fails: its own log, or that of a proxy before it, should say why.",
}


def steps(
    webhooks: tuple[Webhook, ...], program: Sequence[str], narrowing: Sequence[str]
) -> tuple[Step, ...]:
    """What to do about the first of those that have trouble, in their order.

    Args:
        webhooks: as in ``Health``.
        program: ``ess`` with the options that lead to the service.
        narrowing: the options that have a list show what the report counted.
    """
    ess, narrow = shlex.join(program), shlex.join(narrowing)
    troubled = [hook for hook in webhooks if hook.has_trouble and not hook.is_rest]
    return tuple(_step(hook, ess, narrow) for hook in troubled[:_MOST_STEPS])


def _step(hook: Webhook, ess: str, narrow: str) -> Step:
    named = _named(hook)
    return Step(hook.name, _advice(hook.response), tuple(_commands(hook, named, ess, narrow)))


def _advice(response: Response | None) -> str:
    if response is None:
        return "No attempt failed within this time: those before it should say why."
    if _ALLOW_LIST.search(response.text):
        return (
            "The webhook's host is not on the allow-list: until Syniverse's support has put it"
            " there (a ticket; 24 to 48 hours), nothing is delivered. The same goes for the host"
            " of its token server."
        )
    if not response.http:
        return _SILENT
    return _BY_STATUS.get(response.http) or _BY_CLASS.get(
        response.http[:1], "The answer is none of HTTP's: look at each."
    )


def _commands(hook: Webhook, named: str | None, ess: str, narrow: str) -> Iterator[Command]:
    cfg = "" if named is None else f" --cfg {named}"
    http = hook.response.http if hook.response is not None else None
    status = "FAILED" if hook.failed else "RETRY" if hook.retrying else None
    # Where all was delivered in the end, what failed is among many attempts; F sorts before S.
    wanted = " --sort result" if status is None else f" --status {status}"
    yield Command("What was answered", f"{ess} deliveries attempts{cfg}{wanted} {narrow}")
    if named is not None:
        part = "auth get" if http == "401" else "get"
        yield Command("How it is configured", f"{ess} delivery-cfg {part} {named}")
        if http == "429":
            slower = f"delivery-cfg update {named} --throttling {_THROTTLING} --dry-run"
            yield Command(
                f"To slow it down, to {_THROTTLING} events a minute for instance (without"
                " --dry-run it is sent)",
                f"{ess} {slower}",
            )
    if hook.failed:
        query = shlex.quote('[]."event-body"')
        yield Command(
            "The events themselves, to process them yourself: the service does not send them again",
            f"{ess} deliveries list{cfg} --status FAILED {narrow} --all --query {query} -o json",
        )


def _named(hook: Webhook) -> str | None:
    """How a command names it, quoted; None where it cannot.

    By name, as people do; by its id where the name is shared, cut, looks like an id or an option,
    or has characters that do not survive being copied from a page.
    """
    name = hook.name
    is_plain = name.isprintable() and not name.startswith("-") and not name.endswith("…")
    if name and is_plain and not name.isdigit() and name.strip() == name and len(hook.ids) < 2:
        return shlex.quote(name)
    return shlex.quote(hook.ids[0]) if hook.ids and _is_plain_id(hook.ids[0]) else None


def _is_plain_id(text: str) -> bool:
    return text.isascii() and text.isalnum()
