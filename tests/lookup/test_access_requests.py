import concurrent.futures
import datetime as dt
import uuid
from typing import Any

import psycopg
import pytest
from google.protobuf.message import Message

from nsor.v1 import access_requests_pb2, errors_pb2, grants_pb2, lookup_pb2, notification_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.access.decisions import Compared
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.calls import Officer, Outcome, RecordRef
from nsor_server.lookup.grants import store
from nsor_server.lookup.requests.service import AccessRequests as Deciding
from nsor_server.storage.sealing import Sealer
from tests import deciding
from tests.agencies import narrowed
from tests.calls import call_of
from tests.lookup.conftest import (
    AGENCIES,
    KNOWN,
    UNKNOWN,
    Register,
    conviction_record,
    fir_key,
    make_call,
    officer,
    request_of,
)
from tests.services import Services


def application(**changes: object) -> access_requests_pb2.CreateAccessRequestRequest:
    request = access_requests_pb2.CreateAccessRequestRequest(
        request_id=str(uuid.uuid4()),
        fir=fir_key(),
        suspects=[grants_pb2.Suspect(cnic=cnic, name=types_pb2.SearchedName(name="Test")) for cnic in (KNOWN, UNKNOWN)],
        annexure_a=access_requests_pb2.AnnexureA(
            officer_grade=17,
            posting="PK-PB/LHR",
            offence_codes=["PPC-376", "PPC-34"],
            stage=access_requests_pb2.INVESTIGATION_STAGE_ARREST_MADE,
            ground=access_requests_pb2.ACCESS_GROUND_IDENTITY,
            fir_copy_number="FC-1",
            application_number="APP-1",
        ),
    )
    day = request.annexure_a.application_date
    day.year, day.month, day.day = 2025, 9, 3
    for name, value in changes.items():
        setattr(request, name, value)
    return request


class AccessRequests:
    """What agencies do with access requests."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.records: list[RecordRef] = []

    def ask(self, agency: str, request: Message, acting: Officer | None = None) -> Outcome[Any]:
        outcome = self.services.ask(call_of(AGENCIES[agency], acting or officer(agency)), request)
        self.records.extend(outcome.records)
        return outcome

    def create(
        self, request: access_requests_pb2.CreateAccessRequestRequest | None = None, acting: Officer | None = None
    ) -> Outcome[Any]:
        return self.ask("punjab-police", request or application(), acting)

    def created(self) -> access_requests_pb2.CreateAccessRequestResponse:
        response = self.create().response
        assert isinstance(response, access_requests_pb2.CreateAccessRequestResponse)
        return response

    def approve(
        self, request_id: str, etag: str, agency: str = "punjab-prosecution", acting: Officer | None = None
    ) -> Outcome[Any]:
        return self.ask(agency, approval(request_id, etag), acting)

    def send_back(
        self, request_id: str, etag: str, *reasons: access_requests_pb2.ReturnReason.ValueType
    ) -> Outcome[Any]:
        request = access_requests_pb2.ReturnAccessRequestRequest(
            request_id=str(uuid.uuid4()), access_request_id=request_id, etag=etag, reasons=reasons
        )
        return self.ask("punjab-prosecution", request)

    def get(
        self, request_id: str, agency: str = "punjab-police", acting: Officer | None = None
    ) -> access_requests_pb2.AccessRequest:
        response = self.ask(
            agency, access_requests_pb2.GetAccessRequestRequest(access_request_id=request_id), acting
        ).response
        assert isinstance(response, access_requests_pb2.GetAccessRequestResponse)
        return response.access_request

    def events(self) -> list[tuple[object, ...]]:
        with self.services.database.reading() as conn:
            return conn.execute("SELECT recipient, kind, access_request_id FROM outbox ORDER BY created_at").fetchall()


def approval(request_id: str, etag: str) -> access_requests_pb2.ApproveAccessRequestRequest:
    return access_requests_pb2.ApproveAccessRequestRequest(
        request_id=str(uuid.uuid4()), access_request_id=request_id, etag=etag
    )


@pytest.fixture
def requests(services: Services) -> AccessRequests:
    return AccessRequests(services)


def test_a_request_is_shown_to_its_agency_and_to_the_districts_prosecution(requests: AccessRequests) -> None:
    created = requests.created()
    assert created.decision_deadline.due_time.seconds - created.decision_deadline.start_time.seconds == 48 * 3600
    assert not created.decision_deadline.verified
    for agency in ("punjab-police", "punjab-prosecution"):
        shown = requests.get(created.access_request_id, agency)
        assert shown.state == access_requests_pb2.ACCESS_REQUEST_STATE_PENDING
        assert shown.etag == created.etag
        assert shown.fir == fir_key()
        assert [suspect.cnic for suspect in shown.suspects] == [KNOWN, UNKNOWN]
        assert shown.annexure_a == application().annexure_a
        assert shown.decision_deadline == created.decision_deadline


def test_to_everybody_else_a_request_does_not_exist(requests: AccessRequests) -> None:
    # Absent, another agency's and outside the jurisdiction are one answer.
    known = requests.created().access_request_id
    narrow = officer("punjab-prosecution", jurisdiction=("PK-PB/MUL",))
    for request_id, agency, acting in [
        (str(uuid.uuid4()), "punjab-police", None),
        (known, "sindh-police", None),
        (known, "sindh-prosecution", None),
        (known, "punjab-prosecution", narrow),
        (known, "punjab-police", officer("punjab-police", jurisdiction=("PK-PB/MUL",))),
    ]:
        with pytest.raises(errors.NoRecord):
            requests.get(request_id, agency, acting)


def test_validate_only_says_what_would_be_and_writes_nothing(requests: AccessRequests) -> None:
    outcome = requests.create(application(validate_only=True))
    assert isinstance(outcome.response, access_requests_pb2.CreateAccessRequestResponse)
    assert not outcome.response.access_request_id
    assert outcome.response.HasField("decision_deadline")
    assert outcome.records == ()
    assert requests.events() == []


def test_the_fir_lies_within_the_agencys_and_the_officers_jurisdiction(requests: AccessRequests) -> None:
    far = application()
    far.fir.police_station = "PK-SD/KHI/PS-001"
    for request, acting in [(far, None), (application(), officer("punjab-police", jurisdiction=("PK-PB/MUL",)))]:
        with pytest.raises(errors.Denied) as refused:
            requests.create(request, acting)
        assert refused.value.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION


@pytest.mark.parametrize("codes", [["PPC-34"], ["PPC-365", "PPC-511"]])
def test_the_register_opens_for_firs_under_the_act_only(requests: AccessRequests, codes: list[str]) -> None:
    request = application()
    request.annexure_a.offence_codes[:] = codes
    with pytest.raises(errors.InvalidFields) as refused:
        requests.create(request)
    assert refused.value.reason == errors_pb2.ERROR_REASON_OFFENCE_NOT_REGISTRABLE


def test_wrong_applications_name_the_field_and_no_value(requests: AccessRequests) -> None:
    twice = application()
    twice.suspects.add().CopyFrom(twice.suspects[0])
    early = application()
    early.annexure_a.application_date.day = 1
    for request, violation in [
        (twice, errors.Violation("suspects[2]", errors_pb2.FIELD_REASON_DUPLICATE)),
        (early, errors.Violation("annexure_a.application_date", errors_pb2.FIELD_REASON_DATE_ORDER)),
    ]:
        with pytest.raises(errors.InvalidFields) as refused:
            requests.create(request)
        assert refused.value.violations == (violation,)
        assert KNOWN not in str(refused.value)


def test_an_approval_grants_what_was_asked_to_who_asked(requests: AccessRequests, sealer: Sealer) -> None:
    created = requests.created()
    outcome = requests.approve(created.access_request_id, created.etag)
    approved = outcome.response
    assert approved.etag != created.etag
    assert approved.grant.uses_per_subject == 1
    assert approved.grant.expiry.rule_id == "grant-expiry"
    assert not approved.grant.expiry.verified
    with requests.services.database.reading() as conn:
        grant = store.grant(conn, sealer, uuid.UUID(approved.grant.grant_id).bytes).record
    asking = officer("punjab-police")
    assert (grant.agency, grant.officer_key, list(grant.named)) == (
        "punjab-police",
        asking.key_id,
        [f"cnic {KNOWN}", f"cnic {UNKNOWN}"],
    )
    assert (grant.fir.police_station, grant.fir.serial) == ("PK-PB/LHR/PS-001", 679)
    assert requests.get(created.access_request_id).grant == approved.grant
    assert outcome.detail.outcome == "APPROVED"


def test_a_granted_look_up_answers_from_the_request_to_the_record(requests: AccessRequests, register: Register) -> None:
    register.add(conviction_record())
    created = requests.created()
    approved = requests.approve(created.access_request_id, created.etag).response
    call = make_call("punjab-police")
    basis = lookup_pb2.LookUpBasis(grant_id=approved.grant.grant_id)
    outcome = requests.services.ask(call, request_of(call, basis))
    assert outcome.response.registration.person.cnic == KNOWN


def test_a_return_gives_its_reasons(requests: AccessRequests) -> None:
    created = requests.created()
    reason = access_requests_pb2.RETURN_REASON_RATIONALE_LACKING
    outcome = requests.send_back(created.access_request_id, created.etag, reason)
    assert outcome.detail.outcome == "RETURNED"
    shown = requests.get(created.access_request_id)
    assert shown.state == access_requests_pb2.ACCESS_REQUEST_STATE_RETURNED
    assert list(shown.return_reasons) == [reason]
    assert not shown.HasField("grant")
    with pytest.raises(errors.InvalidFields):
        requests.send_back(created.access_request_id, shown.etag, reason, reason)


def test_the_police_of_the_district_have_the_copy_where_it_has_its_own(requests: AccessRequests) -> None:
    services = requests.services
    with services.database.owner() as owner:
        for agency_id, place in (("lahore-police", "PK-PB/LHR"), ("multan-police", "PK-PB/MUL")):
            values = agency_id, options_pb2.AGENCY_KIND_POLICE, [place]
            owner.execute("INSERT INTO agency VALUES (%s, %s, 'P', 'P', %s)", values)
        deciding.record(owner, services.keyring)
    services.directory.reload()
    requests.created()
    told = services.owed(notification_pb2.EVENT_KIND_ACCESS_REQUESTED)
    assert told == ["lahore-police", "punjab-police", "punjab-prosecution"]


def test_prosecution_and_requester_are_told(requests: AccessRequests) -> None:
    first, second = requests.created(), requests.created()
    requests.approve(first.access_request_id, first.etag)
    requests.send_back(second.access_request_id, second.etag, access_requests_pb2.RETURN_REASON_PERSON_UNRELATED)
    one, two = uuid.UUID(first.access_request_id), uuid.UUID(second.access_request_id)
    # The agency's own copy is the District Police Officer's, and NPB hears of every grant.
    assert sorted(requests.events()) == sorted(
        [
            *(("punjab-prosecution", notification_pb2.EVENT_KIND_ACCESS_REQUESTED, each) for each in (one, two)),
            *(("punjab-police", notification_pb2.EVENT_KIND_ACCESS_REQUESTED, each) for each in (one, two)),
            ("punjab-police", notification_pb2.EVENT_KIND_ACCESS_APPROVED, one),
            ("npb", notification_pb2.EVENT_KIND_ACCESS_APPROVED, one),
            ("punjab-police", notification_pb2.EVENT_KIND_ACCESS_RETURNED, two),
        ]
    )
    shown = requests.get(first.access_request_id)
    with requests.services.database.owner() as owner:
        # Who may use the grant hears its id, and nobody else does.
        granted = owner.execute(
            "SELECT recipient, grant_id FROM outbox WHERE kind = %s ORDER BY 1",
            (notification_pb2.EVENT_KIND_ACCESS_APPROVED,),
        ).fetchall()
        places = owner.execute(
            "SELECT DISTINCT recipient, places FROM outbox WHERE kind = %s ORDER BY 1",
            (notification_pb2.EVENT_KIND_ACCESS_REQUESTED,),
        ).fetchall()
    assert granted == [("npb", None), ("punjab-police", uuid.UUID(shown.grant.grant_id))]
    assert places == [("punjab-police", ["PK-PB/LHR"]), ("punjab-prosecution", ["PK-PB/LHR"])]


def test_only_the_districts_prosecution_decides(requests: AccessRequests) -> None:
    created = requests.created()
    with pytest.raises(errors.NoRecord):
        requests.approve(created.access_request_id, created.etag, "sindh-prosecution")
    narrow = officer("punjab-prosecution", jurisdiction=("PK-PB/MUL",))
    with pytest.raises(errors.NoRecord):
        requests.approve(created.access_request_id, created.etag, acting=narrow)


def test_nobody_decides_on_his_own_request(requests: AccessRequests) -> None:
    # Neither with the asking officer's key at the prosecution, nor with another key at the asking agency. The contract
    # lets no agency ask and decide; were it to, the law would still hold.
    created = requests.created()
    with pytest.raises(errors.Denied) as same_key:
        requests.approve(created.access_request_id, created.etag, acting=officer("punjab-police"))
    assert same_key.value.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    with pytest.raises(errors.Denied) as police:
        requests.approve(created.access_request_id, created.etag, "punjab-police", officer("punjab-police", 2))
    assert police.value.reason == errors_pb2.ERROR_REASON_NOT_ALLOWED
    call = call_of(AGENCIES["punjab-police"], officer("punjab-police", 2))
    call.rows = options_pb2.ROW_SCOPE_JURISDICTION
    call.directory, call.compared = requests.services.snapshot(), Compared()
    call.route = requests.services.methods["nsor.v1.LookupService/ApproveAccessRequest"]
    deciding = Deciding(requests.services.sealer, requests.services.blind_index)
    with requests.services.database.reading() as conn, pytest.raises(errors.Denied) as same_agency:
        deciding.approve_access_request(call, approval(created.access_request_id, created.etag), conn)
    assert same_agency.value.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED


def test_a_request_is_decided_once(requests: AccessRequests) -> None:
    created = requests.created()
    approved = requests.approve(created.access_request_id, created.etag).response
    with pytest.raises(errors.EtagMismatch):
        requests.approve(created.access_request_id, created.etag)
    with pytest.raises(errors.WrongState):
        requests.send_back(created.access_request_id, approved.etag, access_requests_pb2.RETURN_REASON_PERSON_UNRELATED)


@pytest.mark.parametrize("together", [True, False])
def test_of_two_decisions_at_once_one_counts(requests: AccessRequests, *, together: bool) -> None:
    # Both have read the pending request before either is written; the second reads again and is told that it moved on.
    created = requests.created()
    both = [
        (call_of(AGENCIES["punjab-prosecution"]), approval(created.access_request_id, created.etag)) for _ in range(2)
    ]
    first, second = requests.services.at_once(*both, together=together)
    assert isinstance(first, Outcome)
    assert isinstance(second, errors.EtagMismatch)
    assert requests.services.rows()["access_grant"] == 1


def test_of_many_decisions_at_once_one_counts(requests: AccessRequests) -> None:
    created = requests.created()

    def approve(number: int) -> str:
        try:
            requests.approve(created.access_request_id, created.etag, acting=officer("punjab-prosecution", number))
        except errors.EtagMismatch:
            return "moved on"
        return "approved"

    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(approve, range(6))) == ["approved"] + ["moved on"] * 5
    assert requests.services.rows()["access_grant"] == 1


@pytest.mark.parametrize("together", [True, False])
def test_an_application_that_is_sent_twice_at_once_is_one_request(requests: AccessRequests, *, together: bool) -> None:
    # A new request rests on nothing that is there but its request id.
    request = application()
    calls = [call_of(AGENCIES["punjab-police"], officer("punjab-police")) for _ in range(2)]
    outcomes = requests.services.at_once(*((call, request) for call in calls), together=together)
    assert [each.detail.outcome for each in outcomes if isinstance(each, Outcome)] == ["CREATED", "REPLAY"]
    assert calls[0].answer == calls[1].answer
    assert requests.services.rows()["access_request_version"] == 1


def test_nothing_is_half_written(requests: AccessRequests) -> None:
    # Whichever statement fails, no row of any table stays, nor the entry.
    services = requests.services
    police = call_of(AGENCIES["punjab-police"])
    assert services.never_half_written(police, application()) == ["access_request_version", "outbox", "idempotency"]
    created = requests.created()
    prosecution = call_of(AGENCIES["punjab-prosecution"])
    assert services.never_half_written(prosecution, approval(created.access_request_id, created.etag)) == [
        *("access_request_version", "access_grant", "outbox", "idempotency")
    ]


def test_past_its_deadline_a_request_may_still_be_decided_and_the_entry_says_so(
    requests: AccessRequests, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = DirectorySnapshot.now
    with monkeypatch.context() as earlier:
        earlier.setattr(DirectorySnapshot, "now", lambda snapshot: real(snapshot) - dt.timedelta(hours=49))
        created = requests.created()
    assert requests.approve(created.access_request_id, created.etag).detail.outcome == "APPROVED_LATE"


def test_every_sealed_row_is_handed_to_the_ledger(requests: AccessRequests) -> None:
    created = requests.created()
    requests.approve(created.access_request_id, created.etag)
    with requests.services.database.reading() as conn:
        stored = conn.execute(
            "SELECT 'access_request_version', access_request_id, version, sha256(sealed) FROM access_request_version"
            " UNION ALL SELECT 'access_grant', grant_id, 1, sha256(sealed) FROM access_grant"
        ).fetchall()
    handed = [(ref.table, uuid.UUID(bytes=ref.row_id), ref.version, ref.sha256) for ref in requests.records]
    assert sorted(handed) == sorted(stored)
    assert len(handed) == 3


@pytest.mark.parametrize("change", ["state = 2", "place = 'PK-PB/MUL'", "agency_id = 'sindh-police'", "sealed = 'x'"])
def test_a_request_whose_columns_were_changed_is_an_alarm_and_no_answer(
    requests: AccessRequests, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    created = requests.created()
    with requests.services.database.owner() as owner:
        owner.execute(f"UPDATE access_request_version SET {change}".encode())  # noqa: S608
    agency = "sindh-police" if "sindh" in change else "punjab-prosecution" if "MUL" in change else "punjab-police"
    # Wherever the row was moved to, the caller's jurisdiction contains it.
    call = call_of(narrowed(AGENCIES[agency], "PK"))
    with pytest.raises(errors.Internal):
        requests.services.ask(
            call, access_requests_pb2.GetAccessRequestRequest(access_request_id=created.access_request_id)
        )
    assert "ALERT ROW_CONTRADICTED: " in caplog.text


def test_a_version_is_written_once(requests: AccessRequests) -> None:
    created = requests.created()
    with pytest.raises(psycopg.errors.UniqueViolation), requests.services.database.owner() as owner:
        owner.execute("INSERT INTO access_request_version SELECT * FROM access_request_version")
    assert requests.get(created.access_request_id).etag == created.etag
