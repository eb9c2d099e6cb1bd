"""DeclareManifest and ScreenManifest on the wire. No SQL, no law."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from typing import Final, NamedTuple

from nsor.ledger import merkle, screened
from nsor.v1 import errors_pb2, screening_pb2, types_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, RecordRef, Row, Seen, Shown
from nsor_server.errors import Violation
from nsor_server.formats.instants import from_us, instant, to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.lookup.screening import rules, store
from nsor_server.lookup.screening.rules import Kept
from nsor_server.policy.loaded import policy_of
from nsor_server.policy.messages import Messages
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Exchanged, Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, Sealer
from nsor_server.storage.v1 import record_pb2

_FOUND: Final = screening_pb2.SCREENING_OUTCOME_FOUND
_NO_RECORD: Final = screening_pb2.SCREENING_OUTCOME_NO_RECORD
_REFUSED: Final = screening_pb2.SCREENING_OUTCOME_REFUSED
_SEND_AGAIN: Final = screening_pb2.SCREENING_OUTCOME_SEND_AGAIN
_INVALID: Final = errors_pb2.ERROR_REASON_INVALID_FIELDS
_ANSWER: Final = screening_pb2.ScreenManifestResponse.DESCRIPTOR


class _Passenger(NamedTuple):
    """A row that is screened.

    Attributes:
        position: in the message.
        number: of the row.
        documents: in words, as the tree over the rows has them.
        birth_date: likewise.
        wanted: what it looks for.
        before: who stands under its number already; None: nobody does.
    """

    position: int
    number: int
    documents: str
    birth_date: str
    wanted: store.Wanted
    before: Kept | None


class _Shown(NamedTuple):
    """A passenger of whom there is a record.

    Attributes:
        by: the documents by which it was found.
    """

    passenger: _Passenger
    found: store.Found
    record: record_pb2.RegistrationRecord
    by: list[registrations.Identifier]


class Screening:
    """Declares manifests and screens their passengers."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer = sealer
        self._blind_index = blind_index
        self._texts = Messages.load()

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                screening_pb2.DeclareManifestRequest,
                screening_pb2.DeclareManifestResponse,
                self.declare_manifest,
                _declared_again,
                charge=lambda request: Charge("", str(int(request.border_crossing)), request.persons),
            ),
            Exchanged(
                screening_pb2.ScreenManifestRequest,
                screening_pb2.ScreenManifestResponse,
                self.screen_manifest,
                rules.is_of_row,
                lambda _request: rules.WEIGHT,
                lambda _request: rules.MOST_HITS,
            ),
        )

    def declare_manifest(
        self, call: Call, request: screening_pb2.DeclareManifestRequest, conn: Connection
    ) -> Outcome[screening_pb2.DeclareManifestResponse]:
        """Declare a flight or a crossing.

        Raises:
            errors.InvalidFields: UNKNOWN_VALUE: policy doesn't say where the crossing lies; as ``check_declared``.
            errors.Denied: OUTSIDE_JURISDICTION.
            errors.WrongState: MANIFEST_DECLARED.
        """
        policy = policy_of(call).screening
        place = policy.place(request.border_crossing)
        if place is None:
            unknown = Violation("border_crossing", errors_pb2.FIELD_REASON_UNKNOWN_VALUE)
            raise errors.InvalidFields(violations=(unknown,))
        rows.require_within(call.agency, call.officer, [place])
        scheduled_at = instant(request.scheduled_time.ToMicroseconds())
        rules.check_declared(policy, request, scheduled_at, call.now())
        answer = screening_pb2.DeclareManifestResponse()
        if request.validate_only:
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        manifest_id = rules.manifest_id(call.agency.agency_id, request)
        seen = store.declared(conn, manifest_id)
        if seen.version:
            call.looks_at(record_pb2.LOOKED_AT_KIND_MANIFEST, manifest_id, store.ONCE)
            raise errors.WrongState(errors_pb2.ERROR_REASON_MANIFEST_DECLARED)
        closes_at = scheduled_at + dt.timedelta(hours=policy.late_hours)
        values = (
            manifest_id,
            call.agency.agency_id,
            place,
            int(request.border_crossing),
            int(request.direction),
            request.carrier_code,
            request.number,
            scheduled_at,
            closes_at,
            closes_at + dt.timedelta(days=policy.keep_days),
            request.persons,
        )
        answer.manifest_id = text(manifest_id)
        answer.close_time.CopyFrom(from_us(to_us(closes_at)))
        detail = record_pb2.AccessDetail(outcome="MANIFEST_DECLARED", subjects=[manifest_id])
        return Outcome(disclose(answer, call.purpose), detail, store.manifest_rows(self._sealer, values), (), (seen,))

    def screen_manifest(
        self, call: Call, request: screening_pb2.ScreenManifestRequest, conn: Connection
    ) -> Outcome[screening_pb2.ScreenManifestResponse]:
        """Screen the rows of a message.

        Raises:
            errors.NoRecord: the manifest isn't there, or isn't the caller's.
            errors.WrongState: MANIFEST_CLOSED.
            errors.InvalidFields: as ``block_of_rows``.
        """
        manifest_id = raw(request.manifest_id)
        manifest = store.manifest(conn, call, manifest_id)
        call.looks_at(record_pb2.LOOKED_AT_KIND_MANIFEST, manifest_id, 0 if manifest is None else store.ONCE)
        if manifest is None:
            raise errors.NoRecord
        if call.now() >= manifest.closes_at:
            raise errors.WrongState(errors_pb2.ERROR_REASON_MANIFEST_CLOSED)
        key = store.key_of(self._sealer, manifest)
        block = store.block(conn, key, manifest_id, rules.block_of_rows(request.rows, manifest.persons))
        answer = screening_pb2.ScreenManifestResponse()
        passengers = self._passengers(call, request, manifest, block, answer)
        shown, screened_ones = self._found(conn, passengers, answer)
        salt = os.urandom(screened.SALT_BYTES)
        hashes = [
            screened.row_hash(
                screened.row_salt(salt, each.number),
                each.number,
                each.documents,
                each.birth_date,
                screened.FOUND if answer.rows[each.position].outcome == _FOUND else screened.NO_RECORD,
            )
            for each in screened_ones
        ]
        answer.salt, answer.rows_root = salt, merkle.root_of(hashes)
        seen = store.seen(block)
        added, refs = _kept(key, block, screened_ones, to_us(call.now()))
        for each in shown:
            self._show(answer.hits.add(row=each.passenger.number), each)
        heightened = any(each.record.heightened_handling for each in shown)
        disclosed = disclose(answer, call.purpose, heightened=heightened)
        hits_alone = screening_pb2.ScreenManifestResponse(hits=disclosed.hits)
        disclosed.padding = bytes(rules.padding(hits_alone.ByteSize()))
        detail = record_pb2.AccessDetail(
            outcome="SCREENED",
            replay=not added,
            classes_shown=classes_shown(_ANSWER, call.purpose, heightened=heightened),
            screened=record_pb2.ScreenedRows(
                manifest_id=manifest_id,
                block=block.block,
                version=block.version,
                screened=rules.screened_bytes(block.block, (each.number for each in screened_ones)),
                found=rules.found_bytes([each.passenger.number for each in shown]),
                rows_root=answer.rows_root,
                before=call.before,
            ),
        )
        told = [Shown(each.record.registration_id, each.record.version) for each in shown]
        seen_ones = (seen, *store.versions_seen([each.found for each in shown]))
        return Outcome(disclosed, detail, added, refs, seen_ones, shown=told)

    def _passengers(
        self,
        call: Call,
        request: screening_pb2.ScreenManifestRequest,
        manifest: store.Manifest,
        block: record_pb2.ManifestBlockRecord,
        answer: screening_pb2.ScreenManifestResponse,
    ) -> list[_Passenger]:
        """The rows that are screened; of the others the answer says why they aren't."""
        wrong = rules.by_row(call.found)
        kept = rules.rows_of(block.rows)
        stands = {shown: number for number, each in kept.items() for shown in each.shown}
        repeat_us = policy_of(call).screening.repeat_minutes * 60_000_000
        now_us = to_us(call.now())
        numbers: set[int] = set()
        passengers: list[_Passenger] = []
        for position, row in enumerate(request.rows):
            said = answer.rows.add(row=row.row)
            violations = list(wrong.get(position, ()))
            if not 1 <= row.row <= manifest.persons:
                violations.insert(0, Violation("row", errors_pb2.FIELD_REASON_OUT_OF_RANGE))
            elif row.row in numbers:
                violations.insert(0, Violation("row", errors_pb2.FIELD_REASON_DUPLICATE))
            numbers.add(row.row)
            if violations:
                self._refuse(said, _INVALID, violations)
                continue
            each = self._passenger(position, row, kept.get(row.row))
            if each.before is not None:
                said.screened_before = True
                if not each.wanted.is_of(each.before):
                    self._refuse(said, errors_pb2.ERROR_REASON_REQUEST_ID_REUSED)
                elif now_us - each.before.first_us > repeat_us:
                    self._refuse(said, errors_pb2.ERROR_REASON_REPEATED_TOO_LATE)
                else:
                    passengers.append(each)
                continue
            new = each.wanted.kept(now_us).shown
            if any(shown in stands for shown in new):
                field = "identity_number" if row.identity_number else "shown_document"
                self._refuse(said, _INVALID, [Violation(field, errors_pb2.FIELD_REASON_DUPLICATE)])
            else:
                stands |= dict.fromkeys(new, row.row)
                passengers.append(each)
        return passengers

    def _passenger(self, position: int, row: screening_pb2.ManifestRow, before: Kept | None) -> _Passenger:
        born, number, shown = row.birth_date, row.identity_number, row.shown_document
        day, year = f"{born.year:04d}-{born.month:02d}-{born.day:02d}", f"{born.year:04d}"
        cnic = document = None
        documents: list[str] = []
        if number:
            documents.append(f"cnic {number}")
            cnic = store.way(self._blind_index, registrations.of_cnic(number), day, year)
        if row.HasField("shown_document"):
            documents.append(f"document {shown.country} {shown.number} {shown.kind:d}")
            identifier = registrations.of_document(shown.country, shown.number, shown.kind)
            document = store.way(self._blind_index, identifier, day, year)
        return _Passenger(position, row.row, " ".join(documents), day, store.Wanted(cnic, document), before)

    def _found(
        self, conn: Connection, passengers: Sequence[_Passenger], answer: screening_pb2.ScreenManifestResponse
    ) -> tuple[list[_Shown], list[_Passenger]]:
        """Look for passengers: those of whom there is a record, and all that were screened.

        Raises:
            errors.Internal: an index says another thing than the sealed record.
        """
        found = store.found(conn, [each.wanted for each in passengers])
        shown: list[_Shown] = []
        for nth, each in enumerate(passengers):
            one = found.get(nth)
            if one is not None and len(shown) == rules.MOST_HITS:
                for left in passengers[nth:]:
                    answer.rows[left.position].outcome = _SEND_AGAIN
                return shown, list(passengers[:nth])
            answer.rows[each.position].outcome = _NO_RECORD if one is None else _FOUND
            if one is not None:
                shown.append(self._opened(each, one))
        return shown, list(passengers)

    def _opened(self, passenger: _Passenger, found: store.Found) -> _Shown:
        record, key, convictions = registrations.open_shown(self._sealer, found.row)
        claim = registrations.open_claim(key, found.claim)
        own, dates = registrations.screened_by(record), (passenger.birth_date, passenger.birth_date[:4])
        by = [
            way.identifier
            for way in passenger.wanted.ways
            if not own.isdisjoint(registrations.screened_of_row(way.identifier, date) for date in dates)
            and not _is_held(claim, way.identifier)
        ]
        if claim.registration_id != record.registration_id or not convictions or not by:
            raise contradicted(registrations.SCREENED, "a row of %s contradicts the sealed record")
        return _Shown(passenger, found, record, by)

    def _show(self, hit: screening_pb2.ScreeningHit, shown: _Shown) -> None:
        """Fill a hit in: the official names, the birth, and the documents by which it was found."""
        record = shown.record
        hit.registration_id = text(record.registration_id)
        whole = registrations.to_message(record, (), "").person
        person = hit.person
        person.names.extend(each for each in whole.names if each.kind == types_pb2.NAME_KIND_OFFICIAL)
        person.sex, person.birth_date_precision = whole.sex, whole.birth_date_precision
        person.birth_date.CopyFrom(whole.birth_date)
        if registrations.of_cnic(record.cnic) in shown.by:
            person.cnic, person.identity_document = whole.cnic, whole.identity_document
        for document in whole.travel_documents:
            if registrations.of_document(document.country, document.number, document.kind) in shown.by:
                person.travel_documents.append(document)

    def _refuse(
        self,
        said: screening_pb2.ScreenedRow,
        reason: errors_pb2.ErrorReason.ValueType,
        violations: Sequence[Violation] = (),
    ) -> None:
        said.outcome, said.reason = _REFUSED, reason
        for each in violations:
            english, urdu = self._texts.field(each.reason)
            said.violations.add(field=each.field, reason=each.reason, meaning_en=english, meaning_ur=urdu)


def _is_held(claim: record_pb2.ClaimRecord, identifier: registrations.Identifier) -> bool:
    """Whether an earlier registration has the identifier, so that this one isn't found by it."""
    return claim.cnic_held if identifier.kind == registrations.IDENTIFIER_CNIC else claim.passport_held


def _kept(
    key: DataKey, block: record_pb2.ManifestBlockRecord, passengers: Sequence[_Passenger], now_us: int
) -> tuple[list[Row], list[RecordRef]]:
    """The next version of a block, with those who are screened first; nothing if there are none."""
    new = {each.number: each.wanted.kept(now_us) for each in passengers if each.before is None}
    if not new:
        return [], []
    block.version += 1
    block.rows = rules.rows_bytes(rules.rows_of(block.rows) | new)
    row, ref = store.block_row(key, block)
    return [row], [ref]


def _declared_again(_call: Call, _request: screening_pb2.DeclareManifestRequest, _conn: Connection) -> tuple[Seen, ...]:
    """Whoever may declare at all hears the first answer again: it depends on nothing that could have changed."""
    return ()
