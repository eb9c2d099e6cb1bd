"""A register whose ledger's key is rotated while it serves: nobody is refused, and clients follow by themselves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

import nsor
from nsor.ledger import note
from nsor.ledger.note import Note, NoteError
from nsor.v1 import directory_pb2, oversight_pb2
from nsor_server import config
from nsor_server.__main__ import run
from nsor_server.storage import keyring as keyrings
from nsor_server.storage.keyring import Keyring
from tests.polling import until
from tests.rpc.callers import Serve, Serving
from tests.rpc.test_check import looked_at

SECONDS = 60.0


def client_of(serving: Serving, ledger_key: str, folder: Path, agency: str = "special-committee") -> nsor.Client:
    key, certificate = serving.files_of(agency)
    return nsor.Client(
        serving.address,
        certificate=certificate,
        key=key,
        ca=serving.certificates / "ca.pem",
        ledger_key=ledger_key,
        state_dir=folder,
    )


def rotate(serving: Serving, folder: Path) -> None:
    """As the operator does, beside the server."""
    settings = serving.settings
    environment = {
        "NSOR_DATABASE_URL": settings.database_url,
        "NSOR_DATABASE_OWNER_URL": settings.database_owner_url,
        "NSOR_KEYS": settings.keys,
        "NSOR_STATE_DIR": str(folder),
        "NSOR_CHECKPOINT_FILE": str(settings.checkpoint_file),
        "NSOR_LEDGER_ORIGIN": settings.ledger_origin,
    }
    with mock.patch.dict("os.environ", {name: str(value) for name, value in environment.items() if value}):
        assert run(["keys", "rotate-ledger"]) == 0


@pytest.fixture
def key(serving: Serving, keyring: Keyring) -> str:
    return keyring.verifier_key(serving.settings.ledger_origin)


@pytest.fixture
def load(serving: Serving, key: str, tmp_path: Path) -> Iterator[list[int]]:
    """Calls without a pause; how many were answered. Any that isn't fails the test."""
    answered, over = [0], threading.Event()
    failed: list[BaseException] = []

    def call() -> None:
        try:
            with client_of(serving, key, tmp_path / "load", "npb") as client:
                while not over.is_set():
                    client.directory.list_agencies(directory_pb2.ListAgenciesRequest())
                    answered[0] += 1
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    calling = threading.Thread(target=call)
    calling.start()
    yield answered
    over.set()
    calling.join()
    assert failed == []


def test_it_is_rotated_under_load_and_a_client_follows_and_verifies_across(
    serving: Serving, key: str, load: list[int], tmp_path: Path
) -> None:
    asked = directory_pb2.ListAgenciesRequest()
    with client_of(serving, key, tmp_path / "kept") as client:
        until(lambda: load[0] > 3, seconds=SECONDS)
        client.directory.list_agencies(asked)
        assert client.verify_ledger().leaves
        for _ in range(2):
            before = load[0]
            rotate(serving, tmp_path)
            until(lambda before=before: load[0] > before + 3, seconds=SECONDS)  # type: ignore[misc]  # mypy and defaults
            signed = client.directory.list_agencies(asked).proof.signed
            with pytest.raises(NoteError):
                note.verify(signed, note.Verifier.parse(key))
    newest = keyrings.load(serving.settings.keys).verifier_key(serving.settings.ledger_origin)
    note.Verifier.parse(newest).verify(Note.parse(signed))
    # Another run, which was given the first key and kept what it signed; and one that was given the newest.
    with client_of(serving, key, tmp_path / "kept") as client:
        verified = client.verify_ledger(everything=True)
        assert verified.leaves >= 3
        answer = client.oversight.get_checkpoint(oversight_pb2.GetCheckpointRequest()).message
        assert len(answer.rotations) == 2
    with client_of(serving, newest, tmp_path / "new") as client:
        client.directory.list_agencies(asked)
        assert client.verify_ledger().leaves
    assert "what decides" in looked_at(serving.settings)[1]


def test_a_client_refuses_a_key_that_nothing_proves_and_one_that_was_replaced(
    serve: Serve, settings: config.Settings, keyring: Keyring, tmp_path: Path
) -> None:
    key = keyring.verifier_key(settings.ledger_origin)
    with serve() as serving:
        refuses_what_nothing_proves(serving, key, tmp_path)
    with serve() as serving, client_of(serving, key, tmp_path / "kept") as client:  # it starts with the new key
        client.directory.list_agencies(directory_pb2.ListAgenciesRequest())
        assert client.verify_ledger(everything=True).leaves == 3


def refuses_what_nothing_proves(serving: Serving, key: str, tmp_path: Path) -> None:
    stranger = Keyring.new().verifier_key(serving.settings.ledger_origin)
    with client_of(serving, stranger, tmp_path / "stranger") as client, pytest.raises(nsor.ReceiptWrong):
        client.directory.list_agencies(directory_pb2.ListAgenciesRequest())
    with client_of(serving, key, tmp_path / "kept") as client:
        client.directory.list_agencies(directory_pb2.ListAgenciesRequest())
        rotate(serving, tmp_path)
        client.directory.list_agencies(directory_pb2.ListAgenciesRequest())
        # What it has seen isn't taken back by a register that shows no rotation any more.
        with pytest.raises(nsor.ReceiptWrong):
            client._connection.origins.follow((), ())
        old = keyrings.load(serving.settings.keys).ledger.signers[0]
        later = note.Checkpoint(serving.settings.ledger_origin, 9_000, bytes(32))
        with pytest.raises(nsor.ReceiptWrong):
            client._connection.origins.open(note.sign(later, old, later.origin))
        kept = client.state_folder / "rotations.json"
    # Another run knows it at once, from its state folder: whoever has the old key alone shows it nothing.
    with client_of(serving, key, tmp_path / "kept") as client, pytest.raises(nsor.ReceiptWrong):
        client._connection.origins.open(note.sign(later, old, later.origin))
    content = kept.read_bytes()
    for damaged in (content[:-1], content.replace(b'"key": "', b'"key": "AAAA')):
        kept.write_bytes(damaged)
        with pytest.raises(nsor.ReceiptWrong):
            client_of(serving, key, tmp_path / "kept")
    kept.write_bytes(content)
