"""An access request as a prosecutor decides it: shown, granted or returned, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from nsor.cli.session import Session

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import access_requests_pb2, grants_pb2

REASONS: Final = ("documents-incomplete", "rationale-lacking", "person-unrelated", "not-under-the-act")
"""Why a request is returned, as a person types it."""


def show(session: Session, client: Client, access_request_id: str) -> access_requests_pb2.AccessRequest:
    """Show an access request."""
    from nsor.v1 import access_requests_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    wanted = access_requests_pb2.GetAccessRequestRequest(access_request_id=access_request_id)
    answer = client.lookup.get_access_request(wanted)
    session.answer(answer, title="Access request", confidential=True)
    if answer.message.access_request.repeated_access_request_id and not session.as_json:
        session.say(
            "A suspect of it was asked for before, for this FIR: `nsor access show {}`",
            answer.message.access_request.repeated_access_request_id,
        )
    return answer.message.access_request


def say_decided(session: Session, found: access_requests_pb2.AccessRequest) -> bool:
    """Say what was decided about a request and what comes next; whether anything was."""
    from nsor.v1 import access_requests_pb2  # noqa: PLC0415 - as above

    if found.state == access_requests_pb2.ACCESS_REQUEST_STATE_RETURNED:
        session.say("It was returned. The officer asks again: `nsor access request FILE`")
        return True
    if found.state != access_requests_pb2.ACCESS_REQUEST_STATE_APPROVED:
        return False
    if found.grant.HasField("withdraw_time"):
        session.say("It was approved, and the grant was withdrawn.")
    else:
        _say_granted(session, "It is approved.", found.grant)
        step = "Named without a number is suspect {}: `nsor search --grant {} --subject {}`"
        # A search counts those whom the grant has, a request those whom it names.
        for place, number in enumerate(found.grant.suspects, 1):
            if _is_unnumbered(found, number):
                session.say(step, number, found.grant.grant_id, place)
    return True


def _is_unnumbered(found: access_requests_pb2.AccessRequest, number: int) -> bool:
    """Whether the suspect with that number is named by his name alone."""
    return number <= len(found.suspects) and found.suspects[number - 1].WhichOneof("identifier") is None


def approve(
    session: Session,
    client: Client,
    access_request_id: str,
    etag: str,
    part: access_requests_pb2.GrantedPart | None = None,
) -> None:
    """Grant access, or a part of what is asked for, and say what the officer who asked does next."""
    from nsor.v1 import access_requests_pb2  # noqa: PLC0415 - as above

    decision = access_requests_pb2.ApproveAccessRequestRequest(
        access_request_id=access_request_id, etag=etag, part=part
    )
    answer = client.lookup.approve_access_request(decision)
    session.answer(answer, title="Granted")
    if not session.as_json:
        _say_granted(session, "Granted.", answer.message.grant)


def send_back(session: Session, client: Client, access_request_id: str, etag: str, reasons: Sequence[str]) -> None:
    """Return a request with reasons of ``REASONS``."""
    from nsor.v1 import access_requests_pb2  # noqa: PLC0415 - as above

    names = [f"RETURN_REASON_{reason.upper().replace('-', '_')}" for reason in reasons]
    decision = access_requests_pb2.ReturnAccessRequestRequest(
        access_request_id=access_request_id,
        etag=etag,
        reasons=[access_requests_pb2.ReturnReason.Value(name) for name in names],
    )
    session.answer(client.lookup.return_access_request(decision), title="Returned")


def _say_granted(session: Session, begin: str, grant: grants_pb2.Grant) -> None:
    step = "{} The officer who asked looks each suspect up: `nsor lookup --grant {}`"
    session.say(step, session.said(begin), grant.grant_id)
