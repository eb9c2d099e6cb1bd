"""A judgment between its two forms: the contract's message and the sealed record. Nothing is decided here."""

from __future__ import annotations

import uuid

from nsor.v1 import registration_pb2
from nsor_server.calls import Call
from nsor_server.formats import uuids
from nsor_server.formats.instants import set_day, set_us, to_day, to_us
from nsor_server.policy.deadlines import Due
from nsor_server.registration.proposals import rules as proposals
from nsor_server.registration.record import court_reference
from nsor_server.storage.v1 import record_pb2


def from_request(
    request: registration_pb2.RecordJudgmentRequest, call: Call, confirmation: Due | None
) -> record_pb2.JudgmentRecord:
    """The first version of a judgment that a caller records, complete but for its instant.

    Args:
        request: checked and normalised.
        call: of whoever records it.
        confirmation: by when a registry has to confirm it; None: it records it itself.
    """
    record = record_pb2.JudgmentRecord(
        judgment_id=uuid.uuid4().bytes,
        version=1,
        state=registration_pb2.JUDGMENT_STATE_RECORDED if confirmation else registration_pb2.JUDGMENT_STATE_CONFIRMED,
        kind=request.kind,
        trial=record_pb2.CourtCase(
            court_kind=request.trial.court_kind,
            court_place=request.trial.place_code,
            case_number=request.trial.case_number,
        ),
        trial_day=to_day(request.trial.judgment_date),
        court_kind=request.court_kind,
        order_number=request.order_number,
        order_day=to_day(request.order_date),
        counts=[_count(count) for count in request.counts],
        cnics=request.cnics,
        recorded_by_agency=call.agency.agency_id,
        recorded_by_key=call.officer_key,
    )
    if confirmation is None:
        record.confirmed_by_agency, record.confirmed_by_key = call.agency.agency_id, call.officer_key
    else:
        record.confirmation_due_us, record.confirmation_rule = to_us(confirmation.due), confirmation.rule_id
    return record


def confirmed(record: record_pb2.JudgmentRecord, call: Call) -> record_pb2.JudgmentRecord:
    """The next version of a judgment: the caller's registry stands by it."""
    following = record_pb2.JudgmentRecord()
    following.CopyFrom(record)
    following.version += 1
    following.state = registration_pb2.JUDGMENT_STATE_CONFIRMED
    following.confirmed_by_agency, following.confirmed_by_key = call.agency.agency_id, call.officer_key
    return following


def proposed(record: record_pb2.JudgmentRecord, call: Call, until: Due) -> record_pb2.JudgmentRecord:
    """The next version of a judgment: the caller proposes to unseal what it restores.

    Args:
        record: the newest version.
        call: of the officer.
        until: by when another one has to confirm it.
    """
    following = record_pb2.JudgmentRecord()
    following.CopyFrom(record)
    following.version += 1
    following.state = registration_pb2.JUDGMENT_STATE_UNSEALING_PROPOSED
    following.unsealing_proposed_by_key = call.officer_key
    following.unsealing_proposed_time_us = to_us(call.now())
    following.unsealing_expire_time_us = to_us(until.due)
    following.ClearField("unsealing_end")
    return following


def unsealing_ended(record: record_pb2.JudgmentRecord, end: record_pb2.ProposalEnd) -> record_pb2.JudgmentRecord:
    """The next version of a judgment: nobody has confirmed what was proposed, and an officer ends that."""
    following = record_pb2.JudgmentRecord()
    following.CopyFrom(record)
    following.version += 1
    following.state = registration_pb2.JUDGMENT_STATE_CONFIRMED
    following.unsealing_end.CopyFrom(end)
    proposals.add_ended(following.ended_unsealings, end, record.unsealing_proposed_by_key)
    return following


def unsealed(record: record_pb2.JudgmentRecord, call: Call) -> record_pb2.JudgmentRecord:
    """The next version of a judgment: the caller confirms that."""
    following = record_pb2.JudgmentRecord()
    following.CopyFrom(record)
    following.version += 1
    following.state = registration_pb2.JUDGMENT_STATE_UNSEALED
    following.unsealed_by_key = call.officer_key
    return following


def to_message(record: record_pb2.JudgmentRecord, *, to_npb: bool) -> registration_pb2.Judgment:
    """A judgment as the contract writes it; what the purpose may see is copied from it by disclosure.

    That NPB unseals something would tell others that there was something sealed: for them it is confirmed.
    """
    state = record.state if to_npb else min(record.state, registration_pb2.JUDGMENT_STATE_CONFIRMED)
    judgment = registration_pb2.Judgment(
        judgment_id=uuids.text(record.judgment_id),
        state=registration_pb2.JudgmentState.ValueType(state),
        kind=record.kind,  # type: ignore[arg-type]  # stored numbers are the enum's
        court_kind=record.court_kind,  # type: ignore[arg-type]  # stored numbers are the enum's
        order_number=record.order_number,
        cnics=record.cnics,
        recorded_by_agency=record.recorded_by_agency,
    )
    judgment.trial.court_kind = record.trial.court_kind  # type: ignore[assignment]  # stored numbers are the enum's
    judgment.trial.place_code = record.trial.court_place
    judgment.trial.case_number = record.trial.case_number
    set_day(judgment.trial.judgment_date, record.trial_day)
    set_day(judgment.order_date, record.order_day)
    set_us(judgment.create_time, record.create_time_us)
    for stored in record.counts:
        count = judgment.counts.add(
            offence_code=stored.offence_code,
            sentence_kind=stored.sentence_kind,
            months=stored.months,
        )
        if stored.HasField("offence_day"):
            set_day(count.offence_date, stored.offence_day)
    return judgment


def trial_reference(record: record_pb2.JudgmentRecord) -> str:
    """The trial's case, as entries are labelled with it."""
    return court_reference(record.trial.court_place, record.trial.case_number)


def _count(count: registration_pb2.JudgedCount) -> record_pb2.JudgedCount:
    day = to_day(count.offence_date) if count.HasField("offence_date") else None
    return record_pb2.JudgedCount(
        offence_code=count.offence_code,
        offence_day=day,
        sentence_kind=count.sentence_kind,
        months=count.months,
    )
