"""A served sandbox delivers to https only where the webhook's certificate is trusted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import hostile
from tests.conftest import Run
from tests.hostile import Certificates, Wire, on, reply
from tests.processes import ROOT
from tests.rehearsal import until

wire, certificates, strangers = hostile.wire, hostile.certificates, hostile.strangers


@pytest.mark.parametrize("is_trusted", [True, False], ids=["trusted", "not trusted"])
def test_a_certificate_decides_whether_an_event_is_delivered(
    ess: Run,
    home: Path,
    wire: Wire,
    certificates: Certificates,
    strangers: Certificates,
    is_trusted: bool,
) -> None:
    authority = certificates if is_trusted else strangers
    script = [on("POST /hook", reply(200, b"OK"))] if is_trusted else []
    server = wire.serve(*script, tls=authority.server())

    def ask(*argv: str) -> Any:
        outcome = ess("--json", *argv)
        assert outcome.code == 0, outcome
        return json.loads(outcome.out)

    ask("delivery-cfg", "update", "1266", "--addr", f"https://{server.host}/hook", "--yes")
    fields = ("--field", "porting_date=2026-11-23", "--field", "number=+12345678901")
    (event,) = ask("sandbox", "emit", "porting_event", *fields)
    with subprocess.Popen(
        [sys.executable, "-m", "ess_cli", "sandbox", "serve", "--port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "SSL_CERT_FILE": certificates.bundle,
        },
    ) as served:
        track = ("deliveries", "track", "--", event["event-id"], "1266")
        try:
            attempt = until(lambda: ask(*track)["delivery-attempts"])[0]
        finally:
            served.terminate()
    told = attempt["status"], attempt.get("response-status"), attempt["response-details"]
    if is_trusted:
        assert told == ("SUCCESS", 200, "OK")
    else:
        said = "Delivery failed: TLS: unable to get local issuer certificate"
        assert told == ("FAILED", None, said)
    assert len(server.requests) == is_trusted
