"""A registration with its notices as a caller may see it, and what a decision on one of them adds."""

from __future__ import annotations

from dataclasses import dataclass

from nsor_server import errors
from nsor_server.calls import Call, RecordRef, Row, Seen
from nsor_server.formats.instants import to_us
from nsor_server.formats.uuids import raw
from nsor_server.notification import store
from nsor_server.notification.notices import effects, events, states
from nsor_server.notification.persons import Others
from nsor_server.registration import facts as registrations
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, Sealer
from nsor_server.storage.v1 import record_pb2


@dataclass(frozen=True, slots=True)
class Found:
    """A registration that the caller may see, opened.

    Attributes:
        row: the newest version.
        record: the same, opened.
        key: its data key.
    """

    row: registrations.StoredVersion
    record: record_pb2.RegistrationRecord
    key: DataKey

    @property
    def seen(self) -> Seen:
        """That it was the newest version."""
        return registrations.seen(self.row)

    def detail(self, outcome: str, *notice_ids: bytes) -> record_pb2.AccessDetail:
        """What the entry says of a call about some of its notices, with a case that every look-up would show."""
        convictions = registrations.to_everybody(self.record)
        return record_pb2.AccessDetail(
            outcome=outcome,
            case_reference=registrations.case_reference(convictions[0].fir) if convictions else "",
            subjects=[self.record.registration_id, *notice_ids],
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """What a decision on a notice adds besides the registration's version.

    Attributes:
        rows: that are to be added.
        refs: what the ledger holds them to.
        seen: what they rest on.
    """

    rows: tuple[Row, ...] = ()
    refs: tuple[RecordRef, ...] = ()
    seen: tuple[Seen, ...] = ()


def find(sealer: Sealer, call: Call, registration_id: str, conn: Connection) -> Found:
    """A registration that the contract shows the caller.

    Raises:
        errors.NoRecord: there is none.
    """
    found = registrations.head(conn, sealer, raw(registration_id), call)
    if found is None:
        raise errors.NoRecord
    row, record = found
    return Found(row, record, registrations.data_key(sealer, row))


def one(call: Call, conn: Connection, of: Found, notice_id: bytes) -> store.Notice:
    """A notice of a registration.

    Raises:
        errors.NoRecord: there is none of that id.
    """
    found = store.one(conn, of.key, of.row.registration_id, notice_id)
    if found is None:
        call.looks_at(record_pb2.LOOKED_AT_KIND_NOTICE, notice_id, 0)
        raise errors.NoRecord
    call.looks_at(record_pb2.LOOKED_AT_KIND_NOTICE_DECISION, notice_id, found.decision.version)
    return found


def ended(
    call: Call,
    of: Found,
    found: store.Notice,
    by: record_pb2.NoticeDecisionRecord,
    later: record_pb2.NoticeRecord | None = None,
) -> Ended:
    """What a decision on a notice adds: its row, and the events of it.

    Args:
        call: of who decides.
        of: the registration.
        found: the notice.
        by: what it is from then on, and why, or by which notice.
        later: that notice.

    Raises:
        errors.WrongState: it is decided, withdrawn or superseded.
    """
    states.check(found.state, by.state)
    decision = record_pb2.NoticeDecisionRecord(
        notice_id=found.record.notice_id,
        version=found.decision.version + 1,
        registration_id=of.record.registration_id,
        agency=call.agency.agency_id,
        officer_key=call.officer_key,
        time_us=to_us(call.now()),
        registration_version=of.record.version + 1,
    )
    decision.MergeFrom(by)
    row, ref = store.decision_row(of.key, decision)
    told = events.of_decision(call.agencies, of.record, found.record, decision.state, later)
    return Ended((row, *told), (ref,), (found.seen,))


def decided(
    call: Call, of: Found, found: store.Notice, by: record_pb2.NoticeDecisionRecord, others: Others
) -> tuple[str, Ended]:
    """The etag of the version that follows a decision on a notice, and what is added, that version among it.

    Of the other registrations of the person it is taken back as well where it was told.

    Raises:
        errors.WrongState: as ``ended``.
    """
    end = ended(call, of, found, by)
    written_at = call.now()
    record = effects.decided(of.record, found.record, by.state, to_us(written_at))
    written = registrations.version_row(of.key, of.record, record, written_at)
    transferred = registrations.transfer_events(call.agencies, of.record, record)
    for each in others.found:
        if by.state != states.VERIFIED and effects.is_carried(each.record, found.record.notice_id):
            other = effects.decided(each.record, found.record, by.state, to_us(written_at))
            others.write(each, other, written_at, call.agencies, (of.record, record))
    return written.etag, Ended(
        (written.row, *end.rows, *transferred, *others.rows),
        (written.ref, *end.refs, *others.refs),
        (of.seen, *end.seen, *others.seen),
    )
