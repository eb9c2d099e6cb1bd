"""The tampering table: every column of every table, changed, and swapped between two rows; rows taken away and doubled.

It is generated from the catalog of a database with a small real story, as its superuser, without any constraint in the
way. `ledger verify` must say something of each that it didn't say before. What it doesn't see is listed, with a reason.
`make test` tries some of each table; with NSOR_TAMPERING=all, as `make soak` sets it, all are tried, which takes hours.
NSOR_TAMPERING=2/8 tries the second eighth of them: what was stopped goes on with the parts that are left. With
`pytest -s` it prints what goes unseen as soon as it is known, and how far it has come.

Most changes are seen by small parts of `ledger verify`, which are asked first. They are parts that are always made and
whose findings are all told, which is tried too: of all tables at once.
"""

import contextlib
import datetime as dt
import itertools
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import sql

from nsor.ledger import cosignature
from nsor.ledger.cosignature import WitnessKey
from nsor.officer import OfficerKey
from nsor.v1 import lookup_pb2, notification_pb2, options_pb2, registration_pb2
from nsor_server import errors
from nsor_server.calls import Officer
from nsor_server.directory import certificates, entries, focal_persons
from nsor_server.events import deliverer
from nsor_server.ledger import epoch, epoch_cosignatures, keyring_check, migrations, outside
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
from nsor_server.registration.closure import erasures as destroyed
from nsor_server.storage.embedded import SUPERUSER, EmbeddedPostgres
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.ledger_signers import LedgerSigners
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.session import Session
from nsor_server.storage.v1 import record_pb2
from nsor_server.verification import contents, indexes, records
from nsor_server.verification.report import Report
from nsor_server.verification.verified import of_rows, reported, verified
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
from tests.calls import ORIGIN, TRACING, Services, call_of, review_times
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

pytestmark = pytest.mark.timeout(3600)

WANTED = os.environ.get("NSOR_TAMPERING", "")
"""Empty: some; "all", or which part of how many."""
TOLD_EVERY = 50
"""Tamperings after which it prints how far it has come."""
SAMPLED = 21
"""Of so many tamperings of a table one is tried by `make test`, and at least its first and its last."""

UNSEEN: dict[tuple[str, str], str] = {
    (
        "look_up",
        "request_hash",
    ): "a keyed hash of what was asked: it decides whether a repeat is one, and shows nothing",
}
"""Table and column: why no comparison speaks for it."""
UNSEEN_TABLES: dict[str, str] = {
    "budget": "what is left of each budget, changed in place by every look-up and by time: state, and no history",
    "write_probe": "what the server writes to see that it can write: it says nothing",
}
"""Table: why no comparison speaks for it."""

DAY_US = 86_400_000_000

_OTHER = {
    "bool": "NOT {0}",
    "int2": "{0} + 1",
    "int4": "{0} + 1",
    "int8": "{0} + 1",
    "text": "{0} || 'x'",
    "bytea": "CASE WHEN octet_length({0}) = 32 THEN sha256({0}) ELSE {0} || '\\x00' END",
    "uuid": "gen_random_uuid()",
    "timestamptz": "{0} + interval '1 microsecond'",
    "_text": "array_append({0}, 'PK')",
    "_int2": "array_append({0}, 1::smallint)",
}
"""Another value of a column, by its type."""
_SOME = {
    "bool": "true",
    "int2": "1",
    "int4": "1",
    "int8": "1",
    "text": "'x'",
    "bytea": "sha256('x')",
    "uuid": "gen_random_uuid()",
    "timestamptz": "now()",
    "_text": "ARRAY['PK']",
    "_int2": "ARRAY[1::smallint]",
}
"""A value of a column that had none, by its type."""
_ENDS = ("min", "max")
"""The first row and the last one."""


@dataclass(frozen=True, slots=True)
class Tampering:
    """One statement that whoever owns the database can do."""

    table: str
    column: str
    kind: str
    statement: str

    def __str__(self) -> str:
        return f"{self.kind} {self.table}.{self.column}" if self.column else f"{self.kind} {self.table}"


@dataclass(frozen=True, slots=True)
class Register:
    """A database with a story, to tamper with."""

    conn: psycopg.Connection
    keyring: Keyring
    copy: Path

    def findings(self, *, of_indexes: bool = False) -> set[tuple[int, str]]:
        """What is found; of indexes only if asked for: a statement that changes a row changes them with it."""
        with pytest.MonkeyPatch.context() as patched:
            if not of_indexes:
                patched.setattr(indexes, "compare", lambda *_: None)
            report = verified(self.conn, self.keyring, ORIGIN, (self.copy, outside.extent(self.copy)))
        return {(each.index, each.problem) for each in report.findings}

    def after(self, tampering: Tampering) -> set[tuple[int, str]] | None:
        """What is found after a tampering, which is taken back; None when the table holds what it held.

        Two rows that differ in the column alone, exchanged, are the same two rows.
        """
        with self.conn.transaction(force_rollback=True):
            if not self.changed(tampering):
                return None
            return self.found_in(tampering.table) or self.found_beside() or self.findings()

    def changed(self, tampering: Tampering) -> bool:
        """Tamper; gives whether the table holds anything else than before."""
        before = self._rows(tampering.table)
        # No partition takes such a row: then nothing is changed.
        with contextlib.suppress(psycopg.IntegrityError), self.conn.transaction():
            self.conn.execute(tampering.statement.encode())
        return self._rows(tampering.table) != before

    def found_in(self, table: str) -> set[tuple[int, str]]:
        """What is found when the rows of a table alone are compared with the ledger's records of them.

        Nothing but these rows, these records and what was erased is read for it.
        """
        report = Report()
        of_table = [each for each in contents.TABLES if each.name == table]
        if not of_table:  # there are no records of it
            return set()
        with reported(self.conn, report):
            erased = destroyed.erased(self.conn, Sealer(self.keyring)).answers
            records.compare_each(self.conn, report, of_table, erased)
        return {(each.index, each.problem) for each in report.findings}

    def found_beside(self) -> set[tuple[int, str]]:
        """What is found when nothing is told again by the entries, but every seal is opened."""
        report = Report()
        of_rows(self.conn, self.keyring, report)
        return {(each.index, each.problem) for each in report.findings}

    def found_alone(self, tampering: Tampering) -> bool:
        """Tamper, if it is found in the table alone; gives whether it is."""
        with self.conn.transaction() as changing:
            found = self.changed(tampering) and bool(self.found_in(tampering.table))
            if not found:
                raise psycopg.Rollback(changing)
        return found

    def _rows(self, table: str) -> object:
        """Stands for the rows of a table, wherever they lie."""
        hashed = f"SELECT count(*), sum(hashtextextended(each::text, 0)) FROM {table} AS each"  # noqa: S608 - of the catalog
        return self.conn.execute(hashed.encode()).fetchone()


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


def tell(services: Services, database: Database, keyring: Keyring, copy: Path) -> None:
    """A bit of everything that the register keeps."""
    with database.owner() as owner:
        migrations.record(owner, keyring, ORIGIN)
        keyring_check.record(owner, keyring)
        certificates.import_index(owner, keyring, [issued("a1"), issued("b2")])
        certificates.import_index(owner, keyring, [index.Revoked(serial="b2", reason="keyCompromise", at=AT)])
        entries.disable(owner, keyring, "sindh-police")
        entries.enable(owner, keyring, "sindh-police")
        numbers = ("F-1", "F-2")
        people = [
            focal_persons.checked(NUMBERS, "sindh-police", each, OfficerKey.generate().public_pem()) for each in numbers
        ]
        focal_persons.add(owner, keyring, people)
        focal_persons.disable(owner, keyring, "sindh-police", "F-2")
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


@pytest.fixture(scope="module")
def told(
    postgres: EmbeddedPostgres,
    copied: Callable[[str, str], Database],
    filled: str,
    _keys: Keyring,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Register]:
    """The story is told; no constraint is left, and nobody else is connected."""
    copy = tmp_path_factory.mktemp("tampering") / "checkpoints"
    keyring = _keys.with_ledger(LedgerSigners(_keys.ledger.signers))
    name = f"{filled}_tampering"
    with copied(name, filled) as database, Services(database, keyring) as services:
        tell(services, database, keyring, copy)
    with psycopg.connect(postgres.conninfo(SUPERUSER, name), prepare_threshold=None) as conn:
        conn.execute("SET TimeZone = 'GMT'")
        _drop_constraints(conn)
        conn.commit()
        yield Register(conn, keyring, copy)
        conn.rollback()


@pytest.fixture
def register(told: Register) -> Iterator[Register]:
    """It is as it was told for each test."""
    yield told
    told.conn.rollback()


def _drop_constraints(conn: psycopg.Connection) -> None:
    conn.execute("ALTER TABLE registration_version DISABLE TRIGGER USER")
    rows = conn.execute(
        """
        SELECT conrelid::regclass::text, conname FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conparentid = 0 AND contype IN ('c', 'f', 'u', 'p')
            AND NOT EXISTS (SELECT FROM pg_class WHERE oid = conrelid AND relispartition)
        ORDER BY contype <> 'f'
        """
    ).fetchall()
    for table, name in rows:
        conn.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {} CASCADE").format(sql.SQL(table), sql.Identifier(name)))
    for (name,) in conn.execute(
        "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON oid = indrelid"
        " WHERE indisunique AND relnamespace = 'public'::regnamespace AND NOT relispartition"
    ).fetchall():
        conn.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(sql.SQL(name)))
    for table, column in conn.execute(
        "SELECT attrelid::regclass::text, attname FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition"
        " AND attnum > 0 AND attnotnull AND relname <> 'ledger_head'"
    ).fetchall():
        with contextlib.suppress(psycopg.Error), conn.transaction():
            conn.execute(
                sql.SQL("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL").format(sql.SQL(table), sql.Identifier(column))
            )


def tamperings(conn: psycopg.Connection) -> list[Tampering]:
    """All of them, from the catalog."""
    columns = conn.execute(
        """
        SELECT relname, attname, typname FROM pg_attribute
        JOIN pg_class AS c ON c.oid = attrelid JOIN pg_type AS t ON t.oid = atttypid
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
            AND attnum > 0 AND NOT attisdropped
        ORDER BY relname, attnum
        """
    ).fetchall()
    found: list[Tampering] = []
    tables: dict[str, list[str]] = {}
    for table, column, kind in columns:
        tables.setdefault(table, []).append(column)
        other = _OTHER[kind].format(column)
        found += [Tampering(table, column, f"update {which}", _update(table, column, other, which)) for which in _ENDS]
        found.append(Tampering(table, column, "swap", _swap(table, column)))
        found.append(Tampering(table, column, "empty", _put(table, column, "NULL", "IS NOT NULL")))
        found.append(Tampering(table, column, "fill", _put(table, column, _SOME[kind], "IS NULL")))
        found.append(Tampering(table, column, "insert", _insert(table, tables, column, other, columns)))
    for table in tables:
        found += [
            Tampering(table, "", f"delete {which}", f"DELETE FROM {table} WHERE {_one(table, which)}")  # noqa: S608
            for which in _ENDS
        ]
    return found


def chosen(wanted: list[Tampering], which: str) -> list[Tampering]:
    """Some of each table (""), all of them ("all"), or one of several parts ("2/8"), which together are all."""
    if not which:
        return sampled(wanted)
    nth, parts = (1, 1) if which == "all" else map(int, which.split("/"))
    if not 1 <= nth <= parts:
        raise ValueError(f"NSOR_TAMPERING={which}: there is no such part")
    # Of each kind each part has as many: some kinds change nothing in most columns.
    return sorted(wanted, key=lambda each: each.kind)[nth - 1 :: parts]


def sampled(wanted: list[Tampering]) -> list[Tampering]:
    """Some of each table."""
    found: list[Tampering] = []
    for _, each in itertools.groupby(sorted(wanted, key=lambda each: each.table), key=lambda each: each.table):
        of_table = list(each)
        found += of_table[:-1:SAMPLED] + of_table[-1:]
    return found


def _one(table: str, which: str) -> str:
    order = "" if which == "min" else " DESC"
    return f"(tableoid, ctid) = (SELECT tableoid, ctid FROM {table} ORDER BY ctid{order} LIMIT 1)"  # noqa: S608


def _update(table: str, column: str, other: str, which: str) -> str:
    return (
        f"UPDATE {table} SET {column} = coalesce({other}, {column}) WHERE {_one(table, which)} AND {column} IS NOT NULL"  # noqa: S608
    )


def _put(table: str, column: str, value: str, where: str) -> str:
    """Give the last row whose column is so another value there."""
    return f"""
        UPDATE {table} SET {column} = {value}
        WHERE (tableoid, ctid) = (
            SELECT tableoid, ctid FROM {table} WHERE {column} {where} ORDER BY ctid DESC LIMIT 1
        )
    """  # noqa: S608


def _swap(table: str, column: str) -> str:
    """Exchange the column between the first row and the last one that has another value."""
    return f"""
        WITH one AS (SELECT tableoid AS t, ctid AS c, {column} AS v FROM {table} ORDER BY ctid LIMIT 1),
            two AS (
                SELECT tableoid AS t, ctid AS c, {column} AS v FROM {table}
                WHERE {column} IS DISTINCT FROM (SELECT v FROM one) ORDER BY ctid DESC LIMIT 1
            ),
            pair AS (
                SELECT one.t, one.c, two.v FROM one, two UNION ALL SELECT two.t, two.c, one.v FROM one, two
            )
        UPDATE {table} AS mine SET {column} = pair.v FROM pair WHERE (mine.tableoid, mine.ctid) = (pair.t, pair.c)
    """  # noqa: S608


def _insert(
    table: str, tables: dict[str, list[str]], column: str, other: str, columns: list[tuple[str, str, str]]
) -> str:
    """A copy of the first row with another value of the column."""
    names = [name for of, name, _ in columns if of == table]
    values = [f"coalesce({other}, {name})" if name == column else name for name in names]
    assert tables
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table}"  # noqa: S608
        f" WHERE {column} IS NOT NULL ORDER BY ctid LIMIT 1"
    )


def test_no_tampering_goes_unseen(register: Register) -> None:
    # Whoever owns the database changes one thing behind the register's back.
    assert register.findings(of_indexes=True) == set()
    register.conn.rollback()
    wanted = tamperings(register.conn)
    empty = {each.table for each in wanted if not register.conn.execute(f"SELECT FROM {each.table} LIMIT 1").rowcount}
    assert empty == set()  # a table without a row in the story would be tried in vain
    assert {each.table for each in wanted if register.found_in(each.table)} == set()
    register.conn.rollback()
    tried, listed, unseen, idle = 0, 0, list[str](), list[str]()
    these = chosen(wanted, WANTED)
    for nth, tampering in enumerate(these):
        if WANTED and nth % TOLD_EVERY == 0:
            print(f"{nth} of {len(these)} done, at {tampering}", flush=True)
        if tampering.table in UNSEEN_TABLES or (tampering.table, tampering.column) in UNSEEN:
            listed += 1
            continue
        after = register.after(tampering)
        if after is None:
            idle.append(str(tampering))
        else:
            tried += 1
            if not after:
                unseen.append(str(tampering))
                print(f"unseen: {tampering}", flush=True)
    print(f"{tried} tamperings of {len(wanted)} tried, {len(idle)} changed nothing, {len(unseen)} unseen")
    assert tried + listed > (len(these) / 2 if WANTED else len(wanted) / (2 * SAMPLED))
    assert unseen == []


# Otherwise it would prove nothing that a part of verification finds something.
@pytest.mark.parametrize("kind", ["update min", "insert", "delete min"])
def test_what_a_part_finds_is_found(register: Register, kind: str) -> None:
    found, tables = set[tuple[int, str]](), set[str]()
    with register.conn.transaction(force_rollback=True):
        of_kind = [each for each in tamperings(register.conn) if each.kind == kind]
        for table, those in itertools.groupby(of_kind, key=lambda each: each.table):
            if any(register.found_alone(each) for each in those):
                tables.add(table)
        for table in tables:
            found |= register.found_in(table)
        assert tables == {each.name for each in contents.TABLES}
        beside = register.found_beside()
        assert beside
        assert found | beside <= register.findings()


def test_the_parts_are_all_of_them_each_once() -> None:
    kinds = ("update", "swap", "empty", "fill", "insert", "delete")
    wanted = [Tampering("notice", str(nth), kinds[nth % 6], "") for nth in range(101)]
    parts = [chosen(wanted, f"{nth}/8") for nth in range(1, 9)]
    assert sorted(map(str, itertools.chain(*parts))) == sorted(map(str, wanted))
    assert {len(each) for each in parts} == {12, 13}
    assert all({each.kind for each in part} == set(kinds) for part in parts)
    assert sorted(map(str, chosen(wanted, "all"))) == sorted(map(str, wanted))
    assert chosen(wanted, "") == sampled(wanted)
    for wrong in ("0/8", "9/8"):
        with pytest.raises(ValueError, match="no such part"):
            chosen(wanted, wrong)


# Verification ends with a finding, and not with a fault of the program, where PostgreSQL refuses its statements.
def test_a_column_that_is_gone_is_a_finding(register: Register) -> None:
    register.conn.execute("ALTER TABLE notice RENAME COLUMN sealed TO other")
    found = [problem for _, problem in register.findings()]
    assert any("UndefinedColumn" in problem and "a comparison ended there" in problem for problem in found)
