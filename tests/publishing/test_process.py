"""`nsor-server ledger publish` as a process, and what `check` says of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from rich.console import Console  # noqa: TID251 - what is drawn is read here

from nsor.ledger import note
from nsor_server import check, config
from nsor_server.directory import policies
from nsor_server.policy.loaded import Policy
from nsor_server.storage.embedded import PUBLISHER, EmbeddedPostgres
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.ledger.conftest import ORIGIN
from tests.polling import until
from tests.ports import free_address
from tests.publishing.conftest import Published, ask
from tests.rpc.conftest import certificates, database_url, settings

__all__ = ["certificates", "settings"]


@pytest.fixture
def environ(
    database: Database, postgres: EmbeddedPostgres, settings: config.Settings, keyring: Keyring, tmp_path: Path
) -> dict[str, str]:
    """What the process is told: nothing of the keyring, and no other role than its own."""
    with database.transaction() as conn:
        policies.begin(conn, keyring, ORIGIN, Policy.load())
    name = str(psycopg.conninfo.conninfo_to_dict(database.url_server)["dbname"])
    (tmp_path / "ledger.key").write_text(keyring.verifier_key(ORIGIN) + "\n")
    (tmp_path / "client-ca.pem").write_bytes(settings.client_ca.read_bytes())
    return {
        "NSOR_PUBLISH_LISTEN": "127.0.0.1:0",
        "NSOR_PUBLISH_DATABASE_URL": database_url(postgres.conninfo(PUBLISHER, name)),
        "NSOR_LOG_KEYS": str(tmp_path / "ledger.key"),
        "NSOR_STATE_DIR": str(tmp_path / "nothing"),
        "NSOR_SERVER_CERTIFICATE": str(settings.server_certificate),
        "NSOR_SERVER_KEY": str(settings.server_key),
        "NSOR_CLIENT_CA": str(tmp_path / "client-ca.pem"),
    }


def started(environ: Mapping[str, str]) -> subprocess.Popen[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NSOR_")}
    command = [sys.executable, "-m", "nsor_server", "ledger", "publish"]
    return subprocess.Popen(
        command, env={**clean, **environ}, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_it_publishes_without_a_keyring_until_it_is_told_to_end(
    environ: dict[str, str], database: Database, keyring: Keyring, certificates: Path
) -> None:
    published = Published(0, certificates, database, keyring)
    with started(environ) as process:
        try:
            assert process.stdout is not None
            published.port = int(process.stdout.readline().rpartition(":")[2])
            signed = published.get("special-committee", "/checkpoint").content
            assert note.verify(signed, note.Verifier.parse(keyring.verifier_key(ORIGIN))).size > 0
            kept = published.connection("special-committee")
            assert ask(kept, "/checkpoint").content == signed
            # A CA that isn't in the file any more lets nobody in; whoever is connected stays so.
            Path(environ["NSOR_CLIENT_CA"]).write_bytes(another_ca())
            process.send_signal(signal.SIGHUP)
            assert until(lambda: not is_let_in(published), seconds=60)
            assert ask(kept, "/checkpoint").content == signed
            # What can't be read changes nothing.
            Path(environ["NSOR_CLIENT_CA"]).write_bytes(b"no certificate")
            process.send_signal(signal.SIGHUP)
            assert process.stderr is not None
            warned = process.stderr.readline() + process.stderr.readline()
            assert not is_let_in(published)
            Path(environ["NSOR_CLIENT_CA"]).write_bytes((certificates / "ca.pem").read_bytes())
            process.send_signal(signal.SIGHUP)
            assert until(lambda: is_let_in(published), seconds=60)
            process.terminate()
            rest, later = process.communicate(timeout=60)
        finally:
            process.kill()
            for connection in published.connections:
                connection.close()
    assert process.returncode == 0
    assert rest == ""
    assert "the TLS files were loaded again" in warned
    assert "can't be used, the old ones stay" in warned
    assert later.count("\n") == 1
    checkpoints, *others = published.fetched()["special-committee", True]
    assert (checkpoints >= 4, others) == (True, [0, 0, 0])


def another_ca() -> bytes:
    """PEM of a CA that has issued nothing."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "another CA")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return made.sign(key, None).public_bytes(Encoding.PEM)


def is_let_in(published: Published) -> bool:
    """Whether a new connection of the Committee's is answered. It isn't kept: of too many the next one is refused."""
    connection = published.connection("special-committee")
    try:
        return ask(connection, "/checkpoint").status == 200
    except (ConnectionError, ssl.SSLError):
        return False
    finally:
        connection.close()


def test_nothing_is_published_of_a_log_that_another_key_signs(environ: dict[str, str], tmp_path: Path) -> None:
    other = note.Verifier.of(Ed25519PrivateKey.generate(), ORIGIN).text()
    (tmp_path / "ledger.key").write_text(other)
    done = started(environ)
    said, wrong = done.communicate(timeout=60)
    assert (done.returncode, said) == (2, "")
    assert "isn't signed with a key of the ledger" in wrong


def test_check_says_whether_it_could_be_published(
    environ: dict[str, str], settings: config.Settings, tmp_path: Path
) -> None:
    of_it = dataclasses.replace(
        settings,
        log_keys=tmp_path / "ledger.key",
        publish_listen=free_address(),
        publish_database_url=environ["NSOR_PUBLISH_DATABASE_URL"],
    )
    assert "published log" not in looked_at(settings)[1]
    good, text = looked_at(of_it)
    assert good, text
    assert "the database answers as nsor_publisher" in text
    good, text = looked_at(dataclasses.replace(of_it, publish_database_url=None))
    assert not good
    assert "set NSOR_PUBLISH_DATABASE_URL" in text
    (tmp_path / "ledger.key").write_text(note.Verifier.of(Ed25519PrivateKey.generate(), ORIGIN).text())
    good, text = looked_at(of_it)
    assert not good
    assert "isn't the key that signs the ledger" in text


def looked_at(settings: config.Settings) -> tuple[bool, str]:
    out = io.StringIO()
    good = check.run(settings, Console(file=out, width=200))
    return good, out.getvalue()
