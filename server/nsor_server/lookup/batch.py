"""LookUpRegistration, many at a time: prepared and decided by the one writer of the ledger.

This is the register's hot path. What depends on the request alone is done in ``prepare``. What depends on the register
is read in ``decide``, under the lock of the ledger's head: an answer never shows what an earlier entry took away, a
grant is never used more often than it says, and no budget is spent twice. A look-up is paid for before anything else is
looked at, so that trying out costs what asking costs; what is refused again and again reads nobody.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from nsor.v1 import errors_pb2, lookup_pb2, options_pb2, registration_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.access.budgets import Accounts
from nsor_server.access.contract import ContractError
from nsor_server.access.disclosure import EVERYTHING, classes_shown, disclose
from nsor_server.alerts import Alert, alert
from nsor_server.calls import Call, Outcome, Refusal, Row
from nsor_server.formats.uuids import raw, text
from nsor_server.ledger.entry import StaleRead
from nsor_server.lookup import batch_store, known_refusals, rules
from nsor_server.lookup.batch_grants import BatchGrants, Subject
from nsor_server.lookup.batch_store import NO_GRANT, Earlier, Found, Wanted
from nsor_server.lookup.decoy import Decoy
from nsor_server.lookup.grants import cases, records, subjects
from nsor_server.lookup.grants.held import HeldGrants
from nsor_server.lookup.known_refusals import KnownRefusals
from nsor_server.lookup.look_up import LookUp
from nsor_server.lookup.search import candidates
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.spending import Charge, Payment, Spending
from nsor_server.storage import budgets as accounts
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.session import Rows, Step
from nsor_server.storage.v1 import record_pb2

_FOUND: Final = lookup_pb2.LOOK_UP_OUTCOME_FOUND
_NO_RECORD: Final = lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD

_RESPONSE: Final = lookup_pb2.LookUpRegistrationResponse.DESCRIPTOR


@dataclass(slots=True)
class _Batch:
    """What is known while a batch is decided.

    Attributes:
        now_us: the instant of the batch's leaves.
        grants: those opened so far.
        accounts: what has been spent.
        requests: what is kept of the requests that this batch has answered, by agency and request id.
    """

    now_us: int
    accounts: Accounts
    grants: BatchGrants
    requests: dict[tuple[str, bytes], bytes] = field(default_factory=dict)


class _Shown(NamedTuple):
    """What a look-up shows.

    Attributes:
        record: the registration.
        convictions: those of it that are shown.
        etag: of its newest version.
        others: of the same person, that stand.
    """

    record: record_pb2.RegistrationRecord
    convictions: list[record_pb2.Conviction]
    etag: str
    others: list[record_pb2.RegistrationRecord]


class Decider:
    """Prepares look-ups and decides them. Threads may share it; ``decide`` is the writer's."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer = sealer
        self._blind_index = blind_index
        self._spending = Spending(blind_index)
        self._decoy = Decoy(sealer)
        self._held = HeldGrants(sealer)
        self._refusals = KnownRefusals()
        self._classes = {
            (purpose, heightened): classes_shown(_RESPONSE, purpose, heightened=heightened)
            for purpose in options_pb2.Purpose.values()
            for heightened in (False, True)
        }

    def prepare(self, call: Call, request: lookup_pb2.LookUpRegistrationRequest) -> LookUp:
        """Check what depends on the request alone, and compute what the writer will need.

        Args:
            call: past the gate; its purpose is the request's.
            request: checked and normalised.

        Raises:
            InvalidFields: the basis isn't the one that the purpose needs.
            Denied: OUTSIDE_JURISDICTION, for the place of an FIR; CANDIDATE_NOT_VALID; SWITCHED_OFF, where policy gives
                no budget.
            ContractError: the contract gives the rows of the caller's cases to a purpose that names none.
        """
        policy, basis = policy_of(call), request.basis
        rules.require_basis(call.purpose, basis)
        grant_id, case, reference = NO_GRANT, "", ""
        if call.purpose == options_pb2.PURPOSE_INVESTIGATION:
            named = basis.grant_id
            grant_id = raw(named)
        elif call.purpose == options_pb2.PURPOSE_PROSECUTION:
            rows.require_within(call.agency, call.officer, [basis.fir.police_station])
            named = reference = rules.fir_reference(basis.fir)
            case = registrations.fir_case(reference)
        elif call.purpose == options_pb2.PURPOSE_TRIAL:
            # The subject may be a convict of another case, whose record the court is to see; that he is a party to this
            # one is what the opened case says.
            named = basis.court_case_id
            grant_id = raw(named)
        elif call.purpose == options_pb2.PURPOSE_CUSTODY:
            named = reference = basis.prisoner_number
        elif call.purpose == options_pb2.PURPOSE_BORDER_CONTROL:
            named = reference = f"{basis.travel_document.country} {basis.travel_document.number}"
        else:
            named = basis.ticket_id
            grant_id = raw(named)
        if call.rows == options_pb2.ROW_SCOPE_PART_IN_CASE and not case:
            raise ContractError("PART_IN_CASE is given to a purpose that names no case")
        request_id, subject, candidate = raw(request.request_id), subjects.of_request(request), None
        if subject is None:
            candidate = candidates.opened(self._sealer, call, named, request.candidate_id)
            # By this everybody who was told of the registration is found, as by its identifiers.
            call.named = f"registration {text(candidate.registration_id)}"
        payment = self._spending.payment(call, Charge(named))
        wanted = Wanted(
            call.agency.agency_id,
            call.rows,
            request_id,
            subject.kind if subject else 0,
            self._blind_index.values(subject.use, subject.text) if subject else (),
            grant_id,
            registrations.case_blinds(self._blind_index, case) if case else b"",
            candidate.registration_id if candidate else None,
        )
        if self._is_refused(call, wanted, payment):
            wanted = wanted._replace(reads_nobody=True)
        # The call isn't part of it: a call holds what was prepared for it, and a cycle would hold both.
        return LookUp(
            call.agency,
            call.officer,
            call.purpose,
            call.access_id,
            subject,
            candidate,
            wanted,
            self._request_hashes(call, request, request_id),
            case,
            reference,
            payment,
            policy.grants.repeat_minutes * 60_000_000,
            call.compromised,
        )

    def case(self, call: Call, request: lookup_pb2.LookUpRegistrationRequest, conn: Connection) -> str:
        """The case of the grant, ticket or court case that a look-up names, if it is the officer's."""
        return cases.read(conn, self._held, call, request.basis)

    def _is_refused(self, call: Call, wanted: Wanted, payment: Payment) -> bool:
        """Whether a look-up is known to be refused whatever the register holds; never so when it runs again."""
        if call.tries:
            return False
        return self._refusals.knows(
            payment.payers.officer, known_refusals.of_request(wanted), known_refusals.on_grant(wanted, call.officer_key)
        )

    def reads(self, items: Sequence[LookUp]) -> Sequence[Step]:
        """What ``decide`` needs of the register, for one item or more."""
        wanted = batch_store.reads([item.wanted for item in items])
        payers = dict.fromkeys(account_id for item in items for account_id in item.payment.payers.accounts)
        return (*wanted, accounts.read(payers))

    def decide(
        self, items: Sequence[LookUp], results: Sequence[Rows], now_us: int
    ) -> list[Outcome[lookup_pb2.LookUpRegistrationResponse] | Refusal | StaleRead]:
        """Answer look-ups in their order. One that fails doesn't touch its neighbours.

        Args:
            items: one or more; from ``prepare``.
            results: of ``reads``, under the ledger head's lock.
            now_us: the instant of the entries, by the database's clock.

        Returns:
            For each item its answer, or why there is none; StaleRead: it isn't refused, and nobody was read for it. The
            last one's rows, but for these, hold what all of them have spent.
        """
        heads, earlier = batch_store.heads(results[0], [item.wanted for item in items]), batch_store.earlier(results[1])
        grants = BatchGrants(self._sealer, self._held, now_us)
        batch = _Batch(now_us, Accounts(accounts.accounts(results[2]), now_us), grants)
        decided: list[Outcome[lookup_pb2.LookUpRegistrationResponse] | Refusal | StaleRead] = []
        for position, item in enumerate(items):
            try:
                decided.append(self._decide(batch, item, heads.get(position), earlier[position]))
            except StaleRead as stale:
                decided.append(stale)
            except Exception as error:  # noqa: BLE001 - whatever one item does, its neighbours are answered
                decided.append(_refused(item, error, batch.grants.case(item, earlier[position])))
        spent = accounts.rows(batch.accounts.changed)
        for at in reversed(range(len(decided)) if spent else ()):
            last = decided[at]
            if not isinstance(last, StaleRead):
                decided[at] = replace(last, rows=(*last.rows, *spent))
                break
        return decided

    def _decide(
        self, batch: _Batch, item: LookUp, head: Found | None, earlier: Earlier
    ) -> Outcome[lookup_pb2.LookUpRegistrationResponse] | Refusal:
        """Answer or refuse a look-up.

        Raises:
            StaleRead: it isn't refused, and nobody was read for it.
        """
        wanted, payment = item.wanted, item.payment
        answered_us = earlier.answered_us
        first = batch.requests.get((wanted.agency_id, wanted.request_id))
        if first is None:
            first = earlier.request_hash
        else:
            answered_us = batch.now_us
        if answered_us is not None and first in [batch_store.kept(each, answered_us) for each in item.hashes]:
            try:
                return self._repeat(batch, item, head, earlier, answered_us)
            except (errors.Denied, errors.RepeatedTooLate):
                self._refusals.learn(known_refusals.of_request(wanted), math.inf)
                raise
        if wanted.reads_nobody and first is None and self._is_answered(batch, item, earlier):
            raise StaleRead
        spent = batch.accounts.spend(payment.payers, payment.budget)
        if spent.refusal is not None:
            self._refusals.learn(payment.payers.officer, spent.refusal.retry_after_seconds or 0.0)
            refusal = payment.refused(spent, spent.refusal)
            # Where nobody is told no entry is written here: ``case`` names that of the call's refusal, if it has one.
            refusal.detail.case_reference = batch.grants.case(item, earlier) if refusal.rows else item.case_reference
            return refusal
        recorded = payment.recorded(spent)
        if first is not None:
            return _refused(item, errors.RequestIdReused(), batch.grants.case(item, earlier), recorded)
        try:
            outcome = self._answer(batch, item, head, earlier)
        except Exception as error:  # noqa: BLE001 - it has cost something, and its entry says so
            if isinstance(error, errors.Denied):
                self._refusals.learn(known_refusals.on_grant(wanted, item.officer_key), math.inf)
            return _refused(item, error, batch.grants.case(item, earlier), recorded)
        outcome.detail.spent.CopyFrom(recorded)
        return outcome

    def _is_answered(self, batch: _Batch, item: LookUp, earlier: Earlier) -> bool:
        """Whether a look-up of which nobody was read can be paid, and its grant lets the person be looked up."""
        if batch.accounts.refusal(item.payment.payers, item.payment.budget) is not None:
            return False
        try:
            return item.purpose not in rules.ON_A_GRANT or not batch.grants.subject(item, earlier).used_up
        except errors.ApiError:
            return False

    def _answer(
        self, batch: _Batch, item: LookUp, head: Found | None, earlier: Earlier
    ) -> Outcome[lookup_pb2.LookUpRegistrationResponse]:
        """The first answer to a request; it uses the grant once.

        Raises:
            Denied: GRANT_USED_UP, and as ``_subject``.
            Internal: as ``_open``.
        """
        subject = batch.grants.subject(item, earlier) if item.purpose in rules.ON_A_GRANT else None
        if subject is not None and subject.used_up:
            raise errors.Denied(errors_pb2.ERROR_REASON_GRANT_USED_UP)
        if item.wanted.reads_nobody:
            raise RuntimeError("nobody was read for a look-up that isn't refused")
        found = None if head is None else self._open(item, head, subject)
        response, detail = self._shown(item, found, subject)
        disclosed = _disclosed(item, response, subject)
        use, row = self._use(batch, item, subject)  # after all that may fail: a neighbour in the batch counts on it
        if subject is not None:
            detail.grant_position, detail.grant_use = subject.position, use
        return Outcome(disclosed, detail, (row,))

    def _repeat(
        self,
        batch: _Batch,
        item: LookUp,
        head: Found | None,
        earlier: Earlier,
        answered_us: int,
    ) -> Outcome[lookup_pb2.LookUpRegistrationResponse]:
        """Answer a request again, from what the register holds now; it uses up and costs nothing.

        Its hash holds the officer's key, so that it is the same officer who asks again.

        Raises:
            Denied: GRANT_USED_UP, for one that comes too late on a grant without a use left; and as ``_subject``.
            RepeatedTooLate: any other that comes too late.
            Internal: as ``_open``.
            StaleRead: it isn't refused, and nobody was read for it.
        """
        subject = batch.grants.subject(item, earlier) if item.purpose in rules.ON_A_GRANT else None
        if batch.now_us - answered_us > item.repeat_us:
            if subject is not None and subject.used_up:
                raise errors.Denied(errors_pb2.ERROR_REASON_GRANT_USED_UP)
            raise errors.RepeatedTooLate
        if item.wanted.reads_nobody:
            raise StaleRead
        found = None if head is None else self._open(item, head, subject)
        response, detail = self._shown(item, found, subject)
        detail.replay = True
        if subject is not None:
            detail.grant_position = subject.position
        return Outcome(_disclosed(item, response, subject), detail)

    def _shown(
        self, item: LookUp, found: _Shown | None, subject: Subject | None
    ) -> tuple[lookup_pb2.LookUpRegistrationResponse, record_pb2.AccessDetail]:
        """The answer before disclosure, and what the entry says of it."""
        if found is None:
            response = lookup_pb2.LookUpRegistrationResponse(outcome=_NO_RECORD)
            detail = record_pb2.AccessDetail(outcome=rules.NO_RECORD)
        else:
            record, convictions, etag, others = found
            whole = record
            if others:
                everybody = functools.partial(registrations.to_everybody, with_juveniles=_juveniles(subject))
                whole = registrations.as_one(record, others, everybody)
                if item.subject and item.subject.kind == registrations.IDENTIFIER_CNIC:
                    whole.cnic = item.subject.text  # of several the one that was asked for
                convictions = everybody(whole)
            registration = registrations.to_message(whole, convictions, etag)
            if others:
                registration.merged_registration_ids.extend(text(each.registration_id) for each in others)
            response = lookup_pb2.LookUpRegistrationResponse(outcome=_FOUND, registration=registration)
            detail = record_pb2.AccessDetail(
                outcome="FOUND",
                subjects=[record.registration_id],
                shown_version=record.version,
                shown_together=registrations.digest([record, *others]),
                classes_shown=self._classes_shown(item, subject, heightened=whole.heightened_handling),
            )
        detail.rows, detail.juvenile = item.wanted.rows, _juveniles(subject)
        if item.candidate:
            detail.found_by = item.candidate.search
        if subject is None:
            detail.case_reference = item.case_reference
        else:
            detail.case_reference = records.case_reference(subject.grant.record)
            detail.subjects.append(item.wanted.grant_id)
        return response, detail

    def _classes_shown(
        self, item: LookUp, subject: Subject | None, *, heightened: bool
    ) -> Sequence[options_pb2.FieldClass.ValueType]:
        granted = _granted(subject)
        if not granted:
            return self._classes[item.purpose, heightened]
        return classes_shown(_RESPONSE, item.purpose, heightened=heightened, granted=granted)

    def _open(self, item: LookUp, head: Found, subject: Subject | None) -> _Shown | None:
        """The registration that this call is shown; None: it was found by a case that fell, or is a decoy, and isn't.

        Raises:
            Internal: a row isn't what its seal says, isn't of the person or the case by which it was found, or isn't
                this caller's to see.
        """
        decoy = head.of_case is None
        if decoy:
            head = self._decoy.found
        juveniles = _juveniles(subject)
        record, key, convictions = registrations.open_shown(self._sealer, head.row, with_juveniles=juveniles)
        claim = registrations.open_claim(key, head.claim)
        case = item.case if subject is None else records.case_of(subject.grant.record)
        of_case = bool(head.of_case) and case in registrations.standing_cases(convictions)
        fallen = head.of_case and not of_case
        is_of_case = not fallen or case in registrations.confirmed_cases(record)
        is_asked_for = _is_of(record, item)
        confirmed = record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
        may_see = _may_see(item, head.row, claim, of_case=of_case, shown=confirmed and bool(convictions))
        if decoy:
            return None
        if not (is_asked_for and is_of_case):
            alert(Alert.ROW_CONTRADICTED, "an index of registrations contradicts the sealed record")
            raise errors.Internal
        if not may_see:
            if fallen:
                return None
            raise rows.outside(registrations.TABLE)
        # Whoever sees it by its case alone is shown what it is without any other: its creator learns of none.
        if claim.person and item.wanted.rows != options_pb2.ROW_SCOPE_PART_IN_CASE:
            return self._person(item, head, claim, with_juveniles=juveniles)
        return _Shown(record, convictions, registrations.etag(head.row.sealed), [])

    def _person(self, item: LookUp, head: Found, claim: record_pb2.ClaimRecord, *, with_juveniles: bool) -> _Shown:
        """The registration that is shown of several that are of one person, with the others.

        Who has the person in custody is shown the one that says so; everybody else the one that was confirmed first.

        Raises:
            Internal: one of them isn't there, or doesn't say that it is of this person.
        """
        standing: list[tuple[record_pb2.RegistrationRecord, str]] = []
        for stored_claim, row in head.person:
            record, key = registrations.open_keyed(self._sealer, row)
            of_claim = registrations.open_claim(key, stored_claim)
            if of_claim.person != claim.person or of_claim.registration_id != record.registration_id:
                raise _not_of_the_person()
            if registrations.in_look_ups(record, with_juveniles=with_juveniles):
                standing.append((record, registrations.etag(row.sealed)))
        if [row.registration_id for _, row in head.person] != registrations.person(claim):
            raise _not_of_the_person()
        of_all = item.wanted.rows == options_pb2.ROW_SCOPE_ALL
        first, etag = next(one for one in standing if of_all or one[0].registration_id == head.row.registration_id)
        others = [record for record, _ in standing if record is not first]
        return _Shown(first, registrations.to_everybody(first, with_juveniles=with_juveniles), etag, others)

    def _use(self, batch: _Batch, item: LookUp, subject: Subject | None) -> tuple[int, Row]:
        """Note the look-up; gives which use of the grant it is, 0 without one, and the row."""
        wanted, use = item.wanted, None
        if subject is not None:
            subject.grant.uses[subject.position] += 1
            use = subject.position, subject.grant.uses[subject.position]
        kept = batch.requests[wanted.agency_id, wanted.request_id] = batch_store.kept(item.hashes[0], batch.now_us)
        return use[1] if use else 0, batch_store.row(wanted, kept, item.access_id, use, batch.now_us)

    def _request_hashes(
        self, call: Call, request: lookup_pb2.LookUpRegistrationRequest, request_id: bytes
    ) -> Sequence[bytes]:
        """The keyed hash of the officer and the checked message, which another language may encode in other bytes.

        Agency ids hold no NUL, so that the parts can't run into each other.
        """
        plain = hashlib.sha256(call.officer_key + request.SerializeToString(deterministic=True)).digest()
        return self._blind_index.short("request", call.agency.agency_id.encode() + b"\0" + request_id + plain)


def _is_of(record: record_pb2.RegistrationRecord, item: LookUp) -> bool:
    """Whether a registration is the candidate, or has the identifier, that is asked for: by its seal."""
    if item.subject is None:
        return record.registration_id == item.wanted.candidate
    if item.subject.kind == registrations.IDENTIFIER_CNIC:
        return record.cnic == item.subject.text
    return item.subject in registrations.identifiers(record)


def _disclosed(
    item: LookUp, response: lookup_pb2.LookUpRegistrationResponse, subject: Subject | None
) -> lookup_pb2.LookUpRegistrationResponse:
    heightened = response.registration.heightened_handling
    return disclose(response, item.purpose, heightened=heightened, granted=_granted(subject))


def _granted(subject: Subject | None) -> frozenset[int]:
    return EVERYTHING if subject is None else subject.grant.classes


def _refused(item: LookUp, error: Exception, case: str, spent: record_pb2.Spent | None = None) -> Refusal:
    """A refusal whose entry says what the look-up rested on, so that ``ledger verify`` can tell whether it was due.

    ``case``: by which the agency finds it again.
    """
    if not isinstance(error, errors.ApiError):
        alert(Alert.CALL_FAILED, "a look-up failed with %s", type(error).__name__)  # its text could hold values
        error = errors.Internal()
    grant_id = item.wanted.grant_id
    subjects = [] if grant_id == NO_GRANT else [grant_id]
    detail = record_pb2.AccessDetail(spent=spent, subjects=subjects, case_reference=case)
    if item.candidate:
        detail.found_by, detail.grant_position = item.candidate.search, item.candidate.position
    return Refusal(error, detail)


def _juveniles(subject: Subject | None) -> bool:
    """Whether a look-up may show juveniles' records: only on a grant that says so."""
    return subject is not None and subject.grant.juveniles


def _not_of_the_person() -> errors.Internal:
    alert(Alert.ROW_CONTRADICTED, "the registrations of a person aren't those that its sealed claims say")
    return errors.Internal()


def _may_see(
    item: LookUp, row: registrations.StoredVersion, claim: record_pb2.ClaimRecord, *, of_case: bool, shown: bool
) -> bool:
    """What the statement of ``batch_store`` says of a registration that was opened, by its seals.

    ``shown``: there is something of it that this look-up shows.
    """
    scope = options_pb2.RowScope.ValueType(item.wanted.rows)
    said = registrations.said(row)
    return (
        claim.registration_id == row.registration_id
        and shown
        and (of_case or not registrations.is_held(claim, item.wanted.kind) or scope == options_pb2.ROW_SCOPE_CUSTODY)
        and rows.shows_in_batch(scope, said, item.agency, item.officer, of_case=of_case)
    )
