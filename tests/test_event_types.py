"""``ess event-types``: what events carry."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Run
from tests.examples import as_printed, reply_to

ONE_TYPE = {
    "table": """\
ID                              VALIDATION  MANDATORY                               OPTIONAL
application_token_state_change  strict      sender_id_address:Text,contact_id:Text  \
company-id:Integer,new_state:Text,application_id:Integer
""",
    "jsonl": """\
{"id":"application_token_state_change","validation-type":"strict","fields":{\
"company-id":{"type":"Integer","mandatory":false},"new_state":{"type":"Text","mandatory":false},\
"sender_id_address":{"type":"Text","mandatory":true},\
"contact_id":{"type":"Text","mandatory":true},\
"application_id":{"type":"Integer","mandatory":false}}}
""",
    "yaml": """\
- "id": "application_token_state_change"
  "validation-type": "strict"
  "fields":
    "company-id":
      "type": "Integer"
      "mandatory": false
    "new_state":
      "type": "Text"
      "mandatory": false
    "sender_id_address":
      "type": "Text"
      "mandatory": true
    "contact_id":
      "type": "Text"
      "mandatory": true
    "application_id":
      "type": "Integer"
      "mandatory": false
""",
    "csv": """\
id,validation,mandatory,optional
application_token_state_change,strict,"sender_id_address:Text,contact_id:Text",\
"company-id:Integer,new_state:Text,application_id:Integer"
""",
    "tsv": """\
id\tvalidation\tmandatory\toptional
application_token_state_change\tstrict\tsender_id_address:Text,contact_id:Text\t\
company-id:Integer,new_state:Text,application_id:Integer
""",
    "name": "application_token_state_change\n",
}


@pytest.mark.parametrize(("format", "printed"), ONE_TYPE.items())
def test_event_types_print_in_each_format(ess: Run, format: str, printed: str) -> None:  # noqa: A002
    outcome = ess("event-types", "list", "--offset", "5", "--limit", "1", "-o", format)
    assert (outcome.code, outcome.out) == (0, printed)


def test_all_event_types_as_json_are_the_service_s_own_objects(ess: Run) -> None:
    outcome = ess("event-types", "list", "--json")
    known = reply_to("GET /event-types")["event-types"]
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == as_printed(json.loads(outcome.out))
    assert json.loads(outcome.out)[: len(known)] == known
    assert len(json.loads(outcome.out)) == 37


def test_one_event_type_as_json_is_the_reply_as_it_is(ess: Run) -> None:
    known = reply_to("GET /event-types/{CODE}")
    outcome = ess("event-types", "get", known["id"], "-o", "json")
    assert outcome == (0, as_printed(known), "")


def test_one_event_type_in_columns_has_a_row_a_field(ess: Run) -> None:
    outcome = ess("event-types", "get", "porting_event", "-o", "table")
    assert outcome.out == (
        "FIELD                  TYPE     MANDATORY\n"
        "carrier_id             Text     false\n"
        "number                 Text     true\n"
        "previous_carrier_id    Text     false\n"
        "porting_date           Date     true\n"
        "company-id             Integer  false\n"
        "carrier_name           Text     false\n"
        "previous_carrier_name  Text     false\n"
        "tracking_id            Text     false\n"
    )
    assert ess("event-types", "get", "porting_event", "-o", "csv").out.startswith(
        "field,type,mandatory\ncarrier_id,Text,false\n"
    )


def test_an_unknown_event_type_is_not_found(ess: Run) -> None:
    outcome = ess("event-types", "get", "nope")
    assert (outcome.code, outcome.out) == (4, "")
    assert outcome.err.startswith("error: GET /event-types/nope: 404: ")
