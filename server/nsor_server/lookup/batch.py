"""LookUpRegistration, many at a time: prepared and decided by the one writer of the ledger.

This is the register's hot path. What depends on the request alone is done in ``prepare``. What depends on the register
is read in ``decide``, under the lock of the ledger's head: an answer never shows what an earlier entry took away, and a
grant is never used more often than it says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from nsor.v1 import errors_pb2, lookup_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.access.contract import ContractError
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.alerts import Alert, alert
from nsor_server.calls import Call, Outcome, Row
from nsor_server.formats.instants import instant, to_us
from nsor_server.formats.uuids import raw
from nsor_server.lookup import batch_store, rules, store
from nsor_server.lookup.batch_store import NO_GRANT, Earlier, Wanted
from nsor_server.registration import facts as registrations
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.session import Rows, Step
from nsor_server.storage.v1 import record_pb2

_FOUND: Final = lookup_pb2.LOOK_UP_OUTCOME_FOUND
_NO_RECORD: Final = lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD

_Fir = tuple[str, int, int]
"""Station, year, serial: the key. The date follows from it and isn't compared."""


class LookUp(NamedTuple):
    """A look-up whose request is in order.

    Attributes:
        officer_key: who looks: key id, 32 bytes.
        purpose: what for.
        access_id: id of the access.
        cnic: the person asked for, 13 digits.
        wanted: what is read for it.
        hashes: the keyed hash of the request under every live key, the primary's first.
        fir: the record must have this FIR to be shown; None: any.
        case_reference: for the ledger's detail.
    """

    officer_key: bytes
    purpose: options_pb2.Purpose.ValueType
    access_id: bytes
    cnic: str
    wanted: Wanted
    hashes: Sequence[bytes]
    fir: _Fir | None
    case_reference: str


@dataclass(slots=True)
class _Grant:
    """An opened grant, with its uses so far: those of this batch too."""

    record: record_pb2.GrantRecord
    uses: list[int]


@dataclass(frozen=True, slots=True)
class _Subject:
    """The place of a CNIC in a grant."""

    grant: _Grant
    position: int


@dataclass(slots=True)
class _Batch:
    """What is known while a batch is decided.

    Attributes:
        now_us: the instant of the batch's leaves.
        grants: those opened so far, by id.
        requests: hashes of the requests that this batch has answered, by agency and request id.
    """

    now_us: int
    grants: dict[bytes, _Grant]
    requests: dict[tuple[str, bytes], bytes]


class Decider:
    """Prepares look-ups and decides them. Threads may share it; ``decide`` is the writer's."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer = sealer
        self._blind_index = blind_index
        self._decoy = _decoy(sealer)
        descriptor = lookup_pb2.LookUpRegistrationResponse.DESCRIPTOR
        self._classes = {purpose: classes_shown(descriptor, purpose) for purpose in options_pb2.Purpose.values()}

    def prepare(self, call: Call, request: lookup_pb2.LookUpRegistrationRequest) -> LookUp:
        """Check what depends on the request alone, and compute what the writer will need.

        Args:
            call: past the gate; its purpose is the request's.
            request: checked and normalised.

        Raises:
            InvalidFields: the basis isn't the one that the purpose needs.
            Denied: OUTSIDE_JURISDICTION, for the place of an FIR or of a court.
            ContractError: the contract gives the rows of the caller's cases to a purpose that names none.
        """
        basis = request.basis
        rules.require_basis(call.purpose, basis)
        grant_id, fir, reference = NO_GRANT, None, ""
        if call.purpose == options_pb2.PURPOSE_INVESTIGATION:
            grant_id = raw(basis.grant_id)
        elif call.purpose == options_pb2.PURPOSE_PROSECUTION:
            rows.require_within(call.agency, call.officer, [basis.fir.police_station])
            fir = (basis.fir.police_station, basis.fir.year, basis.fir.serial)
            reference = rules.fir_reference(basis.fir)
        elif call.purpose == options_pb2.PURPOSE_TRIAL:
            # Known here is only that the court sits where it says. The register holds no case lists, so it can't tell
            # whether the person is a party; the subject may well be a convict of another case, whose record the court
            # is to see. The officer's session and the case number in the ledger answer for it.
            rows.require_within(call.agency, call.officer, [basis.court_case.place_code])
            reference = rules.court_reference(basis.court_case)
        elif call.purpose == options_pb2.PURPOSE_CUSTODY:
            reference = basis.prisoner_number
        elif call.purpose == options_pb2.PURPOSE_BORDER_CONTROL:
            reference = f"{basis.travel_document.country} {basis.travel_document.number}"
        else:
            reference = basis.ticket_number
        if call.rows == options_pb2.ROW_SCOPE_PART_IN_CASE and fir is None:
            # The predicate of a batch leaves this scope to the comparison with the FIR.
            raise ContractError("PART_IN_CASE is given to a purpose that names no case")
        request_id = raw(request.request_id)
        wanted = Wanted(
            call.agency.agency_id,
            call.rows,
            request_id,
            self._blind_index.values("cnic", request.cnic),
            grant_id,
        )
        # The call isn't part of it: a call holds what was prepared for it, and a cycle would hold both.
        return LookUp(
            call.officer_key,
            call.purpose,
            call.access_id,
            request.cnic,
            wanted,
            self._request_hashes(call, request, request_id),
            fir,
            reference,
        )

    def reads(self, items: Sequence[LookUp]) -> Sequence[Step]:
        """What ``decide`` needs of the register, for one item or more."""
        return batch_store.reads([item.wanted for item in items])

    def decide(
        self, items: Sequence[LookUp], results: Sequence[Rows], now_us: int
    ) -> list[Outcome[lookup_pb2.LookUpRegistrationResponse] | errors.ApiError]:
        """Answer look-ups in their order. One that fails doesn't touch its neighbours.

        Args:
            items: one or more; from ``prepare``.
            results: of ``reads``, under the ledger head's lock.
            now_us: the instant of the entries, by the database's clock.

        Returns:
            For each item its answer, or why there is none.
        """
        heads, earlier = batch_store.heads(results[0]), batch_store.earlier(results[1])
        batch = _Batch(now_us, {}, {})
        decided: list[Outcome[lookup_pb2.LookUpRegistrationResponse] | errors.ApiError] = []
        for position, item in enumerate(items):
            try:
                decided.append(self._decide(batch, item, heads.get(position, ()), earlier[position]))
            except errors.ApiError as error:
                decided.append(error)
            except Exception as error:  # noqa: BLE001 - whatever one item does, its neighbours are answered
                alert(Alert.CALL_FAILED, "a look-up failed with %s", type(error).__name__)  # its text could hold values
                decided.append(errors.Internal())
        return decided

    def _decide(
        self, batch: _Batch, item: LookUp, heads: Sequence[registrations.StoredVersion], earlier: Earlier
    ) -> Outcome[lookup_pb2.LookUpRegistrationResponse]:
        wanted = item.wanted
        subject = None if wanted.grant_id == NO_GRANT else self._subject(batch, item, earlier)
        replay = self._is_replay(batch, item, earlier)
        if (
            subject is not None
            and not replay
            and subject.grant.uses[subject.position] >= subject.grant.record.uses_per_subject
        ):
            raise errors.Denied(errors_pb2.ERROR_REASON_GRANT_USED_UP)
        found = self._open(item, heads)
        use, added = (None, ()) if replay else self._use(batch, item, subject)
        if found is None:
            response = lookup_pb2.LookUpRegistrationResponse(outcome=_NO_RECORD)
            detail = record_pb2.AccessDetail(outcome="NO_RECORD")
        else:
            record, etag = found
            registration = registrations.to_message(record, etag)
            response = lookup_pb2.LookUpRegistrationResponse(outcome=_FOUND, registration=registration)
            detail = record_pb2.AccessDetail(
                outcome="FOUND", subjects=[record.registration_id], classes_shown=self._classes[item.purpose]
            )
        if subject is None:
            detail.case_reference = item.case_reference
        else:
            detail.case_reference = registrations.case_reference(subject.grant.record.fir)
            detail.subjects.append(wanted.grant_id)
            detail.grant_position, detail.grant_use = subject.position, use or 0
        detail.replay = replay
        return Outcome(disclose(response, item.purpose), detail, added)

    def _subject(self, batch: _Batch, item: LookUp, earlier: Earlier) -> _Subject:
        """The person's place in the caller's grant.

        Raises:
            Denied: GRANT_NOT_VALID, one and the same for a grant that isn't there, isn't the agency's or the officer's,
                or isn't for this person; GRANT_EXPIRED.
        """
        if earlier.grant_agency is None:
            raise errors.Denied(errors_pb2.ERROR_REASON_GRANT_NOT_VALID)
        grant = self._grant(batch, item.wanted.grant_id, earlier, earlier.grant_agency)
        record = grant.record
        if record.officer_key != item.officer_key or item.cnic not in record.cnics:
            raise errors.Denied(errors_pb2.ERROR_REASON_GRANT_NOT_VALID)
        if batch.now_us >= record.expires_at_us:
            raise errors.Denied(errors_pb2.ERROR_REASON_GRANT_EXPIRED)
        return _Subject(grant, list(record.cnics).index(item.cnic))

    def _grant(self, batch: _Batch, grant_id: bytes, earlier: Earlier, agency: str) -> _Grant:
        known = batch.grants.get(grant_id)
        if known is None:
            expires_at_us = to_us(earlier.grant_expires_at)
            record = store.open_grant(self._sealer, grant_id, agency, expires_at_us, earlier.grant_sealed)
            uses = [0] * len(record.cnics)
            for position in earlier.used:
                uses[position] += 1
            known = batch.grants[grant_id] = _Grant(record, uses)
        return known

    def _is_replay(self, batch: _Batch, item: LookUp, earlier: Earlier) -> bool:
        """Whether this very request was answered before, by an earlier batch or in this one.

        Raises:
            RequestIdReused: another request was, under this id.
        """
        first = batch.requests.get((item.wanted.agency_id, item.wanted.request_id), earlier.request_hash)
        if first is None:
            return False
        if first not in item.hashes:
            raise errors.RequestIdReused
        return True

    def _open(
        self, item: LookUp, heads: Sequence[registrations.StoredVersion]
    ) -> tuple[record_pb2.RegistrationRecord, str] | None:
        """The registration that this call may see, and its etag.

        Raises:
            Internal: a row isn't what its seal says, or two registrations claim the person.
        """
        if not heads:
            if item.fir is not None:
                # A record that has another FIR is opened before it is passed over. So that the time doesn't tell that
                # it is there, as much is done when there is none.
                registrations.open_version(self._sealer, self._decoy)
            return None
        row = heads[0]
        record = registrations.open_version(self._sealer, row)
        # After a rotation one registration may stand under two keys; two registrations never share a CNIC unheld.
        if record.cnic != item.cnic or any(other.registration_id != row.registration_id for other in heads):
            alert(Alert.ROW_CONTRADICTED, "registration_identifier contradicts the sealed record")
            raise errors.Internal
        if item.fir is not None and not _has_fir(record, item.fir):
            return None
        return record, registrations.etag(row.sealed)

    def _use(self, batch: _Batch, item: LookUp, subject: _Subject | None) -> tuple[int | None, Sequence[Row]]:
        """Note the look-up; gives which use of the grant it is, and the row."""
        wanted = item.wanted
        position = use = None
        if subject is not None:
            position = subject.position
            use = subject.grant.uses[position] + 1
            subject.grant.uses[position] = use
        batch.requests[wanted.agency_id, wanted.request_id] = item.hashes[0]
        return use, (batch_store.row(wanted, item.hashes[0], item.access_id, position, use),)

    def _request_hashes(
        self, call: Call, request: lookup_pb2.LookUpRegistrationRequest, request_id: bytes
    ) -> Sequence[bytes]:
        """The keyed hash of the officer and the checked message, which another language may encode in other bytes.

        Agency ids hold no NUL, so that the parts can't run into each other.
        """
        plain = hashlib.sha256(call.officer_key + request.SerializeToString(deterministic=True)).digest()
        return self._blind_index.short("request", call.agency.agency_id.encode() + b"\0" + request_id + plain)


def _decoy(sealer: Sealer) -> registrations.StoredVersion:
    """A sealed record of nobody, of the usual size, that takes as long to open as another one."""
    record = record_pb2.RegistrationRecord(
        registration_id=bytes(16),
        version=1,
        names=[record_pb2.Name(kind=1, name="x" * 16, relative_name="x" * 16, relation=1)] * 2,
        cnic="0" * 13,
        convictions=[
            record_pb2.Conviction(
                court_place="PK-PB/LHR",
                case_number="x" * 24,
                fir=record_pb2.Fir(police_station="PK-PB/LHR/PS-001", year=2000, serial=1, day=1),
                counts=[record_pb2.Count(offence_code="PPC-376", offence_day=1, months=1)],
            )
        ],
        addresses=[record_pb2.Address(place_code="PK-PB/LHR/PS-001", house_number="x" * 8)] * 2,
    )
    key, wrapped = sealer.new_data_key(record.registration_id)
    sealed = key.seal(registrations.TABLE, record.registration_id, 1, record.SerializeToString())
    return registrations.StoredVersion(
        bytes(16),
        version=1,
        state=0,
        held=False,
        responsible_place="",
        custodian_agency="",
        created_by_agency="",
        court_places=registrations.court_places(record),
        created_at=instant(0),
        sealed=sealed,
        wrapped=wrapped,
    )


def _has_fir(record: record_pb2.RegistrationRecord, fir: _Fir) -> bool:
    return any((c.fir.police_station, c.fir.year, c.fir.serial) == fir for c in record.convictions)
