"""Dictionaries: the values the service takes for formats, protocols and authentication."""

from __future__ import annotations

from typing import Any, cast

from ess_cli.api.http import Http
from ess_cli.api.paths import Query, segment
from ess_cli.api.shapes import rows_under
from ess_cli.records import DictionaryEntry


def get_dictionary(http: Http, code: str, params: Query = ()) -> list[DictionaryEntry]:
    """The entries of a dictionary, in the service's order: ``GET /dictionaries/{DICT_CODE}``.

    ``params`` are raw query parameters.

    Codes: delivery-formats, delivery-protocols, authentication-types. The reply's one key is
    shown for authentication-types only, where it is the code; the others are taken to do alike.
    """
    path = f"/dictionaries/{segment('dictionary', code)}"

    def read(document: Any) -> list[dict[str, Any]]:
        key = code
        if isinstance(document, dict) and code not in document and len(document) == 1:
            key = next(iter(document))
        return rows_under(key)(document)

    return cast("list[DictionaryEntry]", http.read(path, read, params))
