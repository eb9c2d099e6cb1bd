import concurrent.futures
import datetime as dt
import threading
import uuid
from collections.abc import Callable

import psycopg
import pytest
from google.protobuf.message import Message

from nsor.v1 import errors_pb2, lookup_pb2, notification_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.access.facts import Officer
from nsor_server.ledger.entry import RecordRef
from nsor_server.lookup import store
from nsor_server.lookup.service import LookupService
from nsor_server.rpc.calls import Call, Outcome
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from tests.lookup.conftest import KNOWN, UNKNOWN, Register, fir_key, make_call, officer

DECISION = options_pb2.PURPOSE_ACCESS_DECISION


def application(**changes: object) -> lookup_pb2.CreateAccessRequestRequest:
    request = lookup_pb2.CreateAccessRequestRequest(
        request_id=str(uuid.uuid4()),
        fir=fir_key(),
        suspects=[
            lookup_pb2.Suspect(cnic=cnic, name=types_pb2.PersonName(kind=types_pb2.NAME_KIND_OFFICIAL, name="Test"))
            for cnic in (KNOWN, UNKNOWN)
        ],
        annexure_a=lookup_pb2.AnnexureA(
            officer_grade=17,
            posting="PK-PB/LHR",
            offence_codes=["PPC-376", "PPC-34"],
            stage=lookup_pb2.INVESTIGATION_STAGE_ARREST_MADE,
            ground=lookup_pb2.ACCESS_GROUND_IDENTITY,
            fir_copy_number="C-1",
            application_number="A-1",
        ),
    )
    day = request.annexure_a.application_date
    day.year, day.month, day.day = 2025, 9, 3
    for name, value in changes.items():
        setattr(request, name, value)
    return request


class Desk:
    """Runs handlers as the front door does: each in a transaction that a refusal rolls back."""

    def __init__(self, register: Register, service: LookupService) -> None:
        self.register = register
        self.service = service
        self.records: list[RecordRef] = []

    def run(self, handler: Callable[..., Outcome], call: Call, request: Message) -> Outcome:
        with self.register.database.transaction() as conn:
            outcome = handler(call, request, conn)
        self.records.extend(outcome.records)
        return outcome

    def create(
        self, request: lookup_pb2.CreateAccessRequestRequest | None = None, acting: Officer | None = None
    ) -> Outcome:
        return self.run(
            self.service.CreateAccessRequest, make_call("punjab-police", acting=acting), request or application()
        )

    def created(self) -> lookup_pb2.CreateAccessRequestResponse:
        response = self.create().response
        assert isinstance(response, lookup_pb2.CreateAccessRequestResponse)
        return response

    def approve(
        self, request_id: str, etag: str, agency: str = "punjab-prosecution", acting: Officer | None = None
    ) -> lookup_pb2.ApproveAccessRequestResponse:
        request = lookup_pb2.ApproveAccessRequestRequest(
            request_id=str(uuid.uuid4()), access_request_id=request_id, etag=etag
        )
        self.decision = self.run(self.service.ApproveAccessRequest, make_call(agency, DECISION, acting=acting), request)
        assert isinstance(self.decision.response, lookup_pb2.ApproveAccessRequestResponse)
        return self.decision.response

    def send_back(self, request_id: str, etag: str, *reasons: lookup_pb2.ReturnReason.ValueType) -> Outcome:
        request = lookup_pb2.ReturnAccessRequestRequest(
            request_id=str(uuid.uuid4()), access_request_id=request_id, etag=etag, reasons=reasons
        )
        return self.run(self.service.ReturnAccessRequest, make_call("punjab-prosecution", DECISION), request)

    def get(
        self, request_id: str, agency: str = "punjab-police", acting: Officer | None = None
    ) -> lookup_pb2.AccessRequest:
        purpose = DECISION if "prosecution" in agency else options_pb2.PURPOSE_INVESTIGATION
        request = lookup_pb2.GetAccessRequestRequest(access_request_id=request_id)
        outcome = self.run(self.service.GetAccessRequest, make_call(agency, purpose, acting=acting), request)
        assert isinstance(outcome.response, lookup_pb2.GetAccessRequestResponse)
        return outcome.response.access_request

    def events(self) -> list[tuple[object, ...]]:
        with self.register.database.transaction() as conn:
            return conn.execute("SELECT recipient, kind, access_request_id FROM outbox ORDER BY created_at").fetchall()


@pytest.fixture
def desk(register: Register, service: LookupService) -> Desk:
    return Desk(register, service)


def test_a_request_is_shown_to_its_agency_and_to_the_districts_prosecution(desk: Desk) -> None:
    created = desk.created()
    assert created.decision_deadline.due_time.seconds - created.decision_deadline.start_time.seconds == 48 * 3600
    assert created.decision_deadline.verified
    for agency in ("punjab-police", "punjab-prosecution"):
        shown = desk.get(created.access_request_id, agency)
        assert shown.state == lookup_pb2.ACCESS_REQUEST_STATE_PENDING
        assert shown.etag == created.etag
        assert shown.fir == fir_key()
        assert [suspect.cnic for suspect in shown.suspects] == [KNOWN, UNKNOWN]
        assert shown.annexure_a == application().annexure_a
        assert shown.decision_deadline == created.decision_deadline


def test_to_everybody_else_a_request_does_not_exist(desk: Desk) -> None:
    # Absent, another agency's and outside the jurisdiction are one answer.
    known = desk.created().access_request_id
    narrow = officer("punjab-prosecution", jurisdiction=("PK-PB/MUL",))
    for request_id, agency, acting in [
        (str(uuid.uuid4()), "punjab-police", None),
        (known, "sindh-police", None),
        (known, "sindh-prosecution", None),
        (known, "punjab-prosecution", narrow),
    ]:
        with pytest.raises(errors.NoRecord):
            desk.get(request_id, agency, acting)


def test_validate_only_says_what_would_be_and_writes_nothing(desk: Desk) -> None:
    outcome = desk.create(application(validate_only=True))
    assert isinstance(outcome.response, lookup_pb2.CreateAccessRequestResponse)
    assert not outcome.response.access_request_id
    assert outcome.response.HasField("decision_deadline")
    assert outcome.records == ()
    assert desk.events() == []


def test_the_fir_lies_within_the_agencys_and_the_officers_jurisdiction(desk: Desk) -> None:
    far = application()
    far.fir.police_station = "PK-SD/KHI/PS-001"
    for request, acting in [(far, None), (application(), officer("punjab-police", jurisdiction=("PK-PB/MUL",)))]:
        with pytest.raises(errors.Denied) as refused:
            desk.create(request, acting)
        assert refused.value.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION


@pytest.mark.parametrize("codes", [["PPC-34"], ["PPC-365", "PPC-511"]])
def test_the_register_opens_for_firs_under_the_act_only(desk: Desk, codes: list[str]) -> None:
    request = application()
    request.annexure_a.offence_codes[:] = codes
    with pytest.raises(errors.InvalidFields) as refused:
        desk.create(request)
    assert refused.value.reason == errors_pb2.ERROR_REASON_OFFENCE_NOT_REGISTRABLE


def test_wrong_applications_name_the_field_and_no_value(desk: Desk) -> None:
    twice = application()
    twice.suspects.add().CopyFrom(twice.suspects[0])
    early = application()
    early.annexure_a.application_date.day = 1
    for request, violation in [
        (twice, errors.Violation("suspects[2].cnic", errors_pb2.FIELD_REASON_DUPLICATE)),
        (early, errors.Violation("annexure_a.application_date", errors_pb2.FIELD_REASON_DATE_ORDER)),
    ]:
        with pytest.raises(errors.InvalidFields) as refused:
            desk.create(request)
        assert refused.value.violations == (violation,)
        assert KNOWN not in str(refused.value)


def test_an_approval_grants_what_was_asked_to_who_asked(desk: Desk, sealer: Sealer) -> None:
    created = desk.created()
    approved = desk.approve(created.access_request_id, created.etag)
    assert approved.etag != created.etag
    assert approved.grant.uses_per_subject == 1
    assert approved.grant.expiry.rule_id == "grant-expiry"
    assert not approved.grant.expiry.verified
    with desk.register.database.transaction() as conn:
        grant = store.grant(conn, sealer, uuid.UUID(approved.grant.grant_id).bytes)
    asking = officer("punjab-police")
    assert (grant.agency, grant.officer_key, list(grant.cnics)) == ("punjab-police", asking.key_id, [KNOWN, UNKNOWN])
    assert (grant.fir.police_station, grant.fir.serial) == ("PK-PB/LHR/PS-001", 679)
    assert desk.get(created.access_request_id).grant == approved.grant
    assert desk.decision.detail.outcome == "APPROVED"


def test_a_granted_look_up_answers_from_the_request_to_the_record(desk: Desk) -> None:
    created = desk.created()
    approved = desk.approve(created.access_request_id, created.etag)
    basis = lookup_pb2.LookUpBasis(grant_id=approved.grant.grant_id)
    with desk.register.database.transaction() as conn:
        row = conn.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").fetchone()
    assert row is not None
    decided = desk.register.decide(desk.register.prepare(make_call("punjab-police"), basis), now_us=row[0])
    assert isinstance(decided[0], Outcome)


def test_a_return_gives_its_reasons(desk: Desk) -> None:
    created = desk.created()
    reason = lookup_pb2.RETURN_REASON_RATIONALE_LACKING
    outcome = desk.send_back(created.access_request_id, created.etag, reason)
    assert outcome.detail.outcome == "RETURNED"
    shown = desk.get(created.access_request_id)
    assert shown.state == lookup_pb2.ACCESS_REQUEST_STATE_RETURNED
    assert list(shown.return_reasons) == [reason]
    assert not shown.HasField("grant")
    with pytest.raises(errors.InvalidFields):
        desk.send_back(created.access_request_id, shown.etag, reason, reason)


def test_prosecution_and_requester_are_told(desk: Desk) -> None:
    first, second = desk.created(), desk.created()
    desk.approve(first.access_request_id, first.etag)
    desk.send_back(second.access_request_id, second.etag, lookup_pb2.RETURN_REASON_PERSON_UNRELATED)
    one, two = uuid.UUID(first.access_request_id), uuid.UUID(second.access_request_id)
    assert desk.events() == [
        ("punjab-prosecution", notification_pb2.EVENT_KIND_ACCESS_REQUESTED, one),
        ("punjab-prosecution", notification_pb2.EVENT_KIND_ACCESS_REQUESTED, two),
        ("punjab-police", notification_pb2.EVENT_KIND_ACCESS_APPROVED, one),
        ("punjab-police", notification_pb2.EVENT_KIND_ACCESS_RETURNED, two),
    ]


def test_only_the_districts_prosecution_decides(desk: Desk) -> None:
    created = desk.created()
    with pytest.raises(errors.NoRecord):
        desk.approve(created.access_request_id, created.etag, "sindh-prosecution")
    narrow = officer("punjab-prosecution", jurisdiction=("PK-PB/MUL",))
    with pytest.raises(errors.NoRecord):
        desk.approve(created.access_request_id, created.etag, acting=narrow)


def test_nobody_decides_on_his_own_request(desk: Desk) -> None:
    # Neither with the asking officer's key at the prosecution, nor with another key at the asking agency.
    created = desk.created()
    with pytest.raises(errors.Denied) as same_key:
        desk.approve(created.access_request_id, created.etag, acting=officer("punjab-police"))
    assert same_key.value.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    with pytest.raises(errors.Denied) as same_agency:
        desk.approve(created.access_request_id, created.etag, "punjab-police", officer("punjab-police", 2))
    assert same_agency.value.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED


def test_a_request_is_decided_once(desk: Desk) -> None:
    created = desk.created()
    approved = desk.approve(created.access_request_id, created.etag)
    with pytest.raises(errors.EtagMismatch):
        desk.approve(created.access_request_id, created.etag)
    with pytest.raises(errors.WrongState):
        desk.send_back(created.access_request_id, approved.etag, lookup_pb2.RETURN_REASON_PERSON_UNRELATED)


def test_of_two_decisions_at_once_one_counts(desk: Desk, database: Database) -> None:
    # Both have read the pending request; the second waits for the first and is told that it has moved on.
    created = desk.created()
    both_have_read = threading.Barrier(2)

    class Meeting(Sealer):
        def __init__(self) -> None:
            self._keyset = desk.register.sealer._keyset

        def seal(self, table: str, row_id: bytes, version: int, message: bytes) -> bytes:
            if table == store.REQUESTS:
                both_have_read.wait(timeout=10)
            return super().seal(table, row_id, version, message)

    desk.service._sealer = Meeting()

    def approve(number: int) -> str:
        try:
            desk.approve(created.access_request_id, created.etag, acting=officer("punjab-prosecution", number))
        except errors.EtagMismatch:
            return "moved on"
        return "approved"

    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(approve, (1, 2))) == ["approved", "moved on"]
    with database.transaction() as conn:
        assert conn.execute("SELECT count(*) FROM access_grant").fetchone() == (1,)


def test_past_its_deadline_a_request_may_still_be_decided_and_the_entry_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store.now
    monkeypatch.setattr(store, "now", lambda conn: real(conn) - dt.timedelta(hours=49))
    created = desk.created()
    desk.approve(created.access_request_id, created.etag)
    assert desk.decision.detail.outcome == "APPROVED_LATE"


def test_every_sealed_row_is_handed_to_the_ledger(desk: Desk) -> None:
    created = desk.created()
    desk.approve(created.access_request_id, created.etag)
    with desk.register.database.transaction() as conn:
        stored = conn.execute(
            "SELECT 'access_request_version', access_request_id, version, sha256(sealed) FROM access_request_version"
            " UNION ALL SELECT 'access_grant', grant_id, 1, sha256(sealed) FROM access_grant"
        ).fetchall()
    handed = [(ref.table, uuid.UUID(bytes=ref.row_id), ref.version, ref.sha256) for ref in desk.records]
    assert sorted(handed) == sorted(stored)
    assert len(handed) == 3


@pytest.mark.parametrize(
    "change", ["state = 2", "district = 'PK-PB/MUL'", "agency_id = 'sindh-police'", "sealed = 'x'"]
)
def test_a_request_whose_columns_were_changed_is_an_alarm_and_no_answer(
    desk: Desk, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    created = desk.created()
    with desk.register.database.owner() as owner:
        owner.execute(f"UPDATE access_request_version SET {change}".encode())  # noqa: S608
    agency = "sindh-police" if "sindh" in change else "punjab-prosecution" if "MUL" in change else "punjab-police"
    with pytest.raises(errors.Internal):
        desk.get(created.access_request_id, agency)
    assert "ALERT" in caplog.text


def test_a_version_is_written_once(desk: Desk) -> None:
    created = desk.created()
    with pytest.raises(psycopg.errors.UniqueViolation), desk.register.database.owner() as owner:
        owner.execute("INSERT INTO access_request_version SELECT * FROM access_request_version")
    assert desk.get(created.access_request_id).etag == created.etag
