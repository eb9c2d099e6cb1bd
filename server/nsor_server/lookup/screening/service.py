"""DeclareManifest and ScreenManifest on the wire. No SQL, no law."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from nsor.ledger import merkle, screened
from nsor.ledger.screened import BLOCK
from nsor.v1 import errors_pb2, notification_pb2, options_pb2, screening_pb2, types_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, RecordRef, Row, Seen, Shown
from nsor_server.errors import Violation
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import from_us, instant, to_us
from nsor_server.formats.usual_rows import is_usual
from nsor_server.formats.uuids import raw, text
from nsor_server.lookup.screening import answers, names, rules, store
from nsor_server.lookup.screening.passengers import Passenger, Passengers
from nsor_server.lookup.search.index import SearchIndex
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
_ALIKE: Final = screening_pb2.SCREENING_OUTCOME_ALIKE
_REFUSED: Final = screening_pb2.SCREENING_OUTCOME_REFUSED
_SEND_AGAIN: Final = screening_pb2.SCREENING_OUTCOME_SEND_AGAIN
_INVALID: Final = errors_pb2.ERROR_REASON_INVALID_FIELDS
_ANSWER: Final = screening_pb2.ScreenManifestResponse.DESCRIPTOR


class _Shown(NamedTuple):
    """A passenger of whom there is a record.

    Attributes:
        by: the documents by which it was found; none: by names.
        convictions: of whoever was found by a document: those that may be shown.
    """

    passenger: Passenger
    found: store.Found
    record: record_pb2.RegistrationRecord
    by: Sequence[registrations.Identifier] = ()
    convictions: Sequence[record_pb2.Conviction] = ()


class _Screened(NamedTuple):
    """The passengers that were screened.

    Attributes:
        passengers: all of them, up to those that are to be sent again.
        shown: those of whom there is a record.
        met: whom names have given, with the numbers of the rows.
    """

    passengers: list[Passenger]
    shown: list[_Shown]
    met: list[tuple[int, bytes]]

    @property
    def reached(self) -> int:
        """How many places of an answer are taken: also by those whom names have given and who may not be shown."""
        return sum(bool(each.by) for each in self.shown) + len(self.met)

    @property
    def alike(self) -> list[_Shown]:
        """Those who are shown by their names."""
        return [each for each in self.shown if not each.by]

    @property
    def newly_alike(self) -> list[_Shown]:
        """Those of them who weren't shown under that number before."""
        return [each for each in self.alike if not each.passenger.is_paid]


class Screening:
    """Declares manifests and screens their passengers."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex, index: SearchIndex) -> None:
        """Prepare.

        Args:
            sealer: opens and seals records.
            blind_index: finds whom a document names.
            index: the names.
        """
        self._sealer = sealer
        self._read = Passengers(blind_index)
        self._names = names.PassengerNames(sealer, index)
        self._texts = Messages.load()
        self._computing = threading.Lock()

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[None]:
        """Let another message be computed while this one waits for what it has asked.

        One is computed at a time: several only take the interpreter from each other, and from whoever has the ledger's
        lock. Two of an agency run, so that there is one to compute while PostgreSQL looks for another's passengers.
        """
        self._computing.release()
        try:
            yield
        finally:
            self._computing.acquire()

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
                lambda request: Charge("") if _have_names(request.rows) else None,
                lambda request: int(len(request.rows) * rules.READ_ROWS),
                lambda request: _are_usual(request.rows),
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
        which = int(request.border_crossing), int(request.direction), request.carrier_code, request.number
        declared = rules.Declared(call.agency.agency_id, place, *which, scheduled_at)
        manifest_id = rules.manifest_id(declared)
        seen = store.declared(conn, manifest_id)
        if seen.version:
            call.looks_at(record_pb2.LOOKED_AT_KIND_MANIFEST, manifest_id, store.ONCE)
            raise errors.WrongState(errors_pb2.ERROR_REASON_MANIFEST_DECLARED)
        closes_at = scheduled_at + dt.timedelta(hours=policy.late_hours)
        forgotten_at = closes_at + dt.timedelta(days=policy.keep_days)
        added = store.manifest_rows(self._sealer, declared, closes_at, forgotten_at, request.persons)
        answer.manifest_id = text(manifest_id)
        answer.close_time.CopyFrom(from_us(to_us(closes_at)))
        detail = record_pb2.AccessDetail(outcome="MANIFEST_DECLARED", subjects=[manifest_id])
        return Outcome(disclose(answer, call.purpose), detail, added, (), (seen,))

    def screen_manifest(
        self, call: Call, request: screening_pb2.ScreenManifestRequest, conn: Connection
    ) -> Outcome[screening_pb2.ScreenManifestResponse]:
        """Screen the rows of a message.

        Raises:
            errors.NoRecord: the manifest isn't there, or isn't the caller's.
            errors.WrongState: MANIFEST_CLOSED.
            errors.InvalidFields: as ``block_of_rows``.
            errors.Internal: it isn't what was declared.
        """
        manifest_id = raw(request.manifest_id)
        manifest = store.manifest(conn, call, manifest_id)
        call.looks_at(record_pb2.LOOKED_AT_KIND_MANIFEST, manifest_id, 0 if manifest is None else store.ONCE)
        if manifest is None:
            raise errors.NoRecord
        over = call.now() >= manifest.closes_at
        # Some days later its key is deleted, and nothing of it opens any more.
        key = None if over and manifest.wrapped is None else store.opened(self._sealer, manifest)
        if over or key is None:
            raise errors.WrongState(errors_pb2.ERROR_REASON_MANIFEST_CLOSED)
        rows = list(request.rows)
        numbers = [row.row for row in rows]
        block = store.block(conn, key, manifest_id, rules.block_of_rows(numbers, manifest.persons))
        with self._computing:
            said = answers.Answered(numbers, named=_have_names(rows))
            passengers = self._passengers(call, rows, manifest, block, said)
            done = self._found(call, conn, passengers, said)
            return self._answer(call, key, block, said, done)

    def _answer(
        self,
        call: Call,
        key: DataKey,
        block: record_pb2.ManifestBlockRecord,
        said: answers.Answered,
        done: _Screened,
    ) -> Outcome[screening_pb2.ScreenManifestResponse]:
        answer = screening_pb2.ScreenManifestResponse()
        answer.MergeFromString(said.encoded())
        answer.salt = os.urandom(screened.SALT_BYTES)
        in_tree = (
            (each.number, each.documents, each.birth_date, said.in_tree(each.position)) for each in done.passengers
        )
        answer.rows_root = merkle.root_of(screened.row_hashes(answer.salt, in_tree))
        seen = store.seen(block)
        added, refs = _kept(key, block, done)
        for each in done.shown:
            if each.by:
                self._show(answer.hits.add(row=each.passenger.number), each)
            else:
                answer.alike.append(names.candidate(each.passenger.number, each.record))
        heightened = any(each.record.heightened_handling for each in done.shown)
        disclosed = disclose(answer, call.purpose, heightened=heightened)
        hits_alone = screening_pb2.ScreenManifestResponse(hits=disclosed.hits, alike=disclosed.alike)
        disclosed.padding = bytes(rules.padding(hits_alone.ByteSize()))
        detail = record_pb2.AccessDetail(
            outcome="SCREENED",
            replay=not added,
            classes_shown=classes_shown(_ANSWER, call.purpose, heightened=heightened),
            screened=record_pb2.ScreenedRows(
                manifest_id=block.manifest_id,
                block=block.block,
                version=block.version,
                screened=rules.screened_bytes(block.block, (each.number for each in done.passengers)),
                found=rules.found_bytes([each.passenger.number for each in done.shown]),
                rows_root=answer.rows_root,
                before=call.before,
                alike=rules.alike_bytes(nth for nth, each in enumerate(done.shown) if not each.by),
                met=rules.met_bytes(done.met) if said.named else b"",
                dates_tried=said.dates_tried,
            ),
        )
        told = [Shown(each.record.registration_id, each.record.version) for each in done.shown]
        seen_ones = (seen, *store.versions_seen([each.found for each in done.shown]))
        all_rows = (*added, *_events(call, done))
        return Outcome(disclosed, detail, all_rows, refs, seen_ones, shown=told, costs=len(done.newly_alike))

    def _passengers(
        self,
        call: Call,
        rows: Sequence[screening_pb2.ManifestRow],
        manifest: store.Manifest,
        block: record_pb2.ManifestBlockRecord,
        said: answers.Answered,
    ) -> list[Passenger]:
        """The rows that are screened; of the others is answered why they aren't."""
        wrong = rules.by_row(call.found)
        kept = rules.rows_of(block)
        stands = {shown for each in kept.values() for shown in each.shown}
        dates: dict[bytes, int] = Counter(number for each in kept.values() for number in each.numbers)
        tried = {one for one, count in dates.items() if count >= rules.MOST_DATES}
        repeat_us = policy_of(call).screening.repeat_minutes * 60_000_000
        now_us = to_us(call.now())
        numbers: set[int] = set()
        passengers: list[Passenger] = []
        read, values, manifest_id, persons = (
            self._read.passenger,
            self._read.values,
            manifest.manifest_id,
            manifest.persons,
        )
        for position, (number, row) in enumerate(zip(said.numbers, rows, strict=True)):
            violations = wrong.get(position)
            if not 1 <= number <= persons:
                violations = [Violation("row", errors_pb2.FIELD_REASON_OUT_OF_RANGE), *(violations or ())]
            elif number in numbers:
                violations = [Violation("row", errors_pb2.FIELD_REASON_DUPLICATE), *(violations or ())]
            numbers.add(number)
            if violations:
                self._refuse(said, position, _INVALID, violations)
                continue
            each = read(manifest_id, position, row, kept.get(number), now_us)
            shown = each.blinds[::values]
            if each.before is not None:
                if self._is_again(said, each, each.before.first_us, now_us - repeat_us):
                    passengers.append(each)
            elif not stands.isdisjoint(shown) or not tried.isdisjoint(each.numbers):
                field = "identity_number" if row.identity_number else "shown_document"
                said.dates_tried += stands.isdisjoint(shown)
                duplicate = Violation(field, errors_pb2.FIELD_REASON_DUPLICATE)
                self._refuse(said, position, _INVALID, [duplicate])
            else:
                stands.update(shown)
                for one in each.numbers:
                    dates[one] = count = dates.get(one, 0) + 1
                    if count >= rules.MOST_DATES:
                        tried.add(one)
                passengers.append(each)
        return passengers

    def _is_again(self, said: answers.Answered, passenger: Passenger, first_us: int, since_us: int) -> bool:
        """Whether a row that was screened before is screened again; otherwise is answered why it isn't.

        Args:
            said: what is answered.
            passenger: of the row.
            first_us: when it was answered first, microseconds since 1970.
            since_us: when it must have been at the earliest, likewise.
        """
        said.of(passenger.position).screened_before = True
        if passenger.is_another:
            self._refuse(said, passenger.position, errors_pb2.ERROR_REASON_REQUEST_ID_REUSED)
        elif first_us < since_us:
            self._refuse(said, passenger.position, errors_pb2.ERROR_REASON_REPEATED_TOO_LATE)
        else:
            return True
        return False

    def _found(
        self, call: Call, conn: Connection, passengers: Sequence[Passenger], said: answers.Answered
    ) -> _Screened:
        """Look for passengers: those of whom there is a record, and all that were screened.

        Raises:
            errors.Internal: an index says another thing than the sealed record.
        """
        with self._waiting():
            found = store.found(conn, self._read.values, passengers)
            met = self._met(call, conn, passengers, found)
        left = call.left
        done = _Screened([], [], [])
        named = [nth for nth, each in enumerate(passengers) if each.names != rules.NOT_SHOWN]
        screened_ones = len(passengers)
        for nth in sorted({*found, *named}):
            each, one = passengers[nth], found.get(nth)
            may_compare = left > 0 or each.is_paid
            by_names = met.get(nth) if met is not None and may_compare else None
            if (one is not None or by_names is not None) and done.reached == rules.MOST_HITS:
                for late in passengers[nth:]:
                    said.becomes(late.position, _SEND_AGAIN)
                screened_ones = nth
                break
            if one is not None:
                said.becomes(each.position, _FOUND)
                done.shown.append(self._opened(each, one))
            elif by_names is not None:
                done.met.append((each.number, by_names.registration_id))
                if by_names.head is not None and by_names.record is not None:
                    said.becomes(each.position, _ALIKE)
                    head = store.Found(by_names.head.claim, by_names.head.row)
                    done.shown.append(_Shown(each, head, by_names.record))
                    left -= not each.is_paid
            if each.names != rules.NOT_SHOWN:
                said.of(each.position).names = _names_compared(
                    each, is_found=one is not None, is_ready=met is not None, may_compare=may_compare
                )
        done.passengers.extend(passengers[:screened_ones])
        return done

    def _met(
        self, call: Call, conn: Connection, passengers: Sequence[Passenger], found: Mapping[int, store.Found]
    ) -> Mapping[int, names.Met] | None:
        """Whom the names of those give who weren't found by a document; None: the names aren't read yet.

        Of whoever is over his budget nobody is compared, so that nothing of the register is in what he is told.
        """
        asked = {
            nth: names.Compared(each.person, each.is_paid)
            for nth, each in enumerate(passengers)
            if each.person is not None and nth not in found and (call.left > 0 or each.is_paid)
        }
        if not asked:
            return {}
        least = policy_of(call).screening.names_strength
        given = self._names.met(conn, list(asked.values()), least, call.deadline)
        if given is None:
            return None
        return {nth: one for nth, one in zip(asked, given, strict=True) if one is not None}

    def _opened(self, passenger: Passenger, found: store.Found) -> _Shown:
        record, key, convictions = registrations.open_shown(self._sealer, found.row)
        claim = registrations.open_claim(key, found.claim)
        own, dates = registrations.screened_by(record), (passenger.birth_date, passenger.birth_date[:4])
        by = [
            identifier
            for identifier in passenger.identifiers
            if not own.isdisjoint(registrations.screened_of_row(identifier, date) for date in dates)
            and not store.is_held(claim, identifier.kind)
        ]
        if claim.registration_id != record.registration_id or not convictions or not by:
            raise contradicted(registrations.SCREENED, "a row of %s contradicts the sealed record")
        return _Shown(passenger, found, record, by, convictions)

    def _show(self, hit: screening_pb2.ScreeningHit, shown: _Shown) -> None:
        """Fill a hit in: official names, birth, the documents by which it was found, and where appeals stand."""
        record = shown.record
        hit.registration_id = text(record.registration_id)
        registration = registrations.to_message(record, shown.convictions, "")
        hit.appeal_states.extend(registration.appeal_states)
        whole, person = registration.person, hit.person
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
        said: answers.Answered,
        position: int,
        reason: errors_pb2.ErrorReason.ValueType,
        violations: Sequence[Violation] = (),
    ) -> None:
        row, told = said.of(position), said.told(violations)
        row.outcome, row.reason, row.more_violations = _REFUSED, reason, len(violations) - len(told)
        for each in told:
            english, urdu = self._texts.field(each.reason)
            row.violations.add(field=each.field, reason=each.reason, meaning_en=english, meaning_ur=urdu)


def _have_names(rows: Iterable[screening_pb2.ManifestRow]) -> bool:
    return any(row.HasField("names") for row in rows)


def _are_usual(rows: Sequence[screening_pb2.ManifestRow]) -> bool:
    """Whether it is soon seen what is wrong with rows: nothing, or there are too many.

    One that isn't usual takes 10 to 40 us: a message of them, again and again, would keep everybody's calls waiting.
    """
    return len(rows) > BLOCK or all(map(is_usual, rows))


def _kept(key: DataKey, block: record_pb2.ManifestBlockRecord, done: _Screened) -> tuple[list[Row], list[RecordRef]]:
    """The next version of a block, with those who are screened first or alike first; nothing if there are none."""
    new = [each for each in done.passengers if each.before is None]
    names = {each.number: (each.names, False) for each in new if each.names != rules.NOT_SHOWN}
    names |= {each.passenger.number: (each.passenger.names, True) for each in done.newly_alike}
    if not new and not names:
        return [], []
    block.version += 1
    rules.add_rows(block, [each.stands for each in new], names)
    row, ref = store.block_row(key, block)
    return [row], [ref]


def _names_compared(
    passenger: Passenger, *, is_found: bool, is_ready: bool, may_compare: bool
) -> screening_pb2.NamesCompared.ValueType:
    """What became of the names of a row that has some."""
    if is_found:
        return screening_pb2.NAMES_COMPARED_DONE
    if passenger.person is None:
        return screening_pb2.NAMES_COMPARED_SAY_TOO_LITTLE
    if not may_compare:
        return screening_pb2.NAMES_COMPARED_BUDGET_EMPTY
    return screening_pb2.NAMES_COMPARED_DONE if is_ready else screening_pb2.NAMES_COMPARED_NOT_READY


def _events(call: Call, done: _Screened) -> list[Row]:
    """What NPB hears of those who are shown by their names alone.

    It hears at once: who has caused it is told the same by his answer, and nobody else learns from how the ledger grows
    whose call that was.
    """
    npb = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)
    kind, about = notification_pb2.EVENT_KIND_PASSENGER_ALIKE, call.agency.agency_id
    return [
        row
        for each in done.newly_alike
        for row in outbox.owed(kind, npb, registration_id=each.record.registration_id, about_agency=about)
    ]


def _declared_again(_call: Call, _request: screening_pb2.DeclareManifestRequest, _conn: Connection) -> tuple[Seen, ...]:
    """Whoever may declare at all hears the first answer again: it depends on nothing that could have changed."""
    return ()
