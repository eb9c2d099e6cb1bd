"""DecideTransfer, ResolveTransfer, GetTransfer and ListTransfers on the wire. No SQL, no law."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from nsor.v1 import options_pb2, transfers_pb2
from nsor_server import errors
from nsor_server.access import decisions, rows
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, RecordRef, Row, Seen
from nsor_server.formats.instants import instant, to_us
from nsor_server.formats.uuids import raw
from nsor_server.notification import persons, store
from nsor_server.notification.persons import Others
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_Versions: TypeAlias = tuple[record_pb2.RegistrationRecord, record_pb2.RegistrationRecord]
"""Of a registration: before a decision, and after it."""
_Found: TypeAlias = tuple[registrations.StoredVersion, record_pb2.RegistrationRecord]


class _Waiting(NamedTuple):
    """A registration with a transfer, and the others of the person."""

    row: registrations.StoredVersion
    record: record_pb2.RegistrationRecord
    others: Others


class Transfers:
    """Shows transfers, and has the police of the new place or NPB decide them."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex, durable: Callable[[], int]) -> None:
        """``durable`` gives how many entries this process knows to be durable: no page is of a register before them."""
        self._sealer, self._blind_index, self._durable = sealer, blind_index, durable

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                transfers_pb2.DecideTransferRequest,
                transfers_pb2.DecideTransferResponse,
                self.decide_transfer,
                self._decided_again,
            ),
            Unary(
                transfers_pb2.ResolveTransferRequest,
                transfers_pb2.ResolveTransferResponse,
                self.resolve_transfer,
                self._resolved_again,
            ),
            Unary(
                transfers_pb2.GetTransferRequest,
                transfers_pb2.GetTransferResponse,
                self.get_transfer,
                charge=lambda request: Charge(request.registration_id),
            ),
            Unary(
                transfers_pb2.ListTransfersRequest,
                transfers_pb2.ListTransfersResponse,
                self.list_transfers,
                charge=lambda _request: Charge(""),
                shows=registrations.transfers_shown,
            ),
        )

    def decide_transfer(
        self, call: Call, request: transfers_pb2.DecideTransferRequest, conn: Connection
    ) -> Outcome[transfers_pb2.DecideTransferResponse]:
        """Accept or refuse a transfer for the police of the new place.

        Raises:
            errors.NoRecord: there is none, or it doesn't lead to where the caller may act.
            errors.Denied: SECOND_PERSON_REQUIRED: the caller took the notice that opened it.
            errors.EtagMismatch: the caller has seen another version.
            errors.WrongState: it was answered already; or it is accepted, and was opened by a key that was compromised.
        """
        if request.validate_only:
            return Outcome(transfers_pb2.DecideTransferResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        accepts = request.decision == transfers_pb2.TRANSFER_DECISION_ACCEPT
        row, record, others = self._to_decide(call, request, conn)
        following, by = _following(record), _by(call)
        deadlines = registrations.of_refusal(policy_of(call).deadlines, instant(by.time_us))

        def decide(transferred: record_pb2.RegistrationRecord) -> None:
            if accepts:
                registrations.transfer_accepted(transferred, by)
            else:
                registrations.transfer_refused(transferred, by, request.refusal, deadlines)

        decide(following)
        _decide_others(call, others, (record, following), decide, by)
        written, rest = self._written(call, row, (record, following), by, others)
        answer = transfers_pb2.DecideTransferResponse(
            etag=written.etag,
            state=following.transfer.state,  # type: ignore[arg-type]  # stored numbers are the enum's
            responsible_place=following.responsible_place,
        )
        return Outcome(disclose(answer, call.purpose), _detail("TRANSFER_DECIDED", following), *rest)

    def resolve_transfer(
        self, call: Call, request: transfers_pb2.ResolveTransferRequest, conn: Connection
    ) -> Outcome[transfers_pb2.ResolveTransferResponse]:
        """Decide for NPB who is responsible.

        Raises:
            errors.NoRecord: there is no transfer.
            errors.Denied: SECOND_PERSON_REQUIRED: the caller took the notice that opened it.
            errors.EtagMismatch: the caller has seen another version.
            errors.WrongState: the police of the new place may still answer, or it has ended; or they are made
                responsible by a transfer that was opened by a key that was compromised.
        """
        if request.validate_only:
            return Outcome(transfers_pb2.ResolveTransferResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        assigned = request.resolution == transfers_pb2.TRANSFER_RESOLUTION_ASSIGN
        row, record, others = self._to_resolve(call, request, conn)
        following, by = _following(record), _by(call)

        def decide(transferred: record_pb2.RegistrationRecord) -> None:
            registrations.transfer_resolved(transferred, by, assigned=assigned)

        decide(following)
        _decide_others(call, others, (record, following), decide, by, by_npb=True)
        written, rest = self._written(call, row, (record, following), by, others)
        answer = transfers_pb2.ResolveTransferResponse(
            etag=written.etag,
            state=following.transfer.state,  # type: ignore[arg-type]  # stored numbers are the enum's
            responsible_place=following.responsible_place,
        )
        return Outcome(disclose(answer, call.purpose), _detail("TRANSFER_RESOLVED", following), *rest)

    def get_transfer(
        self, call: Call, request: transfers_pb2.GetTransferRequest, conn: Connection
    ) -> Outcome[transfers_pb2.GetTransferResponse]:
        """Show a transfer and whom it is about to the police of both places and to NPB.

        Raises:
            errors.NoRecord: there is none, or it isn't the caller's to see.
        """
        row, record = self._of(call, request.registration_id, conn)
        answer = registrations.transfer_to_message(record, registrations.etag(row.sealed), policy_of(call).deadlines)
        if not _is_his(call, record):
            if registrations.has_refused_transfer(record):
                answer.ClearField("person")
                answer.ClearField("address")
            elif registrations.has_open_transfer(record) and registrations.is_by_arrival_alone(record):
                answer.ClearField("person")
                answer.masked_person.CopyFrom(registrations.masked(record))
        detail = _detail("TRANSFER_SHOWN", record)
        detail.shown_version = record.version
        detail.classes_shown.extend(classes_shown(answer.DESCRIPTOR, call.purpose))
        return Outcome(disclose(answer, call.purpose), detail, seen=(registrations.seen(row),))

    def list_transfers(
        self, call: Call, request: transfers_pb2.ListTransfersRequest, conn: Connection
    ) -> Outcome[transfers_pb2.ListTransfersResponse]:
        """List the open transfers of the caller's places; to NPB those that are its own to decide.

        Raises:
            errors.Denied: that side isn't of the caller's kind of agency.
            errors.InvalidFields: PAGE_TOKEN_INVALID.
            errors.Internal: the list contradicts the register, or is one of before.
        """
        listed = registrations.transfers_page(conn, (self._sealer, self._blind_index), call, request, self._durable)
        detail = record_pb2.AccessDetail(
            outcome="TRANSFERS_LISTED",
            subjects=[raw(each.registration_id) for each in listed.response.items],
            classes_shown=classes_shown(listed.response.DESCRIPTOR, call.purpose),
            listed_work=listed.work,
        )
        seen = [seen for each in listed.items for seen in each.seen]
        return Outcome(disclose(listed.response, call.purpose), detail, seen=seen, shown=listed.shown)

    def _of(self, call: Call, registration_id: str, conn: Connection) -> _Found:
        """A registration that the caller is shown, and that has or had a transfer.

        Raises:
            errors.NoRecord: there is none.
        """
        found = registrations.head(conn, self._sealer, raw(registration_id), call)
        if found is None or not found[1].HasField("transfer"):
            raise errors.NoRecord
        return found

    def _written(
        self,
        call: Call,
        row: registrations.StoredVersion,
        versions: _Versions,
        by: registrations.TransferBy,
        others: Others,
    ) -> tuple[registrations.Written, tuple[list[Row], tuple[RecordRef, ...], tuple[Seen, ...]]]:
        """The next version, and what of an outcome follows from it: rows, records and what was seen."""
        record, following = versions
        key = registrations.data_key(self._sealer, row)
        written = registrations.version_row(key, record, following, instant(by.time_us))
        added = [written.row, *registrations.transfer_events(call.agencies, record, following), *others.rows]
        return written, (added, (written.ref, *others.refs), (registrations.seen(row), *others.seen))

    def _to_decide(self, call: Call, request: transfers_pb2.DecideTransferRequest, conn: Connection) -> _Waiting:
        """A transfer that leads to where the caller may act.

        Raises:
            errors.NoRecord, errors.Denied, errors.EtagMismatch, errors.WrongState: as ``decide_transfer``.
        """
        row, record = self._of(call, request.registration_id, conn)
        if not rows.within(call.agency, call.officer, [record.transfer.to_place]):
            raise errors.NoRecord
        accepts = request.decision == transfers_pb2.TRANSFER_DECISION_ACCEPT
        return self._opened(call, conn, row, record, etag=request.etag, grants=accepts)

    def _to_resolve(self, call: Call, request: transfers_pb2.ResolveTransferRequest, conn: Connection) -> _Waiting:
        """A transfer that NPB may have to decide.

        Raises:
            errors.NoRecord, errors.Denied, errors.EtagMismatch, errors.WrongState: as ``resolve_transfer``.
        """
        row, record = self._of(call, request.registration_id, conn)
        assigns = request.resolution == transfers_pb2.TRANSFER_RESOLUTION_ASSIGN
        return self._opened(call, conn, row, record, etag=request.etag, grants=assigns)

    def _opened(
        self,
        call: Call,
        conn: Connection,
        row: registrations.StoredVersion,
        record: record_pb2.RegistrationRecord,
        *,
        etag: str,
        grants: bool,
    ) -> _Waiting:
        """A transfer, and the other registrations of the person, once it is compared who has opened it.

        Nobody moves a person to his own station alone, by a number that he has typed or a notice that he has taken. One
        by an arrival notice alone rests on that; any other on the notices, in which the person has told it himself.
        Whether it still waits is asked by what is made of it.
        """
        others = persons.others(conn, self._sealer, self._blind_index, record.registration_id)
        keys = {record.registration_id: registrations.data_key(self._sealer, row)}
        keys |= {each.registration_id: each.key for each in others.found}
        moved = [each.record for each in others.found if registrations.is_transferred_with(each.record, record)]
        acts = []
        for transfer, alone in ((each.transfer, registrations.is_by_arrival_alone(each)) for each in (record, *moved)):
            acts.append(decisions.Act(transfer.arrival_agency, transfer.arrival_key, carries=alone))
            for notice_id in (transfer.notice_id, *transfer.further_notice_ids):
                found = (store.one(conn, key, of, notice_id) for of, key in keys.items())
                acts += [decisions.Act(one.record.agency, one.record.officer_key) for one in found if one is not None]
        current = etag == registrations.etag(row.sealed)
        decisions.check_acts(call, acts, etag_is_current=current, open_state=True, grants=grants)
        return _Waiting(row, record, others)

    def _decided_again(
        self, call: Call, request: transfers_pb2.DecideTransferRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        return (registrations.seen(self._to_decide(call, request, conn).row),)

    def _resolved_again(
        self, call: Call, request: transfers_pb2.ResolveTransferRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        return (registrations.seen(self._to_resolve(call, request, conn).row),)


def _decide_others(
    call: Call,
    others: Others,
    versions: _Versions,
    decide: Callable[[record_pb2.RegistrationRecord], None],
    by: registrations.TransferBy,
    *,
    by_npb: bool = False,
) -> None:
    """Add what a decision makes of the other registrations of the person that are transferred to the same place.

    Args:
        call: of who decides.
        others: the other registrations.
        versions: of the registration that was named, before and after it.
        decide: makes a version what the decision makes of it.
        by: who decides, and when.
        by_npb: NPB decides, and not the police of the new place.
    """
    for each in others.found:
        if registrations.is_transferred_with(each.record, versions[0], by.time_us if by_npb else 0):
            other = _following(each.record)
            decide(other)
            others.write(each, other, instant(by.time_us), call.agencies, versions)


def _by(call: Call) -> registrations.TransferBy:
    return registrations.TransferBy(call.agency.agency_id, call.officer_key, to_us(call.now()))


def _following(record: record_pb2.RegistrationRecord) -> record_pb2.RegistrationRecord:
    following = record_pb2.RegistrationRecord()
    following.CopyFrom(record)
    following.version += 1
    return following


def _is_his(call: Call, record: record_pb2.RegistrationRecord) -> bool:
    """Whether a caller is NPB or the responsible police: these are shown whom every transfer is about."""
    is_police = call.agency.kind == options_pb2.AGENCY_KIND_POLICE
    return not is_police or rows.within(call.agency, call.officer, [record.responsible_place])


def _detail(outcome: str, record: record_pb2.RegistrationRecord) -> record_pb2.AccessDetail:
    """What the entry says. It names no case: the police of the new place aren't shown one yet."""
    return record_pb2.AccessDetail(outcome=outcome, subjects=[record.registration_id])
