"""Whose certificate opens the console on the network, and that whoever owns the database changes nothing of it."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from nsor_server.access.directory import DirectoryContradicted
from nsor_server.console import certificates as ends
from nsor_server.console import operators
from nsor_server.directory import policies
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.ledger.outside import CopyAhead
from nsor_server.policy.loaded import Policy
from nsor_server.storage.embedded import CONSOLE, EmbeddedPostgres
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests import deciding
from tests.ledger.conftest import ORIGIN
from tests.rpc.conftest import certificates, fill, registered

__all__ = ["certificates", "registered"]

REVOKE = (
    "INSERT INTO certificate_revocation (serial, reason) SELECT serial, 'keyCompromise' FROM certificate"
    " WHERE agency_id = 'npb'"
)

UNDO = (
    "DELETE FROM certificate_revocation USING certificate AS c"
    " WHERE c.serial = certificate_revocation.serial AND c.agency_id = 'npb'"
)


def certificate(certificates: Path, agency: str) -> bytes:
    """An agency's certificate, DER."""
    (own, *_) = x509.load_pem_x509_certificates((certificates / "agencies" / f"{agency}.pem").read_bytes())
    return own.public_bytes(Encoding.DER)


@pytest.fixture
def filled(database: Database, keyring: Keyring, certificates: Path) -> Database:
    """A register with the example agencies and a policy."""
    fill(database, certificates, keyring)
    with database.transaction() as conn:
        policies.begin(conn, keyring, ORIGIN, Policy.load())
    return database


@pytest.fixture
def looking(filled: Database, postgres: EmbeddedPostgres) -> Iterator[Database]:
    """The same as the console's role sees it."""
    name = str(psycopg.conninfo.conninfo_to_dict(filled.url_server)["dbname"])
    with Database(postgres.conninfo(CONSOLE, name), pool_size=1) as own:
        yield own


@pytest.fixture
def keys(filled: Database, keyring: Keyring, tmp_path: Path) -> LogKeys:
    """The file of public keys that the console has."""
    with filled.owner() as owner:
        ((origin,),) = owner.execute("SELECT origin FROM ledger_head").fetchall()
    (tmp_path / "ledger.key").write_text(keyring.verifier_key(origin) + "\n")
    return LogKeys.load(tmp_path / "ledger.key")


@pytest.fixture
def known(looking: Database, keys: LogKeys, tmp_path: Path) -> Iterator[operators.Operators]:
    with operators.known(looking, keys, tmp_path / "checkpoints") as found:
        yield found


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def record(database: Database, keyring: Keyring, change: str) -> None:
    """A change as an operator's command makes it: with its entry."""
    with database.owner() as owner:
        owner.execute(change.encode())
        deciding.record(owner, keyring)


def test_it_is_of_an_agency_that_runs_the_register(known: operators.Operators, certificates: Path) -> None:
    taken = {
        agency
        for agency in ("npb", "nadra", "special-committee", "punjab-police", "fia-immigration")
        if known.takes(certificate(certificates, agency))
    }
    assert taken == {"npb", "nadra"}
    (server, *_) = x509.load_pem_x509_certificates((certificates / "server.pem").read_bytes())
    assert not known.takes(server.public_bytes(Encoding.DER))
    assert not known.takes(b"no certificate")


@pytest.mark.parametrize("change", [REVOKE, "INSERT INTO agency_state VALUES ('npb', 1, false)"])
def test_one_that_is_not_in_force_any_more_opens_nothing_from_the_next_request_on(
    known: operators.Operators, filled: Database, keyring: Keyring, certificates: Path, change: str
) -> None:
    assert known.takes(certificate(certificates, "npb"))
    record(filled, keyring, change)
    assert not known.takes(certificate(certificates, "npb"))
    assert known.takes(certificate(certificates, "nadra"))


LETS_IN = [
    # A revocation is taken back; with its record; an agency runs the register by a row; another's certificate is NPB's.
    UNDO,
    f"DELETE FROM ledger_record WHERE index = (SELECT size - 1 FROM ledger_head); {UNDO}",  # noqa: S608 - constants
    "UPDATE agency SET kind = (SELECT kind FROM agency WHERE agency_id = 'npb')",
    "UPDATE certificate SET agency_id = 'npb' WHERE agency_id = 'punjab-police'",
    "INSERT INTO agency_state VALUES ('nadra', 2, true)",
]


@pytest.mark.parametrize("edit", LETS_IN)
def test_rows_that_no_entry_proves_let_nobody_in(  # noqa: PLR0917 - what the console needs, each once
    filled: Database,
    looking: Database,
    keys: LogKeys,
    keyring: Keyring,
    certificates: Path,
    tmp_path: Path,
    edit: str,
) -> None:
    """Contract: whoever owns the database neither opens the pages for himself nor takes back that he was shut out."""
    record(filled, keyring, f"INSERT INTO agency_state VALUES ('nadra', 1, false); {REVOKE}")  # noqa: S608 - constants
    shown = [certificate(certificates, agency) for agency in ("npb", "nadra", "punjab-police")]
    with operators.known(looking, keys, tmp_path / "checkpoints") as known:
        assert not any(map(known.takes, shown))
        with filled.owner() as owner:
            owner.execute(edit.encode())
            # Anything new: whoever asks for the version reads all of it again.
            owner.execute("UPDATE ledger_head SET directory_version = directory_version + 1")
        assert not any(map(known.takes, shown))
        # Nor does the page of certificates show them.
        shows = {each.whose: (each.enabled, each.serials) for each in ends.of_directory(known.directory, now())}
        assert (shows["npb"], shows["nadra"], shows["punjab-police"]) == ((True, 0), (False, 1), (True, 3))
    with (
        pytest.raises(DirectoryContradicted, match="what decides isn't what the ledger says"),
        operators.known(looking, keys, tmp_path / "checkpoints"),
    ):
        pass


def test_a_database_that_was_set_back_to_before_a_revocation_opens_nothing(
    filled: Database, looking: Database, keys: LogKeys, keyring: Keyring, tmp_path: Path
) -> None:
    copy = tmp_path / "checkpoints"
    with filled.owner() as owner:
        owner.execute("CREATE TABLE kept AS SELECT * FROM ledger_head")
        owner.commit()
        record(filled, keyring, REVOKE)
        copy.write_bytes(
            b"".join(bytes(note) + b"\n" for (note,) in owner.execute("SELECT note FROM ledger_checkpoint"))
        )
        with operators.known(looking, keys, copy):
            pass
        owner.execute(UNDO)
        for table in ("ledger_record", "ledger_entry"):
            owner.execute(f"DELETE FROM {table} WHERE index >= (SELECT size FROM kept)".encode())  # noqa: S608 - constants
        owner.execute("DELETE FROM ledger_checkpoint WHERE size > (SELECT size FROM kept)")
        owner.execute(
            "UPDATE ledger_head SET (size, root, frontier, directory_version, directory_hash)"
            " = (SELECT size, root, frontier, directory_version, directory_hash FROM kept)"
        )
    # All that is signed fits; what was revoked since, the copy alone knows.
    with operators.known(looking, keys, tmp_path / "none"):
        pass
    with pytest.raises(CopyAhead), operators.known(looking, keys, copy):
        pass


def test_while_the_database_is_away_nobody_is_let_in(
    known: operators.Operators, looking: Database, certificates: Path
) -> None:
    assert known.takes(certificate(certificates, "npb"))
    looking.close()
    assert not known.takes(certificate(certificates, "npb"))
