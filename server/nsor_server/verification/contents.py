"""What the services store, collected: each says in its module `stored` what is to be compared with the ledger."""

from collections.abc import Callable
from typing import Final

from nsor_server.access.enrolled import Enrolled
from nsor_server.directory import stored as directory
from nsor_server.ledger import cosignatures, keyring_check, migrations
from nsor_server.ledger.stored import Connection, OfEntries, RecordedTable, Stored, WrittenAt
from nsor_server.lookup import stored as lookup
from nsor_server.lookup.grants.history import Grants
from nsor_server.lookup.requests.escalation.history import Silence
from nsor_server.lookup.requests.listed import Requests
from nsor_server.notification import stored as notification
from nsor_server.notification.notices import duties
from nsor_server.notification.notices.listed import ListedNotices
from nsor_server.oversight import stored as oversight
from nsor_server.oversight.stored import Listed
from nsor_server.policy.decided_by import DecidedBy
from nsor_server.publishing import stored as publishing
from nsor_server.registration import stored as registration
from nsor_server.registration.amendments.history import Amended
from nsor_server.registration.amendments.listed import ListedAmendments
from nsor_server.registration.amendments.waiting_history import WaitingAmendments
from nsor_server.registration.arrivals.history import FoundByNumber
from nsor_server.registration.arrivals.matched import ArrivalsMatched
from nsor_server.registration.closure.erasures import Erased
from nsor_server.registration.closure.history import Closed, Reviews
from nsor_server.registration.closure.looks import Looked
from nsor_server.registration.confirmed import Confirmed
from nsor_server.registration.corrections.history import Corrected
from nsor_server.registration.custody.history import InCustody
from nsor_server.registration.duties.counted_history import Counted
from nsor_server.registration.duties.history import Owing
from nsor_server.registration.duties.untold import Untold
from nsor_server.registration.history import History
from nsor_server.registration.identity.history import HandedOut
from nsor_server.registration.imports.history import ListedImports
from nsor_server.registration.judgments.history import Judged
from nsor_server.registration.kept import Kept
from nsor_server.registration.movements.history import Moved
from nsor_server.registration.persons.history import Decided
from nsor_server.registration.persons.listed import ShownReviews
from nsor_server.registration.persons.rejoining import Rejoining
from nsor_server.registration.photos.history import Photos
from nsor_server.registration.recalls.history import Ordered
from nsor_server.registration.reviewed import Reviewed
from nsor_server.registration.sealed.history import SealedRead
from nsor_server.registration.transfers.history import Transferred
from nsor_server.registration.validation.history import Validated
from nsor_server.registration.worklists.history import Worklists
from nsor_server.registration.worklists.once_history import ListedOnce
from nsor_server.registration.worklists.owed_history import Owed, Told
from nsor_server.storage import idempotency, migrate
from nsor_server.storage.keyring import Keyring
from nsor_server.verification import cosigned_times
from nsor_server.verification.answers import Answers
from nsor_server.verification.concerned import Concerned
from nsor_server.verification.disclosed import ListedDisclosures
from nsor_server.verification.emergencies import Emergencies
from nsor_server.verification.granted import Granted
from nsor_server.verification.left_out import LeftOut
from nsor_server.verification.noticed import Noticed
from nsor_server.verification.own_numbers import OwnNumbers
from nsor_server.verification.recalled import Recalled
from nsor_server.verification.recount import Recount
from nsor_server.verification.refusals import Refusals
from nsor_server.verification.replays import Replays
from nsor_server.verification.report import Report
from nsor_server.verification.returned_told import ToldOfReturns
from nsor_server.verification.returned_uses import ReturnedUses
from nsor_server.verification.screenings import Screenings
from nsor_server.verification.searched import Searched
from nsor_server.verification.statistics import Statistics
from nsor_server.verification.tripwires import Unusual
from nsor_server.verification.unusual_listed import ListedUnusual
from nsor_server.verification.watched import WatchedNumbers

_MIGRATIONS: Final = "SELECT number, name, sha256 FROM migration"

SERVICES: Final[tuple[Stored, ...]] = (
    registration.STORED,
    notification.STORED,
    lookup.STORED,
    oversight.STORED,
    directory.STORED,
    publishing.STORED,
)
TABLES: Final = (
    *(table for service in SERVICES for table in service.tables),
    RecordedTable.unsealed(idempotency.TABLE),
    RecordedTable.unsealed(cosignatures.TABLE),
    RecordedTable.unsealed(migrations.TABLE, migrations.RECORDED),
)
"""The tables whose rows are each the work of one entry."""


def compare(conn: Connection, keyring: Keyring, report: Report, went_on: Callable[[], None] = lambda: None) -> None:
    """Open every seal, and add a finding for each that isn't what stands beside it says.

    ``went_on`` is called after each service's.
    """
    for table in keyring_check.unknown_keys(conn, keyring):
        report.add(-1, f"rows of {table} were made with keys that the keyring lacks: is it from before a rotation?")
    for service in SERVICES:
        if service.compare is not None:
            service.compare(conn, keyring, report.add)
        went_on()
    cosigned_times.compare(conn, report)
    _compare_migrations(conn, report)


def _compare_migrations(conn: Connection, report: Report) -> None:
    """Add a finding for each migration that isn't one of this version's files."""
    applied = {number: (name, bytes(sha256)) for number, name, sha256 in conn.execute(_MIGRATIONS)}
    for each in migrate.load():
        if applied.pop(each.number, None) != (each.name, each.sha256):
            report.add(-1, f"the migration {each.label} isn't recorded as it is")
    for number in applied:
        report.add(-1, f"a migration {number:04d} is recorded that this version lacks")


def of_details(conn: Connection, keyring: Keyring, report: Report) -> OfEntries:
    """Begin to compare what needs nothing of registrations with the entries, while details are opened."""
    parts: list[OfEntries] = [
        ListedAmendments(conn, report.add),
        ListedImports(conn, report.add),
        Listed(conn, keyring, report.add),
    ]
    parts += [service.of_entries(conn, report.add) for service in SERVICES if service.of_entries is not None]
    times = WrittenAt(conn, [table for table in TABLES if table.written_at], report.add)
    return Concerned([*parts, Recount(report.add), times])


def of_registrations(conn: Connection, keyring: Keyring, report: Report, erased: Erased) -> OfEntries:
    """Begin to compare what entries have made of registrations, and shown of them, but for what was erased."""
    history = History(conn, keyring, report.add, erased.registrations)
    enrolled, decided_by = Enrolled(conn), DecidedBy(conn)
    worklists = Worklists(conn, history, report.add)
    judged = Judged(conn, keyring, history, enrolled, worklists=worklists, add=report.add)
    reviewed = Reviewed(conn, keyring, history, judged, report.add)
    decided = Decided(conn, keyring, history, reviewed, enrolled, add=report.add)
    corrected = Corrected(conn, keyring, history, reviewed, report.add)
    validated = Validated(conn, keyring, history, reviewed, report.add)
    amendments = WaitingAmendments(conn, keyring, history, report.add)
    noticed = Noticed(conn, keyring, history, enrolled, decided_by, add=report.add)
    owing = Owing(
        conn, history, enrolled, decided_by, lambda index: duties.told(noticed.written(index)), add=report.add
    )
    transferred = Transferred(history, reviewed, enrolled, decided_by, report.add)
    requests = Requests(conn, keyring, report.add)
    parts: list[OfEntries] = [
        history,
        judged,
        reviewed,
        Amended(conn, keyring, history, enrolled, report.add),
        worklists,
        corrected,
        validated,
        amendments,
        Owed(Told(history, reviewed, validated, corrected, amendments), worklists),
        decided,
        Closed(conn, keyring, Reviews(history, reviewed, decided), enrolled, worklists=worklists, add=report.add),
        Looked(conn, history, reviewed, report.add),
        SealedRead(conn, keyring, history, enrolled, worklists=worklists, add=report.add),
        InCustody(history, reviewed, report.add),
        transferred,
        Rejoining(history, reviewed, decided_by, report.add),
        FoundByNumber(history, enrolled, report.add),
        Emergencies(conn, keyring, history, enrolled, decided_by, add=report.add),
        Unusual(conn, keyring, enrolled, decided_by, report.add),
        ListedUnusual(conn, keyring, enrolled, report.add),
        ListedDisclosures(conn, keyring, history, enrolled, decided_by, add=report.add),
        OwnNumbers(conn, report.add),
        WatchedNumbers(conn, enrolled, decided_by, report.add),
        Replays(conn, keyring, enrolled, decided_by, report.add),
        Statistics(conn, keyring, report.add),
        ArrivalsMatched(
            conn,
            keyring,
            history,
            reviewed,
            enrolled=enrolled,
            decided_by=decided_by,
            erasures=erased.registrations,
            add=report.add,
        ),
        noticed,
        owing,
        Counted(conn, history, owing, decided_by, reviewed=reviewed, add=report.add),
        ListedOnce(history, worklists, owing, transferred, add=report.add),
        Untold(history, reviewed, report.add),
        Moved(conn, keyring, history, owing, reviewed=reviewed, add=report.add),
        Kept(history, report.add),
        photos := Photos(conn, keyring, history, enrolled, report.add),
        Ordered(conn, history, photos, report.add),
        Recalled(conn, keyring, history, enrolled, decided_by, add=report.add),
        ListedNotices(conn, history, report.add),
        ShownReviews(history, reviewed, decided, report.add),
        Searched(conn, keyring, history, enrolled, report.add),
        Answers(conn, history, judged, report.add),
        Screenings(conn, keyring, history, report.add),
        Refusals(conn, keyring, history, enrolled, report.add),
        HandedOut(conn, keyring, history, report.add),
        Confirmed(history, enrolled, report.add),
        requests,
        Silence(conn, requests, reviewed, enrolled, decided_by, add=report.add),
        grants := Grants(conn, keyring, enrolled, report.add),
        Granted(requests, grants, report.add),
        ReturnedUses(conn, history, grants, report.add),
        ToldOfReturns(conn, grants, report.add),
        LeftOut(conn, report.add),
    ]
    return Concerned(parts)
