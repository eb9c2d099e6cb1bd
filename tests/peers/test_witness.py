"""A witness that others wrote, filippo.io/torchwood's litewitness, fed by our feeder from a register that serves.

`make peers` builds it; without it these tests are left out, and pytest says so.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import nsor
from nsor.feeding import Feeder
from nsor.ledger import merkle, note
from nsor.ledger.cosignature import WitnessKey
from nsor.ledger.note import Checkpoint, Note
from nsor.witnessing import Destination, NotCosigned, cosigned
from nsor_server.storage.keyring import Keyring
from tests.peers.go import program
from tests.polling import until
from tests.ports import free_port
from tests.rpc.callers import Serving
from tests.rpc.conftest import certificates, serve, serving, settings
from tests.rpc.test_feeding import client, register, shown, told

__all__ = ["certificates", "client", "serve", "serving", "settings"]

NAME = "witness.example/lite"
SECONDS = 60.0

pytestmark = pytest.mark.skipif(
    not program("litewitness").exists() or shutil.which("ssh-agent") is None,
    reason="`make peers` hasn't been run: it needs Go; or there is no ssh-agent",
)


@contextlib.contextmanager
def agent(folder: Path, key: Ed25519PrivateKey) -> Iterator[Path]:
    """An agent of SSH that has the key: litewitness reads none from a file."""
    file, listens = folder / "id", folder / "agent"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    )
    file.chmod(0o600)
    with subprocess.Popen(["ssh-agent", "-D", "-a", listens], stdout=subprocess.DEVNULL) as running:
        try:
            until(listens.exists, seconds=SECONDS)
            subprocess.run(["ssh-add", "-q", file], env={"SSH_AUTH_SOCK": str(listens)}, check=True)
            yield listens
        finally:
            running.terminate()


@pytest.fixture
def lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Destination, WitnessKey, Path]]:
    """It listens; gives where, its key as we read it, and its database."""
    folder, port = tmp_path_factory.mktemp("w"), free_port()
    private = Ed25519PrivateKey.generate()
    with agent(folder, private) as listens:
        fingerprint = hashlib.sha256(private.public_key().public_bytes_raw()).hexdigest()
        arguments = [
            "-key",
            fingerprint,
            "-name",
            NAME,
            "-db",
            str(folder / "db"),
            "-ssh-agent",
            str(listens),
            "-listen",
            f"127.0.0.1:{port}",
        ]
        with subprocess.Popen([program("litewitness"), *arguments], stderr=subprocess.DEVNULL) as running:
            try:
                until(lambda: _answers(port), seconds=SECONDS)
                key = WitnessKey(private, NAME)
                yield Destination(key.verifier, f"http://127.0.0.1:{port}"), key, folder / "db"
            finally:
                running.terminate()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    with contextlib.closing(connection), contextlib.suppress(OSError):
        connection.request("GET", "/")
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def knows(db: Path, origin: str, verifier_key: str) -> None:
    """Its administrator has it witness a log, as `witnessctl add-log` and `add-key` do: that one isn't built."""
    empty = base64.b64encode(merkle.EMPTY_ROOT).decode()
    with contextlib.closing(sqlite3.connect(db)) as conn, conn:
        conn.execute("INSERT OR IGNORE INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)", (origin, empty))
        conn.execute("INSERT INTO key (origin, key) VALUES (?, ?)", (origin, verifier_key))


def test_it_co_signs_what_the_feeder_brings_and_the_register_keeps_that(
    serving: Serving, client: nsor.Client, keyring: Keyring, lite: tuple[Destination, WitnessKey, Path]
) -> None:
    to, key, db = lite
    register(serving, key)
    feeder = Feeder(client, [to], seconds=SECONDS)
    assert told(feeder) == {"lite": "KEY_NOT_TRUSTED"}  # of a log that it doesn't know it says the same
    knows(db, serving.settings.ledger_origin, keyring.verifier_key(serving.settings.ledger_origin))
    assert told(feeder) == {"lite": "COSIGNED"}
    first = shown(client)["lite"]
    assert told(feeder) == {"lite": "COSIGNED"}
    assert shown(client)["lite"] > first
    # It has seen more than a feeder that has forgotten all: 409, its size, and the proof from there.
    (client.state_folder / "fed").unlink()
    assert told(Feeder(client, [to], seconds=SECONDS)) == {"lite": "COSIGNED"}


def test_it_refuses_another_past_and_what_it_signs_is_read_by_us_alone_as_it_is(
    keyring: Keyring, lite: tuple[Destination, WitnessKey, Path]
) -> None:
    to, key, db = lite
    signer, origin = keyring.ledger_signer, "test.example/log"
    knows(db, origin, note.Verifier.of(signer, origin).text())
    signed = note.sign(Checkpoint(origin, 5, bytes(32)), signer, origin)
    both = cosigned(to, signed, 0, lambda _: (), seconds=SECONDS)
    assert both.startswith(signed)
    assert key.verifier.times(Note.parse(both))
    forked = note.sign(Checkpoint(origin, 9, bytes(32)), signer, origin)
    with pytest.raises(NotCosigned) as refused:
        cosigned(to, forked, 0, lambda _: [bytes(32)], seconds=SECONDS)
    assert refused.value.code == "PROOF_REFUSED"
    smaller = note.sign(Checkpoint(origin, 3, bytes(32)), signer, origin)
    with pytest.raises(NotCosigned) as refused:
        cosigned(to, smaller, 0, lambda _: (), seconds=SECONDS)
    assert refused.value.code == "WITNESS_AHEAD"
