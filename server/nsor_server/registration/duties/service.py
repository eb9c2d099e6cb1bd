"""GetDuty, ListDuties and WaiveDuty on the wire. No SQL, no law."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from nsor.v1 import duties_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import lists
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.policy.loaded import Policy, policy_of
from nsor_server.registration import record as records
from nsor_server.registration import shown, states, store
from nsor_server.registration.duties import due_dates, rules
from nsor_server.registration.duties import record as duties
from nsor_server.registration.duties import states as duty_states
from nsor_server.registration.persons.claimants import Claimants
from nsor_server.registration.worklists import pages
from nsor_server.registration.worklists import rules as works
from nsor_server.registration.worklists import store as works_store
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_DEFAULT_PAGE: Final = 50


class DutyService:
    """Shows and lists duties, and has police waive them."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex, durable: Callable[[], int]) -> None:
        """``durable`` gives how many entries this process knows to be durable: no page is of a register before them."""
        self._sealer, self._blind_index = sealer, blind_index
        self._durable = durable

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                duties_pb2.GetDutyRequest,
                duties_pb2.GetDutyResponse,
                self.get_duty,
                charge=lambda request: Charge(request.registration_id),
            ),
            Unary(
                duties_pb2.ListDutiesRequest,
                duties_pb2.ListDutiesResponse,
                self.list_duties,
                charge=lambda _request: Charge(""),
                shows=lambda request: request.page_size or _DEFAULT_PAGE,
            ),
            Unary(
                duties_pb2.WaiveDutyRequest,
                duties_pb2.WaiveDutyResponse,
                self.waive_duty,
                self._shown_again,
            ),
        )

    def get_duty(
        self, call: Call, request: duties_pb2.GetDutyRequest, conn: Connection
    ) -> Outcome[duties_pb2.GetDutyResponse]:
        """Show the duties of a person, or one of them.

        Raises:
            errors.NoRecord: the registration isn't the caller's to see, or has no such duty.
        """
        row, record = self._head(call, request.registration_id, conn)
        found = sorted(record.duties, key=lambda each: (each.due_us, each.duty_id))
        if request.duty_id:
            found = [each for each in found if each.duty_id == raw(request.duty_id)]
            if not found:
                raise errors.NoRecord
        policy, now = policy_of(call), call.now()
        answer = duties_pb2.GetDutyResponse(
            etag=store.etag(row.sealed), duties=[duties.to_message(policy, record, each, now) for each in found]
        )
        if not request.duty_id and duty_states.count_now(record):
            answer.duties.extend(duties.standing())
        detail = _detail(call, "DUTIES_SHOWN", record)
        detail.shown_version = record.version
        detail.classes_shown.extend(classes_shown(answer.DESCRIPTOR, call.purpose))
        return Outcome(disclose(answer, call.purpose), detail, seen=(store.seen(row),))

    def list_duties(
        self, call: Call, request: duties_pb2.ListDutiesRequest, conn: Connection
    ) -> Outcome[duties_pb2.ListDutiesResponse]:
        """List the open duties at the caller's stations, the one that is due first in front.

        Raises:
            errors.InvalidFields: PAGE_TOKEN_INVALID.
            errors.Internal: the list contradicts the register, or is one of before.
        """
        wanted = works.duties_wanted(call.now(), overdue=request.overdue)
        ended = lists.place(self._sealer, call, request.page_token, request.overdue)
        after = works_store.START if ended is None else works_store.unpacked(ended)
        policy, now_us = policy_of(call), to_us(call.now())
        keys = self._sealer, self._blind_index

        def read(most: int) -> works_store.Page:
            found = works_store.page(conn, self._sealer, call, wanted, after, most=most)
            return pages.once(conn, *keys, found, wanted.due_us)

        page = pages.filled(read, self._durable, request.page_size or _DEFAULT_PAGE)
        answer = duties_pb2.ListDutiesResponse(items=[_item(call, policy, each, now_us) for each in page.items])
        if page.last is not None:
            answer.next_page_token = lists.token(self._sealer, call, works_store.packed(page.last), request.overdue)
        detail = record_pb2.AccessDetail(
            outcome="LISTED",
            subjects=list(dict.fromkeys(each.record.registration_id for each in page.items)),
            classes_shown=classes_shown(answer.DESCRIPTOR, call.purpose),
            listed_work=pages.told(call, wanted, None if ended is None else after, page),
        )
        seen = [seen for each in page.found.items for seen in each.seen]
        shown = works_store.shown(page.items)
        return Outcome(disclose(answer, call.purpose), detail, seen=seen, shown=shown)

    def waive_duty(
        self, call: Call, request: duties_pb2.WaiveDutyRequest, conn: Connection
    ) -> Outcome[duties_pb2.WaiveDutyResponse]:
        """Waive a duty for the responsible police, with that which the person owes alike by another registration.

        Raises:
            errors.NoRecord: the registration isn't the caller's to see, or has no such duty.
            errors.EtagMismatch: the caller has seen another version.
            errors.WrongState: the duty has ended, or doesn't count.
        """
        if request.validate_only:
            return Outcome(duties_pb2.WaiveDutyResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        row, record = self._head(call, request.registration_id, conn)
        duty_id = raw(request.duty_id)
        if duty_states.of(record, duty_id) is None:
            raise errors.NoRecord
        if request.etag != store.etag(row.sealed):
            raise errors.EtagMismatch
        policy, now = policy_of(call), call.now()
        following = states.next_version(record)
        waiver = rules.Waiver(duty_id, request.reason, call.agency.agency_id, call.officer_key)
        duty = rules.waived(due_dates.Counting.by(policy), following, waiver, now)
        written = store.version_row(store.data_key(self._sealer, row), record, following, now)
        answer = duties_pb2.WaiveDutyResponse(etag=written.etag, duty=duties.to_message(policy, following, duty, now))
        npb = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)
        events = outbox.owed(notification_pb2.EVENT_KIND_DUTY_WAIVED, npb, registration_id=following.registration_id)
        detail = _detail(call, "DUTY_WAIVED", following)
        rows, refs = [written.row, *events], [written.ref]
        claimants = Claimants(conn, self._sealer, self._blind_index)
        own = claimants.get(record.registration_id)
        for each in claimants.others(own.claim) if own is not None else ():
            same = duty_states.owed_too(record, duty, each.record)
            if same is None:
                continue
            other = states.next_version(each.record)
            rules.waived(due_dates.Counting.by(policy), other, waiver._replace(duty_id=same.duty_id), now)
            beside = store.version_row(each.key, each.record, other, now)
            rows.append(beside.row)
            refs.append(beside.ref)
        return Outcome(disclose(answer, call.purpose), detail, rows, refs, (store.seen(row), *claimants.seen()))

    def _head(
        self, call: Call, registration_id: str, conn: Connection
    ) -> tuple[store.StoredVersion, record_pb2.RegistrationRecord]:
        found = store.head(conn, self._sealer, raw(registration_id), call)
        if found is None:
            raise errors.NoRecord
        return found

    def _shown_again(self, call: Call, request: duties_pb2.WaiveDutyRequest, conn: Connection) -> tuple[Seen, ...]:
        row, _ = self._head(call, request.registration_id, conn)
        return (store.seen(row),)


def _item(call: Call, policy: Policy, item: works_store.Item, now_us: int) -> duties_pb2.DutyItem:
    duty = duty_states.of(item.record, item.work.subject_id)
    if duty is None:
        raise errors.Internal  # the page is compared with its records when it is read
    made = duties_pb2.DutyItem(
        registration_id=text(item.record.registration_id),
        duty_id=text(duty.duty_id),
        kind=duties_pb2.DutyKind.ValueType(duty.kind),
        state=duties_pb2.DutyState.ValueType(duty_states.state(item.record, duty, now_us)),
        deadline=duties.deadline(policy.deadlines, duty),
        person=works.masked(item.record),
    )
    return disclose(made, call.purpose)


def _detail(call: Call, outcome: str, record: record_pb2.RegistrationRecord) -> record_pb2.AccessDetail:
    """What the entry says. Its case is one that the caller is shown: lists of accesses name it."""
    convictions = shown.to_agency(record, call.agency, call.officer)
    return record_pb2.AccessDetail(
        outcome=outcome,
        case_reference=records.case_reference(convictions[0].fir) if convictions else "",
        subjects=[record.registration_id],
    )
