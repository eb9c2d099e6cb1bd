"""RegistrationService on the wire: from a message to the rules and the store, and back. No SQL, no law."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from nsor.v1 import notification_pb2, options_pb2, registration_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import to_day
from nsor_server.formats.uuids import raw, text
from nsor_server.images.photos import Photos
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import claims, entering, past, rules, shown, states, store
from nsor_server.registration import record as records
from nsor_server.registration.amendments.proposals import Proposals
from nsor_server.registration.amendments.service import Amendments
from nsor_server.registration.closure.service import Closures
from nsor_server.registration.convictions.service import Convictions
from nsor_server.registration.corrections.service import Corrections
from nsor_server.registration.custody.service import CustodyService
from nsor_server.registration.duties import due_dates
from nsor_server.registration.duties import rules as duties
from nsor_server.registration.duties.service import DutyService
from nsor_server.registration.identity import record as identity_records
from nsor_server.registration.identity import rules as identity_rules
from nsor_server.registration.identity.change_service import IdentityChanges
from nsor_server.registration.identity.service import IdentityService
from nsor_server.registration.imports.service import ImportService
from nsor_server.registration.judgments.service import Judgments
from nsor_server.registration.persons.claimants import Claimants, Known
from nsor_server.registration.persons.service import Reviews
from nsor_server.registration.persons.shown import as_one, digest
from nsor_server.registration.photos.service import PhotoService
from nsor_server.registration.proposals.service import Ends
from nsor_server.registration.sealed.service import SealedReadings
from nsor_server.registration.validation import service as validation
from nsor_server.registration.validation.service import Validations
from nsor_server.registration.worklists.seconds_service import PendingDecisions
from nsor_server.registration.worklists.service import Worklists
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


class RegistrationService:
    """Enters, confirms and shows registrations."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex, photos: Photos, durable: Callable[[], int]) -> None:
        """Prepare.

        Args:
            sealer: opens and seals records.
            blind_index: finds what they claim.
            photos: decodes what is given as one.
            durable: gives how many entries this process knows to be durable.
        """
        self._sealer = sealer
        self._blind_index = blind_index
        self._imports = ImportService(sealer, durable)
        self._photos = PhotoService(sealer, photos)
        self._judgments = Judgments(sealer, blind_index)
        self._worklists = Worklists(sealer, durable)
        self._pending = PendingDecisions(sealer, durable)
        self._duties = DutyService(sealer, blind_index, durable)
        self._identity = IdentityService(sealer, blind_index)

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                registration_pb2.CreateRegistrationRequest,
                registration_pb2.CreateRegistrationResponse,
                self.create_registration,
                self._created_again,
            ),
            Unary(
                registration_pb2.ConfirmRegistrationRequest,
                registration_pb2.ConfirmRegistrationResponse,
                self.confirm_registration,
                self._confirmed_again,
                _confirmation_charge,
            ),
            Unary(
                registration_pb2.GetRegistrationRequest,
                registration_pb2.GetRegistrationResponse,
                self.get_registration,
                charge=lambda request: Charge(request.registration_id),
            ),
            *self._imports.handlers(),
            *Convictions(self._sealer).handlers(),
            *Amendments(self._sealer, self._blind_index).handlers(),
            *Proposals(self._sealer, self._blind_index).handlers(),
            *self._photos.handlers(),
            *self._judgments.handlers(),
            *SealedReadings(self._sealer, self._blind_index).handlers(),
            *self._worklists.handlers(),
            *self._pending.handlers(),
            *Ends(self._sealer).handlers(),
            *Corrections(self._sealer).handlers(),
            *Validations(self._sealer).handlers(),
            *Closures(self._sealer, self._blind_index).handlers(),
            *self._identity.handlers(),
            *CustodyService(self._sealer).handlers(),
            *self._duties.handlers(),
            *Reviews(self._sealer, self._blind_index).handlers(),
            *IdentityChanges(self._sealer, self._blind_index).handlers(),
        )

    def create_registration(
        self, call: Call, request: registration_pb2.CreateRegistrationRequest, _conn: Connection
    ) -> Outcome[registration_pb2.CreateRegistrationResponse]:
        """Enter a conviction order. The register isn't asked whether the person is known."""
        examined = entering.examined(call, request)
        for refusal in examined.refusals:
            raise refusal
        record = examined.record()
        answer = registration_pb2.CreateRegistrationResponse(warnings=rules.warnings(request.person))
        detail = record_pb2.AccessDetail(
            outcome="VALIDATED", case_reference=records.case_reference(record.convictions[0].fir)
        )
        if request.validate_only:
            return Outcome(disclose(answer, call.purpose), detail)
        entered = entering.entered(self._sealer, call, record, call.agency.agency_id)
        answer.registration_id = text(entered.version.ref.row_id)
        answer.etag = entered.version.etag
        answer.state = registration_pb2.REGISTRATION_STATE_UNDER_REVIEW
        detail.outcome = "CREATED"
        detail.subjects.append(entered.version.ref.row_id)
        return Outcome(disclose(answer, call.purpose), detail, entered.rows, (entered.version.ref,))

    def confirm_registration(
        self, call: Call, request: registration_pb2.ConfirmRegistrationRequest, conn: Connection
    ) -> Outcome[registration_pb2.ConfirmRegistrationResponse]:
        """Confirm a registration from the court's own record."""
        if request.validate_only:
            return Outcome(registration_pb2.ConfirmRegistrationResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        row, record, convictions = self._of_court(call, request, conn)
        before, record = (
            record,
            states.next_version(
                record,
                itertools.chain.from_iterable(
                    states.confirming(each, call.agency.agency_id, call.officer_key) for each in convictions
                ),
            ),
        )
        state = registration_pb2.RegistrationState.ValueType(record.state)  # what the court sees: of no judgment
        record, of_judgments = self._judgments.joined(conn, record, convictions)
        key = store.data_key(self._sealer, row)
        now = call.now()
        duties.confirmed(due_dates.Counting.by(policy_of(call)), record, now)
        written = store.version_row(key, before, record, now)
        holders = claims.holders(conn, self._blind_index, claims.identifiers(record))
        held = [one for one, seen in holders if seen.version]
        claim = claims.of_confirmation(self._blind_index, key, before, record, held)
        is_first = not any(map(states.was_confirmed, before.convictions))
        validations = [validation.of_confirmation(call, key, record.registration_id)] if is_first else []
        answer = registration_pb2.ConfirmRegistrationResponse(
            registration_id=request.registration_id,
            etag=written.etag,
            state=state,
        )
        detail = record_pb2.AccessDetail(
            outcome="CONFIRMED",
            case_reference=records.case_reference(convictions[0].fir),
            subjects=[record.registration_id],
        )
        return Outcome(
            disclose(answer, call.purpose),
            detail,
            (
                written.row,
                *claim.rows,
                *(row for row, _ in validations),
                *_confirmation_events(call, before, record),
            ),
            (written.ref, *claim.refs, *(ref for _, ref in validations)),
            (store.seen(row), *(seen for _, seen in holders), *of_judgments),
        )

    def get_registration(
        self, call: Call, request: registration_pb2.GetRegistrationRequest, conn: Connection
    ) -> Outcome[registration_pb2.GetRegistrationResponse]:
        """Show a registration to an agency that has a part in it."""
        found = store.head(conn, self._sealer, raw(request.registration_id), call)
        if found is None:
            raise errors.NoRecord
        row, record = found
        if request.HasField("as_of_date"):
            return self._as_of(call, request, conn, found)
        detail = record_pb2.AccessDetail(outcome="FOUND", subjects=[record.registration_id])
        of_claim, known, seen = self._of_person(call, conn, found, detail)
        others = [each.record for each in known]
        whole = as_one(record, others, lambda one: shown.for_purpose(one, one.convictions, call.purpose))
        convictions = shown.to_agency(whole, call.agency, call.officer)
        told = shown.for_purpose(whole, convictions, call.purpose)
        registration = records.to_message(whole, told, store.etag(row.sealed))
        if any(map(states.was_confirmed, convictions)):  # also when none of their counts is told
            registration.state = registration_pb2.RegistrationState.ValueType(record.state)
        if identity_rules.sees_decisions(record, call.agency, call.officer):
            identity_records.add_decisions(registration.identity, record)
        registration.held_for_review = of_claim.cnic_held or of_claim.passport_held
        registration.merged_registration_ids.extend(text(each.registration_id) for each in others)
        answer = registration_pb2.GetRegistrationResponse(registration=registration)
        validated = validation.shown_to(call, conn, store.data_key(self._sealer, row), record)
        if validated is not None:
            answer.validation.CopyFrom(validated[0])
            seen.append(validated[1])
            detail.validation_read = validated[1].version
        detail.case_reference = records.case_reference(told[0].fir) if told else ""
        detail.shown_version = record.version
        detail.shown_together = digest([record, *others])
        classes = classes_shown(answer.DESCRIPTOR, call.purpose, heightened=whole.heightened_handling)
        detail.classes_shown.extend(classes)
        confirming = rules.confirming(convictions, call.agency.kind)
        disclosed = disclose(answer, call.purpose, confirming, heightened=whole.heightened_handling)
        return Outcome(disclosed, detail, seen=seen)

    def _as_of(
        self,
        call: Call,
        request: registration_pb2.GetRegistrationRequest,
        conn: Connection,
        head: tuple[store.StoredVersion, record_pb2.RegistrationRecord],
    ) -> Outcome[registration_pb2.GetRegistrationResponse]:
        """Show a registration as of a day, as far as today shows it.

        Raises:
            errors.NoRecord: it wasn't there yet, or nothing that is shown today was.
        """
        row, newest = head
        before_us = past.end_of_us(request.as_of_date)
        record = store.version_before(conn, self._sealer, row, before_us)
        detail = record_pb2.AccessDetail(outcome="FOUND_AS_OF", subjects=[newest.registration_id])
        _, known, seen = self._of_person(call, conn, head, detail)
        then = [store.version_before(conn, self._sealer, each.row, before_us) for each in known]
        others = [each for each in then if each is not None]
        today = as_one(newest, [each.record for each in known], past.all_convictions)
        of_today = shown.to_agency(today, call.agency, call.officer)
        whole = as_one(record, others, past.all_convictions) if record else None
        convictions = past.shown_of(whole, today, of_today) if whole else []
        if record is None or whole is None or not convictions:
            raise errors.NoRecord
        told = past.told(newest, [each.record for each in known], convictions, call.purpose)
        registration = records.to_message(whole, told)
        registration.merged_registration_ids.extend(text(each.registration_id) for each in others)
        answer = registration_pb2.GetRegistrationResponse(registration=registration)
        heightened = today.heightened_handling
        detail.case_reference = records.case_reference(told[0].fir) if told else ""
        detail.shown_version = record.version
        detail.shown_together = digest([record, *others])
        detail.as_of_day = to_day(request.as_of_date)
        detail.classes_shown.extend(classes_shown(answer.DESCRIPTOR, call.purpose, heightened=heightened))
        confirming = rules.confirming(of_today, call.agency.kind)
        disclosed = disclose(answer, call.purpose, confirming, heightened=heightened)
        return Outcome(disclosed, detail, seen=seen)

    def _of_person(
        self,
        call: Call,
        conn: Connection,
        head: tuple[store.StoredVersion, record_pb2.RegistrationRecord],
        detail: record_pb2.AccessDetail,
    ) -> tuple[record_pb2.ClaimRecord, list[Known], list[Seen]]:
        """The claim of a registration, the others of its person that stand, and that all of it was the newest.

        The detail says which version of the claim was read. What its creator and its court see of a registration
        depends on no other one.
        """
        row, record = head
        if call.purpose == options_pb2.PURPOSE_REGISTRATION:
            return record_pb2.ClaimRecord(), [], [store.seen(row)]
        is_confirmed = record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
        key = store.data_key(self._sealer, row)
        claim, claim_seen = claims.newest(conn, key, row.registration_id, confirmed=is_confirmed)
        claimants = Claimants(conn, self._sealer, self._blind_index)
        others = claimants.others(claim)
        detail.claim_read = claim_seen.version
        return claim, others, [store.seen(row), claim_seen, *claimants.seen()]

    def _created_again(
        self, call: Call, request: registration_pb2.CreateRegistrationRequest, _conn: Connection
    ) -> tuple[Seen, ...]:
        entering.require_within(call, request)
        return ()

    def _confirmed_again(
        self, call: Call, request: registration_pb2.ConfirmRegistrationRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        row, _, _ = self._of_court(call, request, conn)
        return (store.seen(row),)

    def _of_court(
        self, call: Call, request: registration_pb2.ConfirmRegistrationRequest, conn: Connection
    ) -> tuple[store.StoredVersion, record_pb2.RegistrationRecord, list[record_pb2.Conviction]]:
        """A registration, and the convictions that the court's own record names in it.

        Raises:
            errors.NoRecord: there is none, or the court's record names none of its convictions.
            errors.EtagMismatch: the court has seen another version.
            errors.Denied: SECOND_PERSON_REQUIRED: the agency or the person has entered one of them.
            errors.WrongState: they are confirmed, or a compromised key has entered one.
        """
        found = store.head(conn, self._sealer, raw(request.registration_id), call)
        if found is None:
            raise errors.NoRecord
        row, record = found
        if request.etag != store.etag(row.sealed) and not call.compared.replays:
            # Before the number is looked at: with an old etag it could be tried out, and the right one confirm nothing.
            raise errors.EtagMismatch
        named = request.court if request.HasField("court") else None
        own = rules.OwnRecord(request.case_number, to_day(request.judgment_date), named)
        convictions = rules.of_court(record, call.agency, call.officer, own)
        if not convictions:
            raise errors.NoRecord
        decisions.check_acts(
            call,
            (decisions.Act(each.entered_by_agency, each.entered_by_key) for each in convictions),
            open_state=all(map(states.waits, convictions)),
        )
        return row, record, convictions


def _confirmation_charge(request: registration_pb2.ConfirmRegistrationRequest) -> Charge:
    """Each registration has buckets of its own, whether or not there is one of that id, for what is tried on it.

    A number with another day is another try.
    """
    tried = f"{records.court_number(request.case_number)} {to_day(request.judgment_date)}"
    return Charge(tried, bucket=request.registration_id)


def _confirmation_events(
    call: Call, before: record_pb2.RegistrationRecord, record: record_pb2.RegistrationRecord
) -> list[Row]:
    is_first = not any(map(states.was_confirmed, before.convictions))
    first, further = (
        notification_pb2.EVENT_KIND_REGISTRATION_CONFIRMED,
        notification_pb2.EVENT_KIND_CONVICTION_CONFIRMED,
    )
    return outbox.owed(
        first if is_first else further,
        [
            *recipients.responsible_police(call.agencies, record.responsible_place),
            *recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB),
            record.created_by_agency,
            *([record.custodian_agency] if record.custodian_agency else []),
        ],
        registration_id=record.registration_id,
    )
