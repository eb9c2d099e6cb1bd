"""Emergency look-ups on the wire: opened, read, reviewed and listed. No SQL, no law."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from nsor.v1 import emergencies_pb2, notification_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.access import decisions, lists, rows
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import instant, to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.ledger import rests_on
from nsor_server.lookup.emergencies import messages, rules, store, told
from nsor_server.policy.deadlines import EMERGENCY_EXPIRY, EMERGENCY_REVIEW
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.naming import named
from nsor_server.rpc.spending import Charge
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


class Emergencies:
    """Opens emergency look-ups, shows by them who was found, and takes NPB's reviews."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex, durable: Callable[[], int]) -> None:
        """``durable`` gives how many entries this process knows to be durable: no page is of a register of before."""
        self._sealer, self._blind_index, self._durable = sealer, blind_index, durable

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                emergencies_pb2.OpenEmergencyLookUpRequest,
                emergencies_pb2.OpenEmergencyLookUpResponse,
                self.open,
                charge=lambda request: Charge(named(request)),
            ),
            Unary(
                emergencies_pb2.LookUpInEmergencyRequest,
                emergencies_pb2.LookUpInEmergencyResponse,
                self.look_up,
                charge=lambda request: Charge(request.emergency_id, request.emergency_id),
            ),
            Unary(
                emergencies_pb2.ReviewEmergencyLookUpRequest,
                emergencies_pb2.ReviewEmergencyLookUpResponse,
                self.review,
                lambda call, request, conn: (self._to_review(call, request, conn).seen,),
            ),
            Unary(
                emergencies_pb2.GetEmergencyLookUpRequest,
                emergencies_pb2.GetEmergencyLookUpResponse,
                self.get,
                charge=lambda request: Charge(request.emergency_id),
            ),
            Unary(
                emergencies_pb2.ListEmergencyLookUpsRequest,
                emergencies_pb2.ListEmergencyLookUpsResponse,
                self.list,
            ),
        )

    def open(
        self, call: Call, request: emergencies_pb2.OpenEmergencyLookUpRequest, conn: Connection
    ) -> Outcome[emergencies_pb2.OpenEmergencyLookUpResponse]:
        """Open an emergency look-up, and tell NPB. The register isn't asked whether there is such a person.

        Raises:
            errors.Denied: OUTSIDE_JURISDICTION, EMERGENCY_ROLE_NEEDED, EMERGENCY_UNREVIEWED, EMERGENCY_REVIEWS_OVERDUE.
        """
        policy, now = policy_of(call), call.now()
        rows.require_within(call.agency, call.officer, [request.station])
        rules.check_role(call.officer, policy.grants.emergency_grade)
        answer = emergencies_pb2.OpenEmergencyLookUpResponse()
        detail = record_pb2.AccessDetail(outcome="VALIDATED")
        if request.validate_only:
            return Outcome(disclose(answer, call.purpose), detail)
        found, seen = store.waiting(conn, self._sealer, call.agency.agency_id)
        before = [
            rules.Waiting(decisions.holder(call, each.agency, each.officer_key), each.review_due_us) for each in found
        ]
        rules.check_reviewed(before, decisions.acting(call), to_us(now))
        expiry, review = (policy.deadlines.due(rule, now) for rule in (EMERGENCY_EXPIRY, EMERGENCY_REVIEW))
        record = record_pb2.EmergencyRecord(
            emergency_id=uuid.uuid4().bytes,
            agency=call.agency.agency_id,
            officer_key=call.officer_key,
            officer_number=decisions.acting(call).officer_number,
            subject=named(request),
            harm=request.harm,
            station=request.station,
            open_time_us=to_us(now),
            expires_at_us=to_us(expiry.due),
            expiry_rule=expiry.rule_id,
            review_due_us=to_us(review.due),
            review_rule=review.rule_id,
        )
        row, ref = store.row(self._sealer, record)
        answer.emergency_id = text(record.emergency_id)
        answer.access_deadline.CopyFrom(expiry.message())
        answer.review_deadline.CopyFrom(review.message())
        detail.outcome = "OPENED"
        detail.subjects.append(record.emergency_id)
        npb = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)
        events = outbox.owed(notification_pb2.EVENT_KIND_EMERGENCY_OPENED, npb, about_agency=record.agency)
        return Outcome(disclose(answer, call.purpose), detail, (row, *events), (ref,), (seen,))

    def look_up(
        self, call: Call, request: emergencies_pb2.LookUpInEmergencyRequest, conn: Connection
    ) -> Outcome[emergencies_pb2.LookUpInEmergencyResponse]:
        """Show the person of an emergency look-up, or that there is no record; NPB and the owners hear of either.

        Raises:
            errors.NoRecord: there is no such emergency look-up, it isn't the officer's, or is of another person.
            errors.Denied: EMERGENCY_OVER, EMERGENCY_ROLE_NEEDED, OUTSIDE_JURISDICTION.
        """
        found = store.one(conn, self._sealer, raw(request.emergency_id), call)
        if found is None:
            raise errors.NoRecord
        readings = store.readings(conn, found.record.emergency_id)
        opener = decisions.holder(call, found.record.agency, found.record.officer_key)
        rules.check_reading(found.record, opener, decisions.acting(call), named(request))
        # Who had the role, or acted at the station, when he opened it may do so no more.
        rows.require_within(call.agency, call.officer, [found.record.station])
        rules.check_role(call.officer, policy_of(call).grants.emergency_grade)
        rules.check_runs(found.record, found.finding, to_us(call.now()))
        number = registrations.of_named(found.record.subject)
        if number is None:
            raise errors.Internal  # it has one number: the request was checked
        shown = registrations.looked_up(conn, self._sealer, self._blind_index, number)
        answer = emergencies_pb2.LookUpInEmergencyResponse(
            outcome=emergencies_pb2.EMERGENCY_OUTCOME_FOUND
            if shown.whole
            else emergencies_pb2.EMERGENCY_OUTCOME_NO_RECORD,
            person=messages.person(shown.whole) if shown.whole else None,
        )
        heightened = shown.whole is not None and shown.whole.heightened_handling
        detail = record_pb2.AccessDetail(
            outcome="FOUND" if shown.whole else "NO_RECORD",
            subjects=[*(each.registration_id for each in shown.records), found.record.emergency_id],
            rests_on=rests_on.digest((each.registration_id, each.version) for each in shown.records),
        )
        if shown.whole:
            # By these whoever is to be told again is found.
            detail.shown_version = shown.records[0].version
            detail.shown_together = registrations.digest(shown.records)
            detail.classes_shown.extend(classes_shown(answer.DESCRIPTOR, call.purpose, heightened=heightened))
        return Outcome(
            disclose(answer, call.purpose, heightened=heightened),
            detail,
            (readings.following, *told.of_reading(call.agencies, shown.records)),
            seen=(found.seen, readings.seen, *shown.seen),
        )

    def review(
        self, call: Call, request: emergencies_pb2.ReviewEmergencyLookUpRequest, conn: Connection
    ) -> Outcome[emergencies_pb2.ReviewEmergencyLookUpResponse]:
        """Say whether an emergency look-up was justified, once, and tell its agency.

        Raises:
            errors.NoRecord: there is none.
            errors.Denied: SECOND_PERSON_REQUIRED.
            errors.WrongState: it is reviewed.
        """
        answer = emergencies_pb2.ReviewEmergencyLookUpResponse()
        detail = record_pb2.AccessDetail(outcome="VALIDATED")
        if request.validate_only:
            return Outcome(disclose(answer, call.purpose), detail)
        found = self._to_review(call, request, conn)
        record = found.record
        answer.late = to_us(call.now()) > record.review_due_us
        detail.outcome = "REVIEWED_LATE" if answer.late else "REVIEWED"
        detail.subjects.append(record.emergency_id)
        events = outbox.owed(
            notification_pb2.EVENT_KIND_EMERGENCY_REVIEWED, [record.agency], about_agency=record.agency
        )
        row = store.review(record, request.finding, call.officer_key)
        return Outcome(disclose(answer, call.purpose), detail, (row, *events), seen=(found.seen,))

    def _to_review(
        self, call: Call, request: emergencies_pb2.ReviewEmergencyLookUpRequest, conn: Connection
    ) -> store.Stored:
        """An emergency look-up that another agency's officer has opened.

        Raises:
            errors.NoRecord, errors.Denied, errors.WrongState: as ``review``.
        """
        found = store.one(conn, self._sealer, raw(request.emergency_id), call)
        if found is None:
            raise errors.NoRecord
        record = found.record
        call.looks_at(record_pb2.LOOKED_AT_KIND_EMERGENCY_REVIEW, record.emergency_id, int(found.finding > 0))
        decisions.check_acts(call, [decisions.Act(record.agency, record.officer_key)], open_state=found.finding == 0)
        return found

    def get(
        self, call: Call, request: emergencies_pb2.GetEmergencyLookUpRequest, conn: Connection
    ) -> Outcome[emergencies_pb2.GetEmergencyLookUpResponse]:
        """Show NPB an emergency look-up with whom it was for, so that it can be reviewed.

        Raises:
            errors.NoRecord: there is none.
        """
        found = store.one(conn, self._sealer, raw(request.emergency_id), call)
        if found is None:
            raise errors.NoRecord
        readings = store.readings(conn, found.record.emergency_id)
        answer = messages.whole(found, readings.times, self._review_deadline(call, found.record))
        detail = record_pb2.AccessDetail(
            outcome="FOUND",
            subjects=[found.record.emergency_id],
            classes_shown=classes_shown(answer.DESCRIPTOR, call.purpose),
            rests_on=store.digest(found.record.emergency_id, found.finding, len(readings.times)),
        )
        return Outcome(disclose(answer, call.purpose), detail, seen=(found.seen, readings.seen))

    def list(
        self, call: Call, request: emergencies_pb2.ListEmergencyLookUpsRequest, conn: Connection
    ) -> Outcome[emergencies_pb2.ListEmergencyLookUpsResponse]:
        """List emergency look-ups, the newest in front: those that wait for their review, or those that were reviewed.

        Raises:
            errors.InvalidFields: PAGE_TOKEN_INVALID.
        """
        size = request.page_size or rules.DEFAULT_PAGE
        after = lists.place(self._sealer, call, request.page_token, request.reviewed) or b""
        durable = self._durable()
        page = store.page(conn, self._sealer, call, after=after, most=size + 1, reviewed=request.reviewed)
        lists.require_durable(page.size, durable)
        answer = emergencies_pb2.ListEmergencyLookUpsResponse(
            items=[messages.item(each, self._review_deadline(call, each.record)) for each in page.found[:size]]
        )
        if len(page.found) > size:
            last = page.found[size - 1].record.emergency_id
            answer.next_page_token = lists.token(self._sealer, call, last, request.reviewed)
        listed = record_pb2.ListedEmergencies(
            rows=call.rows,
            jurisdiction=call.agency.jurisdiction,
            acts_at=rows.acts_at(call.agency, call.officer),
            before=page.size,
            after=after,
            reviewed=request.reviewed,
            most=size + 1,
            found=rests_on.digest((each.record.emergency_id, each.finding) for each in page.found),
        )
        detail = record_pb2.AccessDetail(outcome="LISTED", listed_emergencies=listed)
        return Outcome(disclose(answer, call.purpose), detail)

    def _review_deadline(self, call: Call, record: record_pb2.EmergencyRecord) -> types_pb2.Deadline:
        due = policy_of(call).deadlines.due(record.review_rule, instant(record.open_time_us))
        return due.message(due_us=record.review_due_us)
