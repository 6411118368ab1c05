"""Replies made beforehand: ``/topics`` with ten, ``/event-deliveries`` in pages of 1000.

``python -m tests.bench.server --serve ROWS`` prints its port, then answers until it is ended.
"""

from __future__ import annotations

import json
import sys

from tests.bench.serving import answer

PAGE = 1000
_BODY = json.dumps(
    {
        "carrier_id": "15799",
        "number": "+12345678901",
        "previous_carrier_id": "",
        "porting_date": "2011-05-27T00:00:00Z",
        "carrier_name": "PAETEC COMMUNICATIONS INC.",
        "previous_carrier_name": "",
        "tracking_id": "1092585662",
    },
    indent=1,
)


def delivery(number: int) -> dict[str, object]:
    """A row like the reference's."""
    return {
        "event-id": f"ADEIboH1Q7m-{number:010d}",
        "topic": "NIS-Events",
        "event-type": "porting_event",
        "delivery-point": "http://da3d-gen-sao-odb002.dalab.syniverse.com:25002/saop-mock/v1/hello",
        "del-cfg-id": 1266,
        "del-cfg-nm": "a-mock-del-cfg",
        "delivery-status": "SUCCESS",
        "timestamp": "2017-06-30T12:59:30Z",
        "event-body": _BODY,
    }


def topics() -> bytes:
    """Ten topics."""
    rows = [{"topic-nm": f"Topic-{n}", "svc-nm": "X", "evt-tp-list": ["a", "b"]} for n in range(10)]
    return json.dumps({"paged-result": {"offset": 0, "limit": 10000000}, "topics": rows}).encode()


def page(offset: int, rows: int) -> bytes:
    """One page of deliveries."""
    document: dict[str, object] = {"paged-result": {"offset": offset, "limit": PAGE}}
    if offset + PAGE < rows:
        uri = f"/ess/v1/event-deliveries?offset={offset + PAGE}&limit={PAGE}"
        document["next-page-uri"] = uri
    last = min(rows, offset + PAGE)
    document["event-deliveries"] = [delivery(number) for number in range(offset, last)]
    return json.dumps(document).encode()


def main() -> None:
    """Serve until ended."""
    rows = int(sys.argv[2])
    offsets = range(0, rows + 1, PAGE)
    replies = {("/event-deliveries", offset): page(offset, rows) for offset in offsets}
    replies["/topics", 0] = topics()
    answer(lambda path, offset: replies[path, offset])


if __name__ == "__main__":
    main()
