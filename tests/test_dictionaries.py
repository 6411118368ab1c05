"""``ess dictionaries``: the values that the service takes."""

from __future__ import annotations

import pytest

from tests.conftest import Run
from tests.examples import as_printed, reply_to

AUTHENTICATION_TYPES = {
    "table": """\
CODE   DESCRIPTION
OAUTH  OAuth 2.0
NONE   No Authentication
BASIC  Basic Authentication - ID / PW
""",
    "json": as_printed(reply_to("GET /dictionaries/{DICT_CODE}")["authentication-types"]),
    "jsonl": """\
{"code":"OAUTH","description":"OAuth 2.0"}
{"code":"NONE","description":"No Authentication"}
{"code":"BASIC","description":"Basic Authentication - ID / PW"}
""",
    "yaml": """\
- "code": "OAUTH"
  "description": "OAuth 2.0"
- "code": "NONE"
  "description": "No Authentication"
- "code": "BASIC"
  "description": "Basic Authentication - ID / PW"
""",
    "csv": """\
code,description
OAUTH,OAuth 2.0
NONE,No Authentication
BASIC,Basic Authentication - ID / PW
""",
    "tsv": """\
code\tdescription
OAUTH\tOAuth 2.0
NONE\tNo Authentication
BASIC\tBasic Authentication - ID / PW
""",
    "name": "OAUTH\nNONE\nBASIC\n",
}


@pytest.mark.parametrize(("format", "printed"), AUTHENTICATION_TYPES.items())
def test_a_dictionary_prints_in_each_format(ess: Run, format: str, printed: str) -> None:  # noqa: A002
    assert ess("dictionaries", "get", "authentication-types", "-o", format) == (0, printed, "")


@pytest.mark.parametrize(
    ("code", "entries"), [("delivery-formats", "JSON\nXML\n"), ("delivery-protocols", "REST\n")]
)
def test_the_other_dictionaries_have_the_documented_entries(
    ess: Run, code: str, entries: str
) -> None:
    assert ess("dictionaries", "get", code, "-o", "name").out == entries


def test_an_unknown_dictionary_is_not_found(ess: Run) -> None:
    outcome = ess("dictionaries", "get", "colours")
    assert (outcome.code, outcome.out) == (4, "")
    assert outcome.err.startswith("error: GET /dictionaries/colours: 404: ")
