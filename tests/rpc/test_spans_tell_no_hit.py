"""What a call has found isn't to be told by its spans: not by their tree, their attributes, their times or their sizes.

Each kind of look-up is made of somebody whom it shows and of people whom it doesn't, for each reason that there is; the
spans of all of them, as they were sent to a collector, must be one and the same but for ids and times.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc
import psycopg
import pytest
from google.protobuf.message import Message
from google.type import date_pb2
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import (
    access_requests_pb2,
    emergencies_pb2,
    lookup_pb2,
    options_pb2,
    oversight_pb2,
    registration_pb2,
    screening_pb2,
    search_pb2,
    types_pb2,
)
from nsor_server.calls import Outcome
from nsor_server.registration import claims
from nsor_server.registration import store as registrations
from nsor_server.storage import changes
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import DataKey, Sealer
from nsor_server.storage.session import BEGIN, COMMIT, Session
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.rounding import SECOND_NS, STEPS_NS
from tests import ample_budgets, span_collector
from tests.access.requests import application
from tests.bench import people, unshown
from tests.bench.seed import confirmed
from tests.bench.unshown import Kind
from tests.orders import Created, confirmation, day, order
from tests.polling import until
from tests.rpc.callers import Answered, Caller, Serve, Serving, decision, exchange
from tests.rpc.test_screening import SCREEN, declared

pytestmark = pytest.mark.usefixtures("search_index")

LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
SEARCH = "nsor.v1.LookupService/SearchRegistrations"
OPEN = "nsor.v1.LookupService/OpenEmergencyLookUp"
REVIEW = "nsor.v1.LookupService/ReviewEmergencyLookUp"
IN_EMERGENCY = "nsor.v1.LookupService/LookUpInEmergency"
CREATE = "nsor.v1.RegistrationService/CreateRegistration"
CONFIRM = "nsor.v1.RegistrationService/ConfirmRegistration"
CREATE_REQUEST = "nsor.v1.LookupService/CreateAccessRequest"
LIST_REQUESTS = "nsor.v1.LookupService/ListAccessRequests"
LIST_ACCESSES = "nsor.v1.OversightService/ListAccesses"
TRIES = 6
"""How often a call is made, so that one of its batches holds nothing else."""
BORN = date_pb2.Date(year=1989, month=10, day=14)
FIR = types_pb2.FirKey(police_station=people.STATION, year=2024, serial=70_001, fir_date=day(2024, 3, 5))
NOBODY_S_FIR = types_pb2.FirKey(police_station=people.STATION, year=2024, serial=70_002, fir_date=FIR.fir_date)
BORDER = lookup_pb2.LookUpBasis(travel_document=types_pb2.TravelDocument(country="PK", number="AB1234567"))
NAME = types_pb2.SearchedName(name="Anwar Khan", relative_name="Karim Bakhsh", relation=types_pb2.RELATION_SON_OF)


@dataclass(frozen=True)
class Person:
    """Somebody who stands in the register.

    Attributes:
        key: of the registration.
        record: the newest version.
        passport: the number of his passport, of Germany.
    """

    key: DataKey
    record: record_pb2.RegistrationRecord
    passport: str


def standing(session: Session, sealer: Sealer, blind_index: BlindIndex, serial: int) -> Person:
    """Write somebody who was convicted by ``FIR``, and whom nothing hides."""
    record = confirmed(next(people.punjab_orders(17, people.FIRST, 1)))
    record.registration_id = uuid.uuid4().bytes
    record.cnic = people.registered_cnic(800_000 + serial)
    document = record.documents.add()
    document.country, document.number = "DE", f"C{serial:08d}"
    document.kind = types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT
    for each in record.convictions:
        each.fir.police_station, each.fir.year, each.fir.serial = FIR.police_station, FIR.year, FIR.serial
    key, wrapped = sealer.new_data_key(record.registration_id)
    rows = [registrations.key_row(record.registration_id, wrapped)]
    rows.append(registrations.version_row(key, None, record, dt.datetime.now(dt.UTC)).row)
    rows += claims.claimed(blind_index, key, record, ()).rows
    session.run(BEGIN, *changes.added(rows), COMMIT)
    return Person(key, record, document.number)


@dataclass(frozen=True)
class Watched:
    """A register whose spans go to a collector, and the people whom it holds."""

    serving: Serving
    kept: list[bytes]
    sealer: Sealer
    people: Sequence[Person]

    def seals(self, person: Person) -> None:
        """Nobody is shown the person from now on."""
        sealed = record_pb2.RegistrationRecord()
        sealed.CopyFrom(person.record)
        sealed.version += 1
        sealed.state = registration_pb2.REGISTRATION_STATE_SEALED
        for each in sealed.convictions:
            each.state = types_pb2.CONVICTION_STATE_SET_ASIDE
        row = registrations.version_row(person.key, person.record, sealed, dt.datetime.now(dt.UTC)).row
        url = self.serving.database.url_owner
        assert url is not None
        with psycopg.connect(url) as connection:
            Session(connection).run(BEGIN, *changes.added([row]), COMMIT)

    def shape(self, call: Callable[[], bytes]) -> object:
        """What the spans of a call are but for ids and times, sizes and all; of one that is alone in its batch.

        ``call`` gives the access id.
        """
        for _ in range(TRIES):
            access_id = str(uuid.UUID(bytes=call()))
            trace = until(lambda access_id=access_id: self._whole(access_id), seconds=60)  # type: ignore[misc]
            commits = [each for each in trace if each.name == "ledger.commit"]
            if all(span_collector.attributes(each)["nsor.batch_size"] == 1 for each in commits):
                return sorted(map(repr, map(shape_of, trace, [trace] * len(trace))))
        raise AssertionError("each time something else was recorded with the call")

    def _whole(self, access_id: str) -> list[Span]:
        """The spans of the trace of an access, once its own and its commit's are there."""
        found = span_collector.spans(list(self.kept))
        own = [each for each in found if span_collector.attributes(each).get("nsor.access_id") == access_id]
        if not own or not any(each.parent_span_id == own[0].span_id for each in found):
            return []
        root = own[0]
        # A message of a stream hangs below the stream, which is as long as its caller wants.
        return [each for each in found if root.span_id in {each.span_id, each.parent_span_id}]


def shape_of(span: Span, trace: Sequence[Span]) -> Mapping[str, object]:
    """All of a span that may not depend on what was found."""
    of = span_collector.attributes(span)
    assert span.end_time_unix_nano - span.start_time_unix_nano in STEPS_NS
    assert not span.events
    return {
        "name": span.name,
        "kind": span.kind,
        "parent": [each.name for each in trace if each.span_id == span.parent_span_id],
        "attributes": [
            (name, "" if name == "nsor.access_id" or name.endswith("_seconds") else value) for name, value in of.items()
        ],
        "status": (span.status.code, span.status.message),
        "links": len(span.links),
        "bytes": span.ByteSize(),
    }


@pytest.fixture
def watched(
    serve: Serve,
    database: Database,
    keyring: Keyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Watched]:
    url = database.url_owner
    assert url is not None
    unshown.write(url, keyring, each=2)
    sealer, blind_index = Sealer(keyring), BlindIndex(keyring)
    with psycopg.connect(url) as connection:
        found = [standing(Session(connection), sealer, blind_index, serial) for serial in range(2)]
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    with span_collector.collector() as (endpoint, kept):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        with serve(environ, policy_dir=ample_budgets.written(tmp_path / "policy")) as serving:
            yield Watched(serving, kept, sealer, found)


def access_of(answer: Answered) -> bytes:
    assert answer.code is grpc.StatusCode.OK, answer.reason
    return answer.leaf.access_id


def one_shape(watched: Watched, calls: Mapping[str, Callable[[], bytes]]) -> None:
    """See that the spans of all these calls are alike."""
    shapes = {name: watched.shape(call) for name, call in calls.items()}
    first = next(iter(shapes))
    for name, shape in shapes.items():
        assert shape == shapes[first], f"{name} isn't like {first}"


def look_up(
    caller: Caller,
    purpose: options_pb2.Purpose.ValueType,
    basis: lookup_pb2.LookUpBasis,
    outcome: int,
    **whom: object,
) -> Callable[[], bytes]:
    """A look-up that is answered so."""

    def call() -> bytes:
        request = lookup_pb2.LookUpRegistrationRequest(
            request_id=str(uuid.uuid4()),
            purpose=purpose,
            basis=basis,
            **whom,  # type: ignore[arg-type]  # a field
        )
        answer = caller.call(LOOK_UP, request)
        access_id = access_of(answer)
        assert lookup_pb2.LookUpRegistrationResponse.FromString(answer.message).outcome == outcome, whom
        return access_id

    return call


def signed(caller: Caller, method: str, request: Message) -> Answered:
    """A call that its officer has signed."""
    nonce = os.urandom(32)
    assert caller.officer is not None
    signature = decision(caller.officer, method, nonce, request.SerializeToString())
    answer = caller.call(method, request, nonce=nonce, nsor_decision_bin=signature)
    assert answer.code is grpc.StatusCode.OK, answer.reason
    return answer


def registered(serving: Serving) -> str:
    """Have somebody registered by those who do that; gives his number."""
    entering, made = serving.caller("punjab-prosecution", officer=True), order()
    entered = registration_pb2.CreateRegistrationResponse.FromString(signed(entering, CREATE, made).message)
    created = Created(entered.registration_id, entered.etag, Outcome(entered, record_pb2.AccessDetail()))
    signed(serving.caller("lahore-special-court", officer=True), CONFIRM, confirmation(created))
    return made.person.cnic


FOUND, NO_RECORD = lookup_pb2.LOOK_UP_OUTCOME_FOUND, lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD


def look_ups_by_each_identifier(watched: Watched) -> None:
    serving = watched.serving
    border = serving.caller("fia-immigration", officer=True)
    purpose = options_pb2.PURPOSE_BORDER_CONTROL
    person = watched.people[0]
    hidden = (Kind.ABSENT, Kind.UNCONFIRMED, Kind.SEALED, Kind.HELD, Kind.JUVENILE)
    calls = {"found": look_up(border, purpose, BORDER, FOUND, cnic=person.record.cnic)}
    calls |= {kind.value: look_up(border, purpose, BORDER, NO_RECORD, cnic=unshown.cnics(kind)[0]) for kind in hidden}
    one_shape(watched, calls)
    passports = {"found": person.passport, "absent": "C99999999"}
    one_shape(
        watched,
        {
            name: look_up(
                border,
                purpose,
                BORDER,
                FOUND if name == "found" else NO_RECORD,
                document=types_pb2.TravelDocument(
                    country="DE", number=number, kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT
                ),
            )
            for name, number in passports.items()
        },
    )
    prisons = serving.caller("punjab-prisons", officer=True)
    prosecution = serving.caller("punjab-prosecution", officer=True)
    of_fir = lookup_pb2.LookUpBasis(fir=FIR)
    custody = lookup_pb2.LookUpBasis(prisoner_number="P-1/2024")
    one_shape(
        watched,
        {
            kind.value: look_up(prisons, options_pb2.PURPOSE_CUSTODY, custody, NO_RECORD, cnic=unshown.cnics(kind)[0])
            for kind in (Kind.ABSENT, Kind.ELSEWHERE)
        },
    )
    trial = options_pb2.PURPOSE_PROSECUTION
    one_shape(
        watched,
        {
            "found": look_up(prosecution, trial, of_fir, FOUND, cnic=person.record.cnic),
            "absent": look_up(prosecution, trial, of_fir, NO_RECORD, cnic=unshown.cnics(Kind.ABSENT)[0]),
            "of another FIR": look_up(prosecution, trial, of_fir, NO_RECORD, cnic=unshown.cnics(Kind.OTHER_FIR)[0]),
        },
    )


def searches_and_look_ups_of_candidates(watched: Watched) -> None:
    prosecution = watched.serving.caller("punjab-prosecution", officer=True)
    shown: list[str] = []

    def search(fir: types_pb2.FirKey, *, finds: bool) -> Callable[[], bytes]:
        def call() -> bytes:
            request = search_pb2.SearchRegistrationsRequest(basis=search_pb2.SearchBasis(fir=fir), name=NAME)
            answer = prosecution.call(SEARCH, request)
            access_id = access_of(answer)
            candidates = search_pb2.SearchRegistrationsResponse.FromString(answer.message).candidates
            assert len(candidates) == (2 if finds else 0)
            shown[:] = [each.candidate_id for each in candidates] or shown
            return access_id

        return call

    ready = search_pb2.SearchRegistrationsRequest(basis=search_pb2.SearchBasis(fir=FIR), name=NAME)
    until(lambda: prosecution.call(SEARCH, ready).code is grpc.StatusCode.OK, seconds=120)
    one_shape(watched, {"found": search(FIR, finds=True), "nobody's": search(NOBODY_S_FIR, finds=False)})
    purpose, basis = options_pb2.PURPOSE_PROSECUTION, lookup_pb2.LookUpBasis(fir=FIR)
    found = {each: watched.shape(look_up(prosecution, purpose, basis, FOUND, candidate_id=each)) for each in shown}
    for person in watched.people:
        watched.seals(person)
    hidden = {each: watched.shape(look_up(prosecution, purpose, basis, NO_RECORD, candidate_id=each)) for each in shown}
    assert len({repr(shape) for shape in (*found.values(), *hidden.values())}) == 1


def look_ups_in_an_emergency(watched: Watched) -> None:
    police = watched.serving.caller("punjab-police", officer=True)
    npb = watched.serving.caller("npb", officer=True)
    of_kind = {kind.value: unshown.cnics(kind)[0] for kind in (Kind.ABSENT, Kind.SEALED, Kind.HELD, Kind.JUVENILE)}
    calls = {}
    for name, cnic in {"found": registered(watched.serving), **of_kind}.items():
        request = emergencies_pb2.OpenEmergencyLookUpRequest(
            request_id=str(uuid.uuid4()),
            cnic=cnic,
            harm=emergencies_pb2.IMMINENT_HARM_CHILD_TAKEN,
            station=people.STATION,
        )
        opened = emergencies_pb2.OpenEmergencyLookUpResponse.FromString(signed(police, OPEN, request).message)
        review = emergencies_pb2.ReviewEmergencyLookUpRequest(
            request_id=str(uuid.uuid4()),
            emergency_id=opened.emergency_id,
            finding=emergencies_pb2.EMERGENCY_FINDING_JUSTIFIED,
        )
        signed(npb, REVIEW, review)

        def call(emergency_id: str = opened.emergency_id, cnic: str = cnic, *, finds: bool = name == "found") -> bytes:
            reading = emergencies_pb2.LookUpInEmergencyRequest(emergency_id=emergency_id, cnic=cnic)
            answer = police.call(IN_EMERGENCY, reading)
            access_id = access_of(answer)
            outcome = emergencies_pb2.LookUpInEmergencyResponse.FromString(answer.message).outcome
            assert (outcome == emergencies_pb2.EMERGENCY_OUTCOME_FOUND) == finds
            return access_id

        calls[name] = call
    one_shape(watched, calls)


def rows_of_a_manifest(watched: Watched) -> None:
    border = watched.serving.caller("fia-immigration", officer=True)
    of_kind = {kind.value: unshown.cnics(kind)[0] for kind in (Kind.ABSENT, Kind.SEALED, Kind.HELD, Kind.JUVENILE)}
    calls, numbers = {}, itertools.count(301)
    for name, cnic in {"found": watched.people[0].record.cnic, **of_kind}.items():

        def call(cnic: str = cnic, *, finds: bool = name == "found") -> bytes:
            manifest = declared(border, persons=1, number=next(numbers))
            row = screening_pb2.ManifestRow(row=1, identity_number=cnic, birth_date=BORN)
            done = exchange(border, SCREEN, [screening_pb2.ScreenManifestRequest(manifest_id=manifest, rows=[row])])
            assert done.ended.code is grpc.StatusCode.OK, done.ended.reason
            message = screening_pb2.ScreenManifestResponse.FromString(done.answers[0])
            assert (message.rows[0].outcome == screening_pb2.SCREENING_OUTCOME_FOUND) == finds
            return leaf_pb2.Leaf.FromString(message.receipt.leaf).access_id

        calls[name] = call
    one_shape(watched, calls)


def lists_of_accesses_and_of_requests(watched: Watched) -> None:
    police = watched.serving.caller("punjab-police", officer=True)

    def requests_of(state: access_requests_pb2.AccessRequestState.ValueType, count: int) -> Callable[[], bytes]:
        def call() -> bytes:
            answer = police.call(LIST_REQUESTS, access_requests_pb2.ListAccessRequestsRequest(state=state))
            access_id = access_of(answer)
            found = access_requests_pb2.ListAccessRequestsResponse.FromString(answer.message).items
            assert len(found) == count
            return access_id

        return call

    access_of(police.call(CREATE_REQUEST, application()))
    one_shape(
        watched,
        {
            "some": requests_of(access_requests_pb2.ACCESS_REQUEST_STATE_PENDING, 1),
            "none": requests_of(access_requests_pb2.ACCESS_REQUEST_STATE_APPROVED, 0),
        },
    )

    def accesses_of(caller: Caller, agency: str, method: str, *, finds: bool) -> Callable[[], bytes]:
        def call() -> bytes:
            request = oversight_pb2.ListAccessesRequest(agency_id=agency, method=method)
            answer = caller.call(LIST_ACCESSES, request)
            access_id = access_of(answer)
            found = oversight_pb2.ListAccessesResponse.FromString(answer.message).accesses
            assert bool(found) == finds
            return access_id

        return call

    one_shape(
        watched,
        {
            "some": accesses_of(police, "punjab-police", CREATE_REQUEST, finds=True),
            "none": accesses_of(police, "punjab-police", LOOK_UP, finds=False),
        },
    )


def test_a_call_that_found_has_the_spans_of_one_that_did_not(watched: Watched) -> None:
    # One register for all of them: it takes longer to start than they take. The last one seals whom the others find.
    look_ups_by_each_identifier(watched)
    look_ups_in_an_emergency(watched)
    rows_of_a_manifest(watched)
    lists_of_accesses_and_of_requests(watched)
    searches_and_look_ups_of_candidates(watched)
    streams = [each for each in span_collector.spans(list(watched.kept)) if each.name == SCREEN]
    lasted = {each.end_time_unix_nano - each.start_time_unix_nano for each in streams}
    # Each had one message, so that the whole took as long as that.
    assert streams[4:]
    assert all(each % SECOND_NS == 0 for each in lasted), lasted
