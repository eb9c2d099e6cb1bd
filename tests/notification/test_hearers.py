"""Whom each kind of event concerns: no other kind of agency is told, and the Committee of no record."""

import contextlib
import itertools
import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from nsor.v1 import notification_pb2, options_pb2
from nsor.v1.notification_pb2 import EventKind
from nsor_server import errors
from nsor_server.calls import Agency, Row
from nsor_server.events import cursors, deliverer, hearers, outbox
from nsor_server.rpc.handlers import Streamed
from nsor_server.storage.pool import Database
from nsor_server.storage.session import BEGIN, COMMIT, Session
from tests import deciding
from tests.agencies import AGENCIES, FIA_IMMIGRATION, NADRA, NPB, PUNJAB_POLICE, SPECIAL_COMMITTEE
from tests.calls import call_of
from tests.services import Services

pytestmark = pytest.mark.usefixtures("services")
KINDS = [number for number in EventKind.values() if number]
OF_NO_RECORD = {
    "OFFICER_BUDGET_EMPTY",
    "AGENCY_BUDGET_EMPTY",
    "KEY_ENROLLED",
    "KEY_REPLACED",
    "KEY_DISABLED",
    "FOCAL_PERSON_CHANGED",
    "CALLS_DROPPED",
    "CONSUMER_ENROLLED",
    "CONSUMER_DISABLED",
    "REGISTER_SEALED",
    "REGISTER_UNSEALED",
}


def heard_by(agency: Agency) -> set[str]:
    return {EventKind.Name(kind)[len("EVENT_KIND_") :] for kind in KINDS if hearers.concerns(kind, agency.kind)}


def owe(database: Database, rows: Sequence[Row]) -> None:
    """Owe events, as if an entry had caused them."""
    with database.owner() as owner:
        steps = deciding.owe(owner, rows)
    with contextlib.closing(database.writer()) as conn:
        Session(conn).run(BEGIN, *steps, COMMIT)


def deliver(database: Database) -> int:
    with contextlib.closing(database.writer()) as conn:
        return deliverer.deliver(Session(conn), 10_000)


def test_what_changes_of_an_agencys_own_people_concerns_every_kind_of_agency() -> None:
    # Also monitoring, which follows nothing: what were owed and never numbered would be a finding.
    kinds = set(options_pb2.AgencyKind.values()) - {options_pb2.AGENCY_KIND_UNSPECIFIED}
    assert hearers.CONCERNED[notification_pb2.EVENT_KIND_FOCAL_PERSON_CHANGED] == kinds


def forget(database: Database) -> None:
    """Take away what is never delivered: the services look for it when they end."""
    with database.owner() as owner:
        owner.execute("DELETE FROM outbox")


def test_nadra_immigration_and_the_committee_hear_what_concerns_them_alone() -> None:
    # Whatever they were shown, they are told when it is wrong; and when it was unusual that they asked.
    of_recalls = {"RECALL_ISSUED", "RECALLS_OVERDUE", "UNUSUAL_ACCESSES"}
    assert heard_by(NADRA) == OF_NO_RECORD | of_recalls
    of_journeys = {"TRAVEL_ABROAD", "TRAVEL_RETURNED"}
    ends = {"NOTICE_REFUSED", "NOTICE_WITHDRAWN", "NOTICE_SUPERSEDED", "NOTICE_DID_NOT_HAPPEN"}
    assert heard_by(FIA_IMMIGRATION) == OF_NO_RECORD | of_recalls | of_journeys | ends
    of_the_committee = {"SEALED_READING_OPENED", "SEALED_REGISTRATION_READ", "EMERGENCY_REVIEW_OVERDUE"}
    of_the_committee |= {"REGISTER_SEAL_PROPOSED", "REGISTER_UNSEALING_SECONDED"}
    assert heard_by(SPECIAL_COMMITTEE) == OF_NO_RECORD | of_the_committee


# Walks every kind of event and every kind of agency: what the table doesn't say is never given a number.
def test_no_event_is_numbered_for_a_kind_of_agency_that_it_does_not_concern(database: Database) -> None:
    assert {agency.kind for agency in AGENCIES} == set(options_pb2.AgencyKind.values()) - {
        options_pb2.AGENCY_KIND_UNSPECIFIED,
        options_pb2.AGENCY_KIND_MONITORING,
    }
    pairs = list(itertools.product(KINDS, AGENCIES))
    owe(database, [row for kind, agency in pairs for row in outbox.owed(kind, [agency.agency_id])])
    concerned = {(kind, agency.agency_id) for kind, agency in pairs if hearers.concerns(kind, agency.kind)}
    assert deliver(database) == len(concerned)
    with database.owner() as owner:
        numbered = owner.execute("SELECT kind, agency_id FROM agency_event").fetchall()
        waiting = owner.execute("SELECT kind, recipient FROM outbox").fetchall()
    forget(database)
    assert set(numbered) == concerned
    assert set(waiting) == {(kind, agency.agency_id) for kind, agency in pairs} - concerned


@pytest.mark.parametrize(
    "about", ["registration_id", "notice_id", "access_request_id", "judgment_id", "grant_id", "registration_ids"]
)
def test_an_event_that_names_a_record_is_never_numbered_for_the_committee(database: Database, about: str) -> None:
    named = uuid.uuid4().bytes
    kind = notification_pb2.EVENT_KIND_SEALED_READING_OPENED
    values: dict[str, Any] = {about: [named] if about == "registration_ids" else named}
    owe(database, outbox.owed(kind, ["special-committee"], **values))
    owe(database, outbox.owed(kind, ["special-committee"], about_agency="npb"))
    assert deliver(database) == 1
    forget(database)


# The events of others go on: what isn't told holds nobody up.
def test_an_event_that_concerns_nobody_holds_no_other_up(database: Database) -> None:
    owe(database, outbox.owed(notification_pb2.EVENT_KIND_REGISTRATION_CREATED, ["nadra"], registration_id=bytes(16)))
    owe(database, outbox.owed(notification_pb2.EVENT_KIND_REGISTRATION_CREATED, ["npb"], registration_id=bytes(16)))
    with contextlib.closing(database.writer()) as conn:
        assert deliverer.deliver(Session(conn), 1) == 1
    forget(database)


# Whoever owns the database can number it himself; the stream goes by the directory, which is proved.
def test_a_stream_tells_no_event_that_does_not_concern_its_caller(services: Services) -> None:
    owe(services.database, outbox.owed(notification_pb2.EVENT_KIND_REVIEWS_WRITTEN, ["npb"]))
    deliver(services.database)
    with services.database.owner() as owner:
        owner.execute("UPDATE agency_event SET agency_id = 'punjab-police'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cursors.StoredEvent, "is_as_recorded", True)
        assert told(services, NPB) == 0
        with pytest.raises(errors.Unavailable):
            told(services, PUNJAB_POLICE)
    with services.database.owner() as owner:
        owner.execute("DELETE FROM agency_event")


def told(services: Services, agency: Agency) -> int:
    """How many events the agency's next message has."""
    call, request = call_of(agency), notification_pb2.SubscribeEventsRequest()
    services.admit(call, request)
    stream = call.route.handler
    assert isinstance(stream, Streamed)
    with services.database.reading() as conn:
        step = stream.after(call, stream.start(call, request, conn), conn)
    return len(step.outcome.response.events) if step else 0
