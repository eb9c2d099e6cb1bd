import uuid

import pytest
from google.protobuf.message import Message

from nsor.v1 import emergencies_pb2, lookup_pb2, search_pb2
from nsor_server.calls import Agency, Officer
from nsor_server.lookup.search import rules
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from tests.agencies import NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, officer_of
from tests.bench import emergencies, unshown
from tests.budgets import unlimited
from tests.calls import call_of
from tests.lookup.conftest import Register, make_call
from tests.lookup.test_look_up import NO_RECORD, answer
from tests.services import Services


def test_everybody_of_whom_the_time_is_measured_is_no_record(database: Database, keyring: Keyring) -> None:
    # A kind that is shown, or that the statement doesn't come to see, would be measured for nothing.
    register, url = Register(database, Sealer(keyring), BlindIndex(keyring)), database.url_owner
    assert url is not None
    unshown.write(url, keyring, each=2)
    with register.database.reading() as conn:
        ((written,),) = conn.execute("SELECT count(DISTINCT registration_id) FROM registration_version").fetchall()
    assert written == 2 * sum(not kind.is_absent for kind in unshown.Kind)
    for asked in unshown.pairs():
        call = make_call(asked.agency, asked.purpose)
        for kind in (asked.first, asked.second):
            request = lookup_pb2.LookUpRegistrationRequest.FromString(unshown.requests(asked, kind)[0])
            request.request_id = str(uuid.uuid4())
            (decided,) = register.decide(register.decider.prepare(call, request))
            assert answer(decided).SerializeToString() == NO_RECORD, (asked.name, kind)


def test_a_search_meets_whom_it_is_measured_for_and_shows_nobody(database: Database, keyring: Keyring) -> None:
    url = database.url_owner
    assert url is not None
    unshown.write(url, keyring, each=2)
    with Services(database, keyring) as services:
        while services.names.work():
            pass
        for kind, met in ((unshown.Kind.ABSENT, 0), (unshown.Kind.HIDDEN, 1)):
            for body in unshown.searches(kind)[:2]:
                request = search_pb2.SearchRegistrationsRequest.FromString(body)
                outcome = services.ask(call_of(PUNJAB_PROSECUTION), request)
                assert (list(outcome.response.candidates), outcome.response.others) == ([], 0)
                assert len(outcome.detail.searched.of_case) == met * rules.END_BYTES


def test_an_emergency_look_up_that_is_measured_is_open_and_shows_nobody(
    database: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database.url_owner
    assert url is not None
    unshown.write(url, keyring, each=2)
    monkeypatch.setattr(emergencies, "OF_A_KIND", 2)
    with Services(database, keyring) as services:
        services.policy = unlimited()
        officer, reviewer = (services.enrolled(officer_of(agency)) for agency in (PUNJAB_POLICE, NPB))

        def asking(agency: Agency, acting: Officer, of: type[Message]) -> emergencies.Ask:
            def ask(body: bytes) -> bytes:
                request = of.FromString(body + b"\x0a\x24" + str(uuid.uuid4()).encode())
                answer: bytes = services.ask(call_of(agency, acting), request).response.SerializeToString()
                return answer

            return ask

        opening = asking(PUNJAB_POLICE, officer, emergencies_pb2.OpenEmergencyLookUpRequest)
        reviewing = asking(NPB, reviewer, emergencies_pb2.ReviewEmergencyLookUpRequest)
        for kind in (unshown.Kind.ABSENT, unshown.Kind.SEALED, unshown.Kind.HELD, unshown.Kind.JUVENILE):
            for body in emergencies.requests(opening, reviewing, kind):
                reading = emergencies_pb2.LookUpInEmergencyRequest.FromString(body)
                answer = services.ask(call_of(PUNJAB_POLICE, officer), reading).response
                assert answer.outcome == emergencies_pb2.EMERGENCY_OUTCOME_NO_RECORD, kind
