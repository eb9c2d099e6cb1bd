"""A small real story of a bit of everything that the register keeps: every table has rows that something made."""

import contextlib
import datetime as dt
import uuid
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.ledger import cosignature
from nsor.ledger.cosignature import WitnessKey
from nsor.officer import OfficerKey
from nsor.v1 import lookup_pb2, notification_pb2, options_pb2, registration_pb2
from nsor_server import errors
from nsor_server.calls import Officer
from nsor_server.directory import certificates, entries, focal_persons
from nsor_server.events import deliverer
from nsor_server.ledger import epoch, epoch_cosignatures, keyring_check, migrations
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.operator import entry
from nsor_server.lookup.recalls.times import RecallTimes
from nsor_server.lookup.times import LookUpTimes
from nsor_server.lookup.tripwires.times import TripwireTimes
from nsor_server.oversight.statistics import times as statistics_times
from nsor_server.oversight.statistics.rules import Month
from nsor_server.oversight.statistics.times import StatisticsTimes
from nsor_server.pki import index
from nsor_server.policy import source
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.registration import review_store
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.session import Session
from nsor_server.storage.v1 import record_pb2
from tests import consumers, policies, witnesses
from tests.access.requests import movement
from tests.agencies import (
    FIA_IMMIGRATION,
    LAHORE_COURT,
    LAHORE_HIGH_COURT,
    NADRA,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PROSECUTION,
    SINDH_PROSECUTION,
    SPECIAL_COMMITTEE,
    officer_of,
)
from tests.calls import ORIGIN, TRACING, call_of
from tests.directory.test_deciding import AT, issued
from tests.directory.test_focal_persons import NUMBERS
from tests.directory.test_officers import directory_call, disabling, enrolment
from tests.directory.test_policies import FIRST, SECOND, adopt, grants, propose, withdraw
from tests.lookup import test_emergencies as emergencies
from tests.lookup import test_escalation as escalation
from tests.lookup import test_juvenile_access as juveniles
from tests.lookup import test_recalls as recalls
from tests.lookup import test_replays as replays
from tests.lookup import test_screening as screening
from tests.lookup import test_watched as watched
from tests.lookup.conftest import KNOWN, UNKNOWN, make_call, request_of
from tests.lookup.test_access_requests import AccessRequests, application
from tests.lookup.test_list_access_requests import clock_of
from tests.lookup.test_passing import Matter
from tests.lookup.test_withdrawal import withdrawal
from tests.lookup.tripwires import conftest as tripwires
from tests.notification import test_arrivals as arrivals
from tests.notification import test_counter as counter
from tests.notification import test_notice_decisions as notice_decisions
from tests.notification.test_notice import notice
from tests.orders import Created, cnic, confirmation, conviction, order
from tests.publishing import test_hours as hours_published
from tests.register_seals import Signers
from tests.registration import test_closure as closures
from tests.registration import test_corrections as corrections
from tests.registration import test_erasure as erasures
from tests.registration import test_identity as identity
from tests.registration import test_photos as photos
from tests.registration import test_proposals as proposals
from tests.registration import test_sealed_reading as sealed_readings
from tests.registration.test_duty_watch import a_watch
from tests.registration.test_judgments import confirming, judgment
from tests.registration.test_review_decisions import MERGE, Pair
from tests.rotated import rotate
from tests.services import Services, review_times

DAY_US = 86_400_000_000


def count_duties(services: Services, keyring: Keyring) -> None:
    """Open duties are counted anew, by one policy after the other."""
    for _ in range(2):
        policies.replace(services.database, keyring, "duties", source.packaged("duties.toml").read_bytes())
        watching = a_watch(services, keyring)
        while watching.recount():
            pass


def make_policy(services: Services, keyring: Keyring) -> None:
    """A proposal, one that is taken back, and one that is adopted; duties are counted by others. And a seal is set."""
    for officer in (FIRST, SECOND):
        services.enrolled(officer)
    propose(services)
    withdraw(services, propose(services, grants(5)))
    adopt(services, propose(services, grants(4)))
    count_duties(services, keyring)
    signers = Signers(services)
    signers.unseal(signers.seal())


def enrol(services: Services) -> None:
    """Two officers' keys, which are disabled again."""
    for nth in (1, 2):
        key = Ed25519PrivateKey.generate()
        services.ask(directory_call(), enrolment(key, PUNJAB_POLICE, f"LHR-{nth}"))
        services.ask(directory_call(), disabling(key))


def read_sealed(services: Services) -> None:
    """Two officers of NPB open readings; whether there is anything to read isn't asked."""
    for _ in range(2):
        sealed_readings.opened(services, FIRST, SECOND, sealed_readings.ABSENT)


def arrive(services: Services) -> None:
    """Two of other stations arrive, and two whom nobody knows; two cross the border, others are screened."""
    for number in (cnic(), cnic()):
        services.ask(call_of(FIA_IMMIGRATION), movement())
        counter.with_number(services, number)
        for each in (number, cnic()):
            arrivals.take(services, each)
    screen(services)


def screen(services: Services) -> None:
    """Passengers of two flights, one of whom is registered."""
    number = cnic()
    services.confirmed(order(number))
    for flight in (1, 2):
        manifest = screening.declared(services, number=flight)
        passengers = (screening.by_cnic(1, number), screening.by_cnic(2, cnic()))
        screening.asked(services, manifest, *passengers)


def keep_right(services: Services, created: Created) -> None:
    """The owner decides what was asked for, and NPB proposes how the record ends."""
    for each in corrections.listed(services, created):
        services.ask(call_of(PUNJAB_POLICE), corrections.decision(created, each.correction_id))
    for _ in range(2):
        closures.proposed(services, created)
        erasures.decided(services, services.create())


def give_notices(services: Services, created: Created) -> None:
    """One notice is verified, and one withdrawn; what others were shown, or weren't, before is told of."""
    recall(services)
    give_back(services)
    be_refused(services)
    count_months(services)
    one, other = (services.ask(call_of(PUNJAB_POLICE), notice(created)).response.notice_id for _ in range(2))
    notice_decisions.decide(services, created, one)
    notice_decisions.withdraw(services, created, other)


def follow_events(services: Services) -> tuple[Officer, ...]:
    """Two systems of the police follow events, and two do no more."""
    followers = tuple(consumers.enrolled(services, number=f"SYSTEM-{nth}") for nth in range(1, 5))
    for follower in followers[2:]:
        services.ask(call_of(PUNJAB_POLICE), consumers.disabling(follower.officer_number))
    return followers[:2]


def acknowledge(services: Services, followers: tuple[Officer, ...]) -> None:
    """NPB and the systems have stored their first events."""
    for through in (1, 2):
        services.ask(call_of(NPB), notification_pb2.AcknowledgeEventsRequest(through_sequence=through))
        for each in followers:
            stored = notification_pb2.AcknowledgeEventsRequest(through_sequence=through, consumer=each.officer_number)
            services.ask(call_of(PUNJAB_POLICE, each), stored)


def recall(services: Services) -> None:
    """Two are shown at the border, and set aside: each is recalled at a time of its own, and that is acknowledged."""
    telling = RecallTimes(services.database, services.writer, services.directory, TRACING, services.keyring)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)
        for nth in (1, 2):
            number, convicted = cnic(), conviction(case_number=f"Sessions Case No. {nth + 700}/2022")
            created = services.create(order(number, convictions=[convicted]))
            services.confirm(created, case_number=convicted.court_case.case_number)
            recalls.at_the_border(services, number)
            services.judge(convicted, "SET_ASIDE", cnics=[number])
            services.directory.reload()
            while telling.look():
                pass
            for each in recalls.listed(services, FIA_IMMIGRATION):
                services.ask(call_of(FIA_IMMIGRATION), recalls.acknowledging(each))


def give_back(services: Services) -> None:
    """Two suspects are looked up in vain and confirmed since: at the second of two times the uses come back."""
    numbers, requests, request = (cnic(), cnic()), AccessRequests(services), application()
    for suspect, number in zip(request.suspects, numbers, strict=True):
        suspect.cnic = number
    asked = requests.create(request).response
    grant = requests.approve(asked.access_request_id, asked.etag).response.grant
    for number in numbers:
        look_up(services, grant.grant_id, number)
    times = LookUpTimes(services.database, services.writer, services.directory, TRACING, services.keyring)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)
        services.directory.reload()
        times.look()
        for nth, number in enumerate(numbers):
            convicted = conviction(case_number=f"Sessions Case No. {nth + 800}/2022")
            created = services.create(order(number, convictions=[convicted]))
            services.confirm(created, case_number=convicted.court_case.case_number)
        times.look()


def count_months(services: Services) -> None:
    """Two months before the register began are counted: there is nothing in them."""
    times = StatisticsTimes(services.database, services.writer, services.directory, TRACING, services.keyring)
    now = Month.of(dt.datetime.now(dt.UTC))
    earlier = Month(now.year - 1, now.month)
    with pytest.MonkeyPatch.context() as patched:
        services.directory.reload()
        for month in (earlier, earlier.next):
            patched.setattr(statistics_times, "next_month", lambda _conn, month=month: month)
            times.look()


def be_refused(services: Services) -> None:
    """Two officers are refused until that is unusual, at a time each."""
    times = TripwireTimes(services.database, services.writer, services.directory, TRACING, services.keyring)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)
        services.directory.reload()
        for agency in (PUNJAB_PROSECUTION, SINDH_PROSECUTION):
            tripwires.refused(services, tripwires.REFUSALS, agency)
            times.look()
    for each in tripwires.listed(services, NPB):
        services.ask(call_of(NPB), tripwires.reviewing(each.unusual_access_id))
    tripwires.listed(services, NPB, reviewed=True)


def empty_a_budget(services: Services) -> None:
    """A court tries numbers out until it is refused, which its agency and NPB are told of."""
    created, officer = services.create(), officer_of(LAHORE_COURT)
    for nth in range(9):
        with contextlib.suppress(errors.NoRecord, errors.Exhausted):
            wrong = confirmation(created, case_number=f"Sessions Case No. {nth + 1}/2022")
            services.ask(call_of(LAHORE_COURT, officer), wrong)
    assert services.owed(notification_pb2.EVENT_KIND_OFFICER_BUDGET_EMPTY)


def add_focal_persons(owner: psycopg.Connection, keyring: Keyring) -> None:
    """Two of an agency, one of whom is disabled."""
    forms = focal_persons.Forms(NUMBERS, BlindIndex(keyring))
    people = [
        focal_persons.checked(forms, "sindh-police", each, cnic(), OfficerKey.generate().public_pem())
        for each in ("F-1", "F-2")
    ]
    focal_persons.add(owner, keyring, people)
    focal_persons.disable(owner, keyring, "sindh-police", "F-2")


def tell(services: Services, database: Database, keyring: Keyring, copy: Path) -> None:
    """A bit of everything that the register keeps."""
    with database.owner() as owner:
        migrations.record(owner, keyring, ORIGIN)
        keyring_check.record(owner, keyring)
        certificates.import_index(owner, keyring, [issued("a1"), issued("b2")])
        certificates.import_index(owner, keyring, [index.Revoked(serial="b2", reason="keyCompromise", at=AT)])
        entries.disable(owner, keyring, "sindh-police")
        entries.enable(owner, keyring, "sindh-police")
        add_focal_persons(owner, keyring)
    followers = follow_events(services)
    for number in (KNOWN, KNOWN, UNKNOWN):
        created = services.create(order(number))
        services.confirm(created)
    import_id = str(uuid.uuid4())
    for row in (1, 2, 101):
        rows = [registration_pb2.ImportRow(row=row, order=order())]
        imported = registration_pb2.ImportRegistrationsRequest(import_id=import_id, rows=rows)
        services.ask(call_of(PUNJAB_PROSECUTION), imported)
    for kind, case in (("APPEAL_FILED", "Case No. 123/2022"), ("SET_ASIDE", "Case No. 9/2022")):
        recorded = services.ask(call_of(PUNJAB_PROSECUTION), judgment(kind, case_number=case)).response
        services.ask(call_of(LAHORE_HIGH_COURT), confirming(recorded.judgment_id))
        corrections.asked(services, registration_id=created.registration_id)
    arrive(services)
    empty_a_budget(services)
    with pytest.MonkeyPatch.context() as patched:
        state = review_store.state
        patched.setattr(review_store, "state", lambda conn: replace(state(conn), now_us=state(conn).now_us + DAY_US))
        with review_times(services, keyring) as times:
            assert times.look()
    Pair(services, KNOWN, created, created).decide(MERGE)
    keep_right(services, created)
    change(services, created)
    erasures.destroy(services, keyring)
    give_notices(services, created)
    requests = AccessRequests(services)
    for _ in range(2):
        asked = requests.created()
        grant = requests.approve(asked.access_request_id, asked.etag).response.grant
        for suspect in (KNOWN, UNKNOWN):
            look_up(services, grant.grant_id, suspect)
        services.ask(call_of(PUNJAB_PROSECUTION), withdrawal(grant.grant_id))
    enrol(services)
    make_policy(services, keyring)
    hand_out(services)
    with contextlib.closing(database.writer()) as conn:
        deliverer.deliver(Session(conn))
    acknowledge(services, followers)
    have_emergencies(services, keyring)
    keep_silent(services, keyring)
    with database.owner() as owner:
        Ledger(keyring, ORIGIN).append(
            owner, [entry("nsor-server/test", record_pb2.AccessDetail(outcome="TEST")) for _ in range(600)]
        )
    go_on(database, keyring, copy)


def have_witnesses(services: Services) -> None:
    """The Committee registers witnesses, of which it retires two, and adds what they sign."""
    keys = [witnesses.registered(services, f"witness.example/{name}", "npb") for name in ("a", "b", "c", "d")]
    for key in (*keys, *keys):
        witnesses.cosigned(services, key)
    for key in keys[:2]:
        services.ask(call_of(SPECIAL_COMMITTEE), witnesses.retirement(key))


def hand_out(services: Services) -> None:
    """NPB reads what is sealed, NADRA is handed whom to compare; there are witnesses, and the log is fetched."""
    read_sealed(services)
    fetch(services)
    for _ in range(2):
        identity.handed_out(services, officer_of(NADRA))
    have_witnesses(services)


def keep_silent(services: Services, keyring: Keyring) -> None:
    """Access requests that nobody decides; one that is passed on, and back; and two of juveniles, decided by NPB."""
    requests = AccessRequests(services)
    with pytest.MonkeyPatch.context() as patched:
        clock_of(patched).hours = -80
        for _ in range(2):
            requests.created()
    escalation.a_watch(services, keyring).look()
    matter = Matter(services)
    matter.approve()
    for successor in (matter.second, matter.first):
        matter.give(successor)
    for _ in range(2):
        of_juveniles = juveniles.Matter(services)
        of_juveniles.approve()
        of_juveniles.decide()


def watch_numbers(services: Services) -> None:
    """Two numbers come to be watched, and one no more; two entries of another one differ, and one waits.

    Two replays say whom other thresholds would have found.
    """
    two = watched.pair(services)
    ended, _ = (watched.watch(services, two, cnic()) for _ in range(2))
    for officer in two:
        watched.end(services, officer, ended)
    watched.enter(services, two[1], cnic(), watched.enter(services, two[0], cnic()).watched_id)
    watched.enter(services, two[0], cnic())
    for _ in range(2):
        replays.agreed(services, two)
    replays.compute(services)


def have_emergencies(services: Services, keyring: Keyring) -> None:
    """Emergency look-ups: two of them reviewed, of two others it is told that nobody has."""
    watch_numbers(services)
    opened = []
    for suspect in (KNOWN, UNKNOWN, KNOWN, UNKNOWN):
        officer = services.enrolled(officer_of(PUNJAB_POLICE))
        opened.append(emergencies.opened(services, officer, suspect))
        emergencies.read(services, officer, opened[-1], suspect)
    for each in opened[:2]:
        emergencies.review(services, each)
    with pytest.MonkeyPatch.context() as patched:
        emergencies.clock_of(patched).ahead = dt.timedelta(days=2)
        emergencies.a_watch(services, keyring).look()


def change(services: Services, created: Created) -> None:
    """Photos and amendments of a record, and what its owner decided on them."""
    for _ in range(2):
        photo = services.ask(call_of(PUNJAB_POLICE), photos.addition(created)).response.photo_id
        services.ask(call_of(PUNJAB_POLICE), photos.confirmation(created, photo))
        services.ask(call_of(PUNJAB_POLICE), photos.rejection(created, photo))
    for _ in range(2):
        proposals.amended_by_two(services, created, **proposals.numbered(cnic()))
    for end in (proposals.acceptance, proposals.refusal):
        proposed = services.ask(call_of(NPB), proposals.proposal(created, nationality="AF")).response
        services.ask(call_of(PUNJAB_POLICE), end(services, created, proposed.amendment_id))


def fetch(services: Services) -> None:
    """Two agencies have fetched of the log, in an hour each that is over.

    The last row differs in each column from both of the first hour: exchanged within an hour, counts give the same sum.
    """
    hours_published.fetched(services.database, "npb", hours=3, bundles=2)
    hours_published.fetched(services.database, "npb", hours=3, refused=1)
    hours_published.fetched(
        services.database, "punjab-police", "b2", hours=2, checkpoints=3, tiles=4, bundles=5, refused=6
    )
    hours_published.entered(services)


def go_on(database: Database, keyring: Keyring, copy: Path) -> None:
    """Rotate the ledger's key, lose an entry, open an epoch, and have a witness co-sign it."""
    for _ in range(2):
        rotate(database, keyring)
    with database.owner() as owner:
        notes = owner.execute("SELECT note FROM ledger_checkpoint ORDER BY size").fetchall()
        copy.write_bytes(b"".join(bytes(note) + b"\n" for (note,) in notes))
        lost = Ledger(keyring, ORIGIN).append(owner, [entry("nsor-server/test", record_pb2.AccessDetail())])
        owner.rollback()
    copy.write_bytes(copy.read_bytes() + lost.receipts[-1].checkpoint + b"\n")
    with database.owner() as owner:
        opened = epoch.open_new(owner, keyring, copy, ORIGIN)
        owner.commit()
        (newest,) = owner.execute("SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1").fetchall()
    copy.write_bytes(copy.read_bytes() + bytes(newest[0]) + b"\n")
    assert opened.origin == f"{ORIGIN}/2"
    witness = WitnessKey.generate("witness.example/committee")
    with database.owner() as owner:
        signed = cosignature.cosign(bytes(newest[0]), witness, 1_790_000_000)
        epoch_cosignatures.add_cosignatures(owner, keyring, [signed], [witness.verifier])


def look_up(services: Services, grant_id: str, suspect: str) -> None:
    """The police look a suspect up on their grant."""
    call = make_call("punjab-police", options_pb2.PURPOSE_INVESTIGATION)
    request = request_of(call, lookup_pb2.LookUpBasis(grant_id=grant_id), suspect)
    call.request_id = uuid.UUID(request.request_id).bytes
    services.ask(call, request)
