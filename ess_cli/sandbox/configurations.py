"""Operations on delivery configurations: one webhook each, and how to authenticate to it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from ess_cli.sandbox.catalogue import codes
from ess_cli.sandbox.fields import Body, as_id, boolean, refuse, text
from ess_cli.sandbox.paging import listing, page_of
from ess_cli.sandbox.replies import RefusedError, Reply, empty_reply, encode, text_reply
from ess_cli.sandbox.routing import Call
from ess_cli.sandbox.store import Store

BUFFER = "http://da3d-gen-bit-wls005.dalab.syniverse.com:45002/ess-event-buffer/v1/aggregate/"
"""The service's own address for a scheduled configuration, as the reference shows it for 1653."""

NO_AUTHENTICATION = '{"type":"NONE","settings":{}}'

_KNOWN = (
    "del-cfg-nm",
    "del-prtcl-cd",
    "addr",
    "del-fmt-cd",
    "is-active",
    "throttling",
    "cron-expression",
    "latest-event-only",
)
_LISTED_ONLY = ("cron-expression", "latest-event-only")
_CRON_FIELD = re.compile(r"[0-9A-Za-z*/,?#-]+", re.ASCII)


def list_configurations(store: Store, call: Call) -> Reply:
    """GET /delivery-configurations.

    Only this list returns ``cron-expression`` and ``latest-event-only`` (field notes, oddity
    4); ``throttling`` is absent where none is set.
    """
    page = page_of(call.query, default=1000)
    sql = "SELECT listed FROM configurations WHERE seq > ? ORDER BY seq LIMIT ?"
    docs = (doc for (doc,) in store.rows(sql, *page))
    return listing(page, "delivery-configurations", docs)


def get_configuration(store: Store, call: Call) -> Reply:
    """GET /delivery-configurations/{del-config-id}: without the schedule."""
    return text_reply(_found(store, call.args[0], "single"))


def create_configuration(store: Store, call: Call) -> Reply:
    """POST /delivery-configurations: 201 and no body. Two of one name are allowed.

    Two shapes: real-time with ``addr``, or scheduled with ``cron-expression`` and no ``addr``,
    for which the service fills in an address of its own.
    """
    if call.body.get("cron-expression") is not None and call.body.get("addr") is not None:
        reason = f"addr: goes not with cron-expression, but is {encode(call.body['addr'])[:80]}"
        raise RefusedError("invalid", reason)
    with store.writing() as db:
        (new_id,) = db.execute("SELECT max(id) + 1 FROM configurations").fetchone()
        name, listed, single = forms(_checked(call.body, new_id), new_id)
        db.execute(
            "INSERT INTO configurations (id, name, listed, single, auth) VALUES (?, ?, ?, ?, ?)",
            (new_id, name, listed, single, NO_AUTHENTICATION),
        )
    return empty_reply(201)


def replace_configuration(store: Store, call: Call) -> Reply:
    """PUT /delivery-configurations/{del-config-id}: 200 and no body.

    Replaces the whole entity: what is left out is lost, so a scheduled configuration sent
    without its ``cron-expression`` turns real-time. Unlike in a POST, ``addr`` may come with
    it, since the list answers both.
    """
    (cfg_id,) = call.args
    _found(store, cfg_id, "id")
    if str(call.body.get("id", cfg_id)) != cfg_id:
        refuse("id", f'left as it is ("{cfg_id}")', call.body["id"])
    name, listed, single = forms(_checked(call.body, int(cfg_id)), int(cfg_id))
    with store.writing() as db:
        db.execute(
            "UPDATE configurations SET name = ?, listed = ?, single = ? WHERE id = ?",
            (name, listed, single, int(cfg_id)),
        )
    return empty_reply(200)


def get_authentication(store: Store, call: Call) -> Reply:
    """GET …/authentication: ``type`` and ``settings``, the password in clear, as the service."""
    return text_reply(_found(store, call.args[0], "auth"))


def replace_authentication(store: Store, call: Call) -> Reply:
    """PUT …/authentication: 200 and no body.

    BASIC wants ``username`` and ``password``; OAUTH takes any object, the names inside being
    unknown; NONE keeps nothing.
    """
    (cfg_id,) = call.args
    _found(store, cfg_id, "id")
    kind = _code(call.body, "type", "authentication-types")
    settings = call.body.get("settings")
    # NOTE: no refusal here shows a value, for it may be a secret.
    if not isinstance(settings, dict):
        raise RefusedError("invalid", "settings: must be an object")
    if kind == "BASIC":
        for field in ("username", "password"):
            if not isinstance(settings.get(field), str) or not settings[field]:
                raise RefusedError("invalid", f"settings.{field}: BASIC wants it, as text")
    if kind == "NONE":
        settings = {}
    with store.writing() as db:
        db.execute(
            "UPDATE configurations SET auth = ? WHERE id = ?",
            (encode({"type": kind, "settings": settings}), int(cfg_id)),
        )
    return empty_reply(200)


def forms(document: Body, cfg_id: int) -> tuple[str, str, str]:
    """A configuration's name, its entry in the list, and its single form, both as JSON text.

    Keys come in the reference's order; those that it does not know follow the id.
    """
    known = {key: document[key] for key in _KNOWN if document.get(key) is not None}
    extra = {key: value for key, value in document.items() if key not in (*_KNOWN, "id")}
    single = {key: value for key, value in known.items() if key not in _LISTED_ONLY}
    tail = {"id": str(cfg_id), **extra}
    return known["del-cfg-nm"], encode(known | tail), encode(single | tail)


def _found(store: Store, cfg_id: str, column: str) -> Any:
    sql = f"SELECT {column} FROM configurations WHERE id = ?"  # noqa: S608 - our own names
    row = store.row(sql, as_id(cfg_id))
    if row is None:
        raise RefusedError("unknown", f"Delivery configuration not found: {cfg_id[:80]}")
    return row[0]


def _checked(body: Body, cfg_id: int) -> Body:
    """The configuration that ``body`` describes, with what the service fills in."""
    text(body, "del-cfg-nm")
    _code(body, "del-fmt-cd", "delivery-formats")
    # UNKNOWN: what the service takes for an is-active that is left out.
    active = boolean(body, "is-active", default=True)
    boolean(body, "latest-event-only", default=None)
    throttling = body.get("throttling")
    if throttling is not None and (type(throttling) is not int or throttling < 1):
        refuse("throttling", "a positive integer", throttling)
    checked = {**body, "is-active": active}
    if body.get("cron-expression") is None:
        _code(body, "del-prtcl-cd", "delivery-protocols")
        _check_address(text(body, "addr"))
        return checked
    _check_cron(text(body, "cron-expression"))
    if body.get("del-prtcl-cd") is None:
        checked["del-prtcl-cd"] = "REST"
    else:
        _code(body, "del-prtcl-cd", "delivery-protocols")
    if body.get("addr") is None:
        checked["addr"] = BUFFER + str(cfg_id)
    else:
        _check_address(text(body, "addr"))
    return checked


def _code(body: Body, field: str, dictionary: str) -> str:
    allowed = codes(dictionary)
    code = text(body, field)
    if code not in allowed:
        refuse(field, "one of " + ", ".join(allowed), code)
    return code


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fits = False
    if not fits or not address.isprintable() or " " in address:
        refuse("addr", "an http or https address", address)


def _check_cron(expression: str) -> None:
    fields = expression.split()
    if len(fields) != 6 or not all(map(_CRON_FIELD.fullmatch, fields)):
        refuse("cron-expression", "six fields, seconds first", expression)
