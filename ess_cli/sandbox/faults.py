"""Faults on demand: what a served sandbox can be told to do wrong, and when it does.

``429:5%,lost-reply:1/7,ignore-offset``: by chance, every seventh request, always. Only a served
sandbox has faults; the one inside ``ess`` stays exact.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from difflib import get_close_matches
from hashlib import blake2b
from typing import NamedTuple, NoReturn

from ess_cli.errors import UsageFault
from ess_cli.sandbox.chances import CHANCES, Chance, Exchange, find, is_write
from ess_cli.sandbox.oddities import SWITCHES
from ess_cli.sandbox.replies import Reply, Request
from ess_cli.sandbox.store import Store
from ess_cli.sandbox.switches import Handle

_PERCENT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)%", re.ASCII)
_EACH = re.compile(r"1/([0-9]{1,9})", re.ASCII)
_ALL = "all of them: ess sandbox faults"


class Odds(NamedTuple):
    """How often a fault by chance happens.

    Attributes:
        name: as in the table.
        fault: what it does.
        percent: of the requests that it can befall, 0 to 100; 0 where ``every`` is set.
        every: with each so-many-th request; None where it is left to chance.
    """

    name: str
    fault: Chance
    percent: float
    every: int | None


class Faults(NamedTuple):
    """What ``--fault`` asks for.

    Attributes:
        odds: in the order given.
        switches: names, in the order of the table.
        seed: with the number of a request, it decides what befalls that request.
    """

    odds: tuple[Odds, ...] = ()
    switches: tuple[str, ...] = ()
    seed: int = 0


def table() -> list[dict[str, str]]:
    """Every fault: ``name``, ``kind`` (chance or switch) and ``effect``."""
    effects = [(name, "chance", chance.effect) for name, chance in CHANCES.items()]
    effects += [(name, "switch", switch.effect) for name, switch in SWITCHES.items()]
    return [{"name": name, "kind": kind, "effect": effect} for name, kind, effect in effects]


def parse(specs: Iterable[str], seed: int) -> Faults:
    """The faults that specs name, each a list with commas.

    Raises:
        UsageFault: naming the item and its place, counted from 1 through all specs.
    """
    odds: dict[str, Odds] = {}
    switches: dict[str, str] = {}
    for place, item in enumerate(",".join(specs).split(","), 1):
        name, colon, often = item.strip().partition(":")
        if name in odds or name in switches:
            _refuse(place, item, "it is given twice")
        fault = find(name)
        if fault is not None:
            percent, every = _often(place, item, often) if colon else (100.0, None)
            odds[name] = Odds(name, fault, percent, every)
        elif name in SWITCHES:
            if colon:
                _refuse(place, item, f"it is a switch, always on: {name}")
            switches[name] = item
            _check_together(place, item, name, switches)
        else:
            _refuse_unknown(place, item, name)
    _check_sum(odds.values())
    return Faults(tuple(odds.values()), tuple(name for name in SWITCHES if name in switches), seed)


def _often(place: int, item: str, text: str) -> tuple[float, int | None]:
    percent, each = _PERCENT.fullmatch(text), _EACH.fullmatch(text)
    if percent and float(percent[1]) <= 100:
        return float(percent[1]), None
    if not each or int(each[1]) == 0:
        _refuse(place, item, "not a share of the requests", "0% to 100%, or 1/7")
    return 0.0, int(each[1])


def _check_together(place: int, item: str, name: str, switches: Iterable[str]) -> None:
    for other in switches:
        if name in SWITCHES[other].excludes or other in SWITCHES[name].excludes:
            _refuse(place, item, f"it does not go with {other}")


def _check_sum(odds: Iterable[Odds]) -> None:
    for write, word in ((False, "reads"), (True, "writes")):
        total = sum(each.percent for each in odds if each.fault.befalls(write=write))
        # A sum of decimals may be over by less than any of them.
        if total > 100 + 1e-9:
            raise UsageFault(
                f"--fault: together more than 100% of the {word}: {total:g}%",
                hint="one request has one fault at most; NAME alone is NAME:100%",
            )


def _refuse_unknown(place: int, item: str, name: str) -> NoReturn:
    if not name:
        _refuse(place, item, "it is empty", _ALL)
    near = get_close_matches(name, [*CHANCES, *SWITCHES], 3)
    _refuse(place, item, "there is no such fault", f"{', '.join(near)}? {_ALL}" if near else _ALL)


def _refuse(place: int, item: str, why: str, hint: str | None = None) -> NoReturn:
    raise UsageFault(f'--fault: item {place}, "{item}": {why}', hint=hint)


class Trouble:
    """Answers requests as the sandbox does, but for the faults.

    Which fault a request has depends on the seed and on the request's number, counted from 1:
    the same requests in the same order meet the same faults. Where several connections are
    busy at once, their order is not the client's to decide.

    Args:
        faults: what goes wrong.
        answer: how requests are answered where nothing does.
    """

    def __init__(self, faults: Faults, answer: Handle) -> None:
        self._faults = faults
        self._lock = threading.Lock()
        self._count = 0
        self._handle = answer
        for name in faults.switches:
            self._handle = SWITCHES[name].around(self._handle)

    def answer(self, store: Store, request: Request) -> Reply:
        """The reply to ``request``; its ``fault`` names what befell it.

        Raises:
            SandboxUnusable: the database is damaged, busy or not writable.
        """
        with self._lock:
            self._count += 1
            number = self._count
        odds = self._choose(number, write=is_write(request))
        if odds is None:
            return self._handle(store, request)
        exchange = Exchange(lambda: self._handle(store, request), request, number, store.now())
        return odds.fault.reply(exchange)._replace(fault=odds.name)

    def _choose(self, number: int, *, write: bool) -> Odds | None:
        """What befalls the request of a number: what is due with it, else what chance says."""
        draw = _draw(self._faults.seed, number)
        possible = [odds for odds in self._faults.odds if odds.fault.befalls(write=write)]
        for odds in possible:
            if odds.every is not None and number % odds.every == 0:
                return odds
        for odds in possible:
            draw -= odds.percent
            if draw < 0:
                return odds
        return None


def _draw(seed: int, number: int) -> float:
    """A number from 0 up to, but not including, 100; the same for ever for the same two."""
    digest = blake2b(f"{seed} {number}".encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48 * 100
