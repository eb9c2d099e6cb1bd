"""Reviews as the contract writes them. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from nsor.v1 import proposals_pb2, reviews_pb2
from nsor_server.calls import Call
from nsor_server.formats.instants import from_us, set_us, to_us
from nsor_server.formats.uuids import text
from nsor_server.registration import record as records
from nsor_server.registration import review_store, shown, states
from nsor_server.registration.persons import rules
from nsor_server.registration.persons.claimants import Known
from nsor_server.registration.proposals import ended as ended_proposals
from nsor_server.registration.proposals import rules as proposals
from nsor_server.registration.review_store import StoredReview
from nsor_server.storage.v1 import record_pb2


def review(
    stored: StoredReview,
    decision: record_pb2.ReviewDecisionRecord | None,
    call: Call,
    sealed: Collection[bytes] = (),
) -> reviews_pb2.Review:
    """A review, with how far NPB is with it.

    Args:
        stored: as it was written.
        decision: None: nothing was proposed.
        call: of the officer who is shown it.
        sealed: registrations of which nothing is told, nor what the other one has in common with one.
    """
    is_whole = not {stored.registration_id, stored.earlier_registration_id} & set(sealed)
    shown = reviews_pb2.Review(
        number=stored.number,
        registration_id=_unless(stored.registration_id, sealed),
        earlier_registration_id=_unless(stored.earlier_registration_id, sealed),
        identifier=reviews_pb2.IdentifierKind.ValueType(stored.kind if is_whole else 0),
        review_time=from_us(to_us(stored.due_at)),
        kind=(
            reviews_pb2.REVIEW_KIND_LIKELY_DUPLICATE
            if stored.kind == review_store.LIKELY
            else reviews_pb2.REVIEW_KIND_SHARED_IDENTIFIER
        ),
        evidence=[
            reviews_pb2.ReviewEvidence(
                part=reviews_pb2.EvidencePart.ValueType(each.part),
                word=each.word,
                rule=reviews_pb2.EvidenceRule.ValueType(each.rule),
            )
            for each in stored.evidence
            if is_whole
        ],
        state=reviews_pb2.ReviewState.ValueType(decision.state if decision else reviews_pb2.REVIEW_STATE_OPEN),
        decision=reviews_pb2.ReviewDecision.ValueType(decision.decision if decision else 0),
        decided_registration_ids=map(text, decision.decided_registration_ids) if decision else (),
    )
    if decision is not None and (rules.is_proposed(decision) or decision.HasField("end")):
        end, until_us = decision.end if decision.HasField("end") else None, decision.expire_time_us
        outdated = decision.proposed_by_key in call.compromised
        state = proposals.state(end=end, expire_us=until_us, now_us=to_us(call.now()), outdated=outdated)
        shown.proposal_state = proposals_pb2.ProposalState.ValueType(state)
        shown.refusal = proposals_pb2.ProposalRefusal.ValueType(decision.end.refusal)
        set_us(shown.expire_time, until_us)
    for each in decision.ended if decision is not None else ():
        what = reviews_pb2.ReviewDecision.ValueType(each.decision)
        shown.ended_proposals.add(decision=what, proposal=ended_proposals.message(call, each))
    return shown


def _unless(registration_id: bytes, sealed: Collection[bytes]) -> str:
    return "" if registration_id in sealed else text(registration_id)


def reviewed(known: Known, others: Iterable[Known]) -> reviews_pb2.ReviewedRegistration:
    """One of the two registrations, what NPB compares; ``others`` are of one person with it already."""
    record = known.record
    convictions = [each for each in record.convictions if states.waits(each)]
    whole = records.to_message(record, [*shown.to_everybody(record), *convictions])
    return reviews_pb2.ReviewedRegistration(
        registration_id=whole.registration_id,
        person=whole.person,
        convictions=whole.convictions,
        addresses=whole.addresses,
        custody=whole.custody,
        created_by_agency=whole.created_by_agency,
        create_time=whole.create_time,
        withdrawn=record.withdrawn,
        disputed=sorted({reviews_pb2.IdentifierKind.ValueType(one.kind) for one in known.claim.disputed}),
        merged_registration_ids=[text(each.registration_id) for each in others],
    )
