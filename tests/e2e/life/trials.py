"""The life of a few records: what may be tried on them. What must hold whatever was tried is in `checks`."""

from __future__ import annotations

import uuid

from nsor.v1 import custody_pb2, registration_pb2
from tests import orders
from tests.e2e.life.decisions import Decisions
from tests.e2e.life.golden import snake
from tests.e2e.life.known import (
    APPELLATE,
    CONFIRMS,
    ENTERS,
    HELD_AFTER,
    POLICE,
    PRISON,
    TAKES,
    Known,
)


class Life(Decisions):
    """Tries something on records, and checks what must hold. A trial gives the reason of its refusal, or nothing."""

    def enter(self, number: str) -> None:
        """A prosecution enters an order; whoever has that number already."""
        convicted = self._convicted()
        order = orders.order(number, convictions=[convicted])
        answer = self._client(ENTERS).registration.create_registration(order).message
        self._about = answer.registration_id
        self.records.append(Known(answer.registration_id, number, {convicted.court_case.case_number}))

    def add(self, known: Known, agency: str) -> str:
        """An agency adds a conviction."""
        self._about = known.registration_id
        request = registration_pb2.AddConvictionRequest(
            registration_id=known.registration_id, etag=self._etag(known), conviction=self._convicted()
        )
        refused = self._tried(self._client(agency).registration.add_conviction, request)
        if not refused:
            assert agency == ENTERS
            assert not known.sealed
            assert not known.archived
            known.waits.add(request.conviction.court_case.case_number)
        return refused

    def confirm(self, known: Known, case: str, agency: str, *, wrong: str = "") -> str:
        """An agency confirms a case of a record, with a wrong number or etag if that is said."""
        self._about = known.registration_id
        request = registration_pb2.ConfirmRegistrationRequest(
            registration_id=known.registration_id,
            etag="0123456789abcdef" if wrong == "etag" else self._etag(known),
            case_number="Sessions Case No. 999999/2022" if wrong == "number" else case,
            judgment_date=self._convictions[case].judgment_date,
        )
        refused = self._tried(self._client(agency).registration.confirm_registration, request)
        if not refused:
            assert (agency, wrong) == (CONFIRMS, "")
            assert case in known.waits
            assert known.is_shown or not known.stands
            if not known.stands and not known.taken:
                known.may_wait = any(each.is_shown and each.cnic == known.cnic for each in self.records)
            known.waits.remove(case)
            (known.taken if case in known.judged else known.stands).add(case)
        return refused

    def judge(self, known: Known, case: str, kind: str, agency: str) -> str:
        """An agency records a judgment about a case."""
        self._about = known.registration_id
        request = orders.judgment(kind, self._convictions[case])
        refused = self._tried(self._client(agency).registration.record_judgment, request)
        if not refused:
            assert agency in {APPELLATE, ENTERS}
            if kind in TAKES and case in known.waits:
                known.judged.add(case)
            elif kind in TAKES and case in known.stands:
                known.stands.remove(case)
                known.taken.add(case)
        return refused

    def restore(self, known: Known, case: str) -> str:
        """A registry records that a conviction stands again; by itself that shows nothing. Gives the judgment's id."""
        self._about = known.registration_id
        request = orders.judgment("RESTORED", self._convictions[case])
        return self._client(APPELLATE).registration.record_judgment(request).message.judgment_id

    def move(self, known: Known, kind: str, agency: str) -> str:
        """An agency records what happens to an offender."""
        self._about = known.registration_id
        request = custody_pb2.RecordCustodyEventRequest(
            registration_id=known.registration_id,
            etag=self._etag(known),
            kind=custody_pb2.CustodyEventKind.Value(f"CUSTODY_EVENT_KIND_{kind}"),
            event_date=orders.day(2024, 6, 1),
            prisons_agency_id=PRISON if kind == "RECALLED" else "",
        )
        refused = self._tried(self._client(agency).registration.record_custody_event, request)
        if not refused:
            assert known.is_shown
            assert known.held == (kind not in {"RECALLED", "ADMITTED"}) or agency == POLICE
            known.held = HELD_AFTER[kind]
        return refused

    def anything(self, agency: str, method: str, known: Known, seed: int) -> str:
        """An agency calls whatever method about a record, with the newest etag, in otherwise made-up words."""
        self._about = known.registration_id
        request = self._made_up(method, seed)
        fields = request.DESCRIPTOR.fields_by_name
        for name, value in (("registration_id", known.registration_id), ("etag", self._etag(known))):
            if name in fields:
                setattr(request, name, value)
        if "request_id" in fields:
            request.request_id = str(uuid.uuid4())
        service, name = method.removeprefix("nsor.v1.").split("/")
        kind = service.removesuffix("Service").lower()
        return self._tried(getattr(getattr(self._client(agency), kind), snake(name)), request)
