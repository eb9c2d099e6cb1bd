"""AmendRegistration on the wire: from the message to the rules and the store, and back. No SQL, no law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nsor.v1 import amendments_pb2, registration_pb2
from nsor_server import errors
from nsor_server.access.disclosure import disclose, shows
from nsor_server.calls import Call, Outcome, RecordRef, Row, Seen
from nsor_server.formats.uuids import raw
from nsor_server.registration import record as records
from nsor_server.registration import rules, shown, states, store
from nsor_server.registration.amendments import identifiers
from nsor_server.registration.amendments.record import amended, of_request
from nsor_server.registration.amendments.rules import check_fits, warnings
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, Sealer
from nsor_server.storage.v1 import record_pb2

Request = amendments_pb2.AmendRegistrationRequest
Response = amendments_pb2.AmendRegistrationResponse
_CONVICTIONS: Final = registration_pb2.Registration.DESCRIPTOR.fields_by_name["convictions"]


@dataclass(frozen=True, slots=True)
class Owned:
    """A registration that the caller owns, opened.

    Attributes:
        row: the newest version.
        record: the same, opened.
        key: its data key.
    """

    row: store.StoredVersion
    record: record_pb2.RegistrationRecord
    key: DataKey


@dataclass(frozen=True, slots=True)
class Following:
    """The next version of a registration, amended.

    Attributes:
        etag: its etag.
        rows: that are to be added: the version's, and those of what it claims anew.
        refs: what the ledger holds them to.
        seen: what it rests on.
    """

    etag: str
    rows: tuple[Row, ...]
    refs: tuple[RecordRef, ...]
    seen: tuple[Seen, ...]


class Amendments:
    """Amends registrations."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer, self._blind_index = sealer, blind_index

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (Unary(Request, Response, self.amend_registration, self._amended_again),)

    def amend_registration(self, call: Call, request: Request, conn: Connection) -> Outcome[Response]:
        """Amend particulars; the record's owner alone does.

        Raises:
            errors.NoRecord: there is none, or it isn't his to amend.
            errors.EtagMismatch: he has seen another version.
            errors.InvalidFields: as ``rules.check_fits``.
        """
        if request.validate_only:
            odd = warnings(request.particulars, request.update_mask.paths, None)
            answer = disclose(Response(warnings=odd), call.purpose)
            return Outcome(answer, record_pb2.AccessDetail(outcome="VALIDATED"))
        of = owned(self._sealer, call, request.registration_id, conn)
        change = record_pb2.AmendmentRecord(
            paths=request.update_mask.paths, particulars=of_request(request.particulars)
        )
        written = following(call, of, request.etag, change, (conn, self._blind_index))
        odd = warnings(request.particulars, request.update_mask.paths, of.record)
        answer = Response(registration_id=request.registration_id, etag=written.etag, warnings=odd)
        return Outcome(
            disclose(answer, call.purpose), detail(call, "AMENDED", of.record), written.rows, written.refs, written.seen
        )

    def _amended_again(self, call: Call, request: Request, conn: Connection) -> tuple[Seen, ...]:
        found = store.head(conn, self._sealer, raw(request.registration_id), call)
        if found is None:
            raise errors.NoRecord
        return (store.seen(found[0]),)


def owned(sealer: Sealer, call: Call, registration_id: str, conn: Connection) -> Owned:
    """A registration that the caller owns.

    Raises:
        errors.NoRecord: there is none, or it isn't his.
    """
    found = store.head(conn, sealer, raw(registration_id), call)
    if found is None or not rules.is_owner(found[1], call.agency, call.officer):
        raise errors.NoRecord
    row, record = found
    return Owned(row, record, store.data_key(sealer, row))


def fitting(
    call: Call, record: record_pb2.RegistrationRecord, change: record_pb2.AmendmentRecord
) -> record_pb2.RegistrationRecord:
    """The next version of a record as an amendment of its owner makes it.

    Raises:
        errors.InvalidFields: as ``rules.check_fits``.
    """
    made = amended(states.next_version(record), change.paths, change.particulars)
    # By what the purpose shows him: an answer mustn't tell of convictions that he isn't shown.
    seen = shown.to_agency(record, call.agency, call.officer) if shows(_CONVICTIONS, call.purpose) else ()
    check_fits(record, made, seen)
    return made


def following(
    call: Call,
    of: Owned,
    etag: str,
    change: record_pb2.AmendmentRecord,
    index: tuple[Connection, BlindIndex],
) -> Following:
    """The next version of a registration, amended by its owner.

    Args:
        call: of the owner.
        of: the registration.
        etag: of the version that he has seen.
        change: what is amended, and to what.
        index: where identifiers are claimed.

    Raises:
        errors.EtagMismatch: there is a newer version.
        errors.InvalidFields: as ``rules.check_fits``.
    """
    if etag != store.etag(of.row.sealed):
        raise errors.EtagMismatch
    record = fitting(call, of.record, change)
    written = store.version_row(of.key, of.record, record, call.now())
    claim = identifiers.claimed(*index, of.key, of.record, record)
    return Following(
        written.etag,
        (written.row, *claim.rows),
        (written.ref, *claim.refs),
        (store.seen(of.row), *claim.seen),
    )


def detail(
    call: Call, outcome: str, record: record_pb2.RegistrationRecord, *subjects: bytes
) -> record_pb2.AccessDetail:
    """What the entry says. Its case is one that the caller is shown: lists of accesses name it."""
    convictions = shown.to_agency(record, call.agency, call.officer)
    return record_pb2.AccessDetail(
        outcome=outcome,
        case_reference=records.case_reference(convictions[0].fir) if convictions else "",
        subjects=[record.registration_id, *subjects],
    )
