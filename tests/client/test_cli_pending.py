"""`nsor pending`: what waits for a second officer of NPB, what has ended, and how it is ended."""

import json

import pytest
from google.protobuf.message import Message

from nsor.v1 import closure_pb2, proposals_pb2, worklists_pb2
from tests.client.conftest import Register, Run

LIST = "nsor.v1.RegistrationService/ListPendingDecisions"
REFUSE = "nsor.v1.RegistrationService/RefuseProposal"
WITHDRAW = "nsor.v1.RegistrationService/WithdrawProposal"
ID, RECORD, OTHER = (f"01a213d7-5009-4d2c-acf2-14f95e6d3d0{nth}" for nth in range(3))


def decision(decision_id: str, **fields: object) -> worklists_pb2.PendingDecision:
    made = worklists_pb2.PendingDecision(
        kind=worklists_pb2.PENDING_DECISION_KIND_CLOSURE,
        closure_kind=closure_pb2.CLOSURE_KIND_DECEASED,
        decision_id=decision_id,
        registration_id=RECORD,
        officer_number="17",
        **fields,  # type: ignore[arg-type]  # as the message has them
    )
    made.expire_time.seconds = 1_790_000_000
    return made


@pytest.fixture
def listed(register: Register) -> list[worklists_pb2.ListPendingDecisionsRequest]:
    """A list of what waits, and one of what has ended."""
    asked: list[worklists_pb2.ListPendingDecisionsRequest] = []

    def answer(data: bytes) -> Message:
        request = worklists_pb2.ListPendingDecisionsRequest.FromString(data)
        asked.append(request)
        if not request.ended:
            return worklists_pb2.ListPendingDecisionsResponse(
                decisions=[decision(ID, state=proposals_pb2.PROPOSAL_STATE_OUTDATED)]
            )
        refused = decision(
            ID,
            state=proposals_pb2.PROPOSAL_STATE_REFUSED,
            refusal=proposals_pb2.PROPOSAL_REFUSAL_NOT_SHOWN,
            own=True,
        )
        expired = decision(OTHER, state=proposals_pb2.PROPOSAL_STATE_EXPIRED)
        return worklists_pb2.ListPendingDecisionsResponse(decisions=[refused, expired])

    register.answers[LIST] = answer
    return asked


@pytest.mark.usefixtures("listed")
def test_what_is_outdated_says_so_and_how_it_is_ended(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("pending", "list") == 0
    shown = capsys.readouterr()
    said = " ".join(shown.out.split())
    assert "no more: it is to be proposed anew" in said
    assert f"nsor pending refuse closure {ID} --reason REASON" in said
    assert "1 shown: all that there is." in shown.err


def test_what_has_ended_is_shown_with_how_and_why_the_last_one_in_front(
    run: Run, listed: list[worklists_pb2.ListPendingDecisionsRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("pending", "list", "--ended") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert listed[0].ended
    assert said.index(f"expired {OTHER}") < said.index(f"refused: not shown {ID}")
    assert "17 (you)" in said
    assert run("pending", "list", "--ended", "--json") == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["decision_id"] for each in found] == [OTHER, ID]


def test_what_was_refused_before_of_an_unsealing_is_shown_with_it(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    again = decision(ID, state=proposals_pb2.PROPOSAL_STATE_WAITING)
    again.kind = worklists_pb2.PENDING_DECISION_KIND_UNSEALING
    refused = again.ended_proposals.add(officer_number="PB-9", state=proposals_pb2.PROPOSAL_STATE_REFUSED)
    refused.refusal = proposals_pb2.PROPOSAL_REFUSAL_NOT_SO
    refused.end_time.seconds = 1_790_000_000
    register.answers[LIST] = lambda _: worklists_pb2.ListPendingDecisionsResponse(decisions=[again])
    assert run("pending", "list") == 0
    assert "refused (not so): PB-9, 2026-" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("kind", "field"), [("closure", "closure_id"), ("unsealing", "judgment_id"), ("reading", "sealed_reading_id")]
)
def test_one_is_refused_or_withdrawn_by_its_kind_and_id(run: Run, register: Register, kind: str, field: str) -> None:
    register.answers[REFUSE] = lambda _: proposals_pb2.RefuseProposalResponse()
    register.answers[WITHDRAW] = lambda _: proposals_pb2.WithdrawProposalResponse()
    assert run("pending", "refuse", kind, ID, "--reason", "not-shown") == 0
    assert run("pending", "withdraw", kind, ID) == 0
    refused, withdrawn = (call.request for call in register.calls if call.method in {REFUSE, WITHDRAW})
    sent = proposals_pb2.RefuseProposalRequest.FromString(refused)
    assert (getattr(sent, field), sent.reason) == (ID, proposals_pb2.PROPOSAL_REFUSAL_NOT_SHOWN)
    assert getattr(proposals_pb2.WithdrawProposalRequest.FromString(withdrawn), field) == ID
