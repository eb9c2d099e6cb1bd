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
from nsor_server.formats.instants import to_us
from nsor_server.formats.uuids import raw
from nsor_server.lookup import batch_store, rules, store
from nsor_server.lookup.batch_store import NO_GRANT, Earlier, Found, Wanted
from nsor_server.registration import facts as registrations
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.session import Rows, Step
from nsor_server.storage.v1 import record_pb2

_FOUND: Final = lookup_pb2.LOOK_UP_OUTCOME_FOUND
_NO_RECORD: Final = lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD


class LookUp(NamedTuple):
    """A look-up whose request is in order.

    Attributes:
        officer_key: who looks: key id, 32 bytes.
        purpose: what for.
        access_id: id of the access.
        cnic: the person asked for, 13 digits.
        wanted: what is read for it.
        hashes: the keyed hash of the request under every live key, the primary's first.
        case: the case that the request names, as its blind index is made of it; empty: it names none.
        case_reference: for the ledger's detail.
    """

    officer_key: bytes
    purpose: options_pb2.Purpose.ValueType
    access_id: bytes
    cnic: str
    wanted: Wanted
    hashes: Sequence[bytes]
    case: str
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
        grant_id, case, reference = NO_GRANT, "", ""
        if call.purpose == options_pb2.PURPOSE_INVESTIGATION:
            grant_id = raw(basis.grant_id)
        elif call.purpose == options_pb2.PURPOSE_PROSECUTION:
            rows.require_within(call.agency, call.officer, [basis.fir.police_station])
            reference = rules.fir_reference(basis.fir)
            case = registrations.fir_case(reference)
        elif call.purpose == options_pb2.PURPOSE_TRIAL:
            # Known here is only that the court sits where it says. The register holds no case lists, so it can't tell
            # whether the person is a party; the subject may well be a convict of another case, whose record the court
            # is to see. The officer's session and the case number in the ledger answer for it.
            rows.require_within(call.agency, call.officer, [basis.court_case.place_code])
            reference = registrations.court_reference(basis.court_case.place_code, basis.court_case.case_number)
            case = registrations.court_case(reference)
        elif call.purpose == options_pb2.PURPOSE_CUSTODY:
            reference = basis.prisoner_number
        elif call.purpose == options_pb2.PURPOSE_BORDER_CONTROL:
            reference = f"{basis.travel_document.country} {basis.travel_document.number}"
        else:
            reference = basis.ticket_number
        if call.rows == options_pb2.ROW_SCOPE_PART_IN_CASE and not case:
            raise ContractError("PART_IN_CASE is given to a purpose that names no case")
        request_id = raw(request.request_id)
        wanted = Wanted(
            call.agency.agency_id,
            call.rows,
            request_id,
            self._blind_index.values("cnic", request.cnic),
            grant_id,
            registrations.case_blinds(self._blind_index, case) if case else b"",
        )
        # The call isn't part of it: a call holds what was prepared for it, and a cycle would hold both.
        return LookUp(
            call.officer_key,
            call.purpose,
            call.access_id,
            request.cnic,
            wanted,
            self._request_hashes(call, request, request_id),
            case,
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
                decided.append(self._decide(batch, item, heads.get(position), earlier[position]))
            except errors.ApiError as error:
                decided.append(error)
            except Exception as error:  # noqa: BLE001 - whatever one item does, its neighbours are answered
                alert(Alert.CALL_FAILED, "a look-up failed with %s", type(error).__name__)  # its text could hold values
                decided.append(errors.Internal())
        return decided

    def _decide(
        self, batch: _Batch, item: LookUp, head: Found | None, earlier: Earlier
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
        found = None if head is None else self._open(item, head, subject)
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
            record = store.open_grant(
                self._sealer, grant_id, (agency, expires_at_us, earlier.grant_fir_blinds), earlier.grant_sealed
            )
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

    def _open(self, item: LookUp, head: Found, subject: _Subject | None) -> tuple[record_pb2.RegistrationRecord, str]:
        """The registration that this call is shown, and its etag.

        Raises:
            Internal: a row isn't what its seal says, or isn't of the person or the case by which it was found.
        """
        record = registrations.open_version(self._sealer, head.row)
        case = item.case if subject is None else _case_of(subject.grant)
        if record.cnic != item.cnic or (head.of_case and case not in registrations.cases(record)):
            alert(Alert.ROW_CONTRADICTED, "an index of registrations contradicts the sealed record")
            raise errors.Internal
        return record, registrations.etag(head.row.sealed)

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


def _case_of(grant: _Grant) -> str:
    return registrations.fir_case(registrations.case_reference(grant.record.fir))
