"""`nsor sealed`: what one officer proposes another confirms, by the ids that the first one is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from nsor import cli
from nsor.v1 import closure_pb2, sealed_pb2

if TYPE_CHECKING:
    from tests.client.conftest import Register

Run = Callable[..., int]
SERVICE = "nsor.v1.RegistrationService"
RECORD = "00000000-0000-4000-8000-000000000001"
READING = "00000000-0000-4000-8000-000000000002"


def test_two_officers_open_a_reading_and_read(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    register.answers[f"{SERVICE}/ProposeSealedReading"] = lambda _: sealed_pb2.ProposeSealedReadingResponse(
        sealed_reading_id=READING
    )
    register.answers[f"{SERVICE}/ConfirmSealedReading"] = lambda _: sealed_pb2.ConfirmSealedReadingResponse()
    register.answers[f"{SERVICE}/GetSealedRegistration"] = lambda _: sealed_pb2.GetSealedRegistrationResponse(
        registration=sealed_pb2.SealedRegistration(registration_id=RECORD)
    )
    assert run("sealed", "propose", RECORD, "--reason", "court-order") == 0
    assert f"nsor sealed confirm {READING} {RECORD}" in capsys.readouterr().err
    assert run("sealed", "confirm", READING, RECORD) == 0
    capsys.readouterr()
    assert run("sealed", "show", READING, "--json") == 0
    assert RECORD in json.dumps(json.loads(capsys.readouterr().out))
    proposing, confirming, getting = (call.request for call in register.calls if SERVICE in call.method)
    proposed = sealed_pb2.ProposeSealedReadingRequest.FromString(proposing)
    assert (proposed.registration_id, proposed.reason) == (RECORD, sealed_pb2.SEALED_READING_REASON_COURT_ORDER)
    confirmed = sealed_pb2.ConfirmSealedReadingRequest.FromString(confirming)
    assert (confirmed.sealed_reading_id, confirmed.registration_id) == (READING, RECORD)
    assert sealed_pb2.GetSealedRegistrationRequest.FromString(getting).sealed_reading_id == READING


def test_who_reads_what_was_withdrawn_is_told_why_it_is_not_erased(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    told = "it isn't erased while it is sealed"
    shown = sealed_pb2.SealedRegistration(registration_id=RECORD)
    register.answers[f"{SERVICE}/GetSealedRegistration"] = lambda _: sealed_pb2.GetSealedRegistrationResponse(
        registration=shown
    )
    for reason in (closure_pb2.ARCHIVE_REASON_DECEASED, closure_pb2.ARCHIVE_REASON_WITHDRAWN):
        shown.archive.reason = reason
        assert run("sealed", "show", READING) == 0
        is_told = told in " ".join(capsys.readouterr().err.split())
        assert is_told == (reason == closure_pb2.ARCHIVE_REASON_WITHDRAWN)


def test_a_reading_has_a_reason(run: Run, register: Register) -> None:
    assert run("sealed", "propose", RECORD) == cli.USAGE
    assert register.calls == []
