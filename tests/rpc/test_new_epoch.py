"""A register that has lost entries, and has witnesses: it serves when they have co-signed how it goes on."""

from pathlib import Path

import pytest

import nsor
from nsor import witness
from nsor.feeding import Feeder
from nsor.ledger import note
from nsor.ledger.cosignature import WitnessKey
from nsor.ledger.cosigned import read
from nsor.v1 import directory_pb2
from nsor_server.ledger import epoch, epoch_cosignatures
from nsor_server.ledger.epoch import EpochNotCosigned
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.http_witness import Honest, listening
from tests.rpc.callers import Serve, Serving
from tests.rpc.test_check import looked_at
from tests.rpc.test_feeding import register, shown, told

WITNESS = WitnessKey.generate("witness.example/committee")


def _client(serving: Serving, certificates: Path, ledger_key: str, folder: Path, *witnesses: str) -> nsor.Client:
    agency = certificates / "agencies" / "special-committee"
    return nsor.Client(
        serving.address,
        certificate=agency.with_suffix(".pem"),
        key=agency.with_suffix(".key"),
        ca=certificates / "ca.pem",
        ledger_key=ledger_key,
        state_dir=folder,
        witnesses=witnesses,
    )


def _lose(database: Database, keyring: Keyring, copy: Path, origin: str) -> None:
    """Have the outside copy know more than the ledger, as after a restore, and own up to it."""
    with database.owner() as owner:
        ((size,),) = owner.execute("SELECT size FROM ledger_head").fetchall()
        with copy.open("ab") as file:
            file.write(note.sign(note.Checkpoint(origin, size + 3, bytes(32)), keyring.ledger_signer, origin) + b"\n")
        epoch.open_new(owner, keyring, copy, origin)


def test_it_serves_when_each_witness_has_co_signed_its_new_epoch_and_clients_see_that(
    serve: Serve, database: Database, keyring: Keyring, certificates: Path, tmp_path: Path
) -> None:
    (tmp_path / "witnesses").write_text(WITNESS.verifier.text() + "\n")
    path, opening = tmp_path / "cosigned", tmp_path / "opening"
    with serve(witnesses=tmp_path / "witnesses") as serving:
        settings = serving.settings
        key = keyring.verifier_key(settings.ledger_origin)
        knows = _client(serving, certificates, key, tmp_path / "knows", WITNESS.verifier.text())
        with _client(serving, certificates, key, tmp_path / "witness") as own:
            witness.cosign(own, WITNESS, path)
        knows.directory.list_agencies(directory_pb2.ListAgenciesRequest())
        knows.close()
    _lose(database, keyring, settings.checkpoint_file, settings.ledger_origin)

    # Neither starts nor passes for sound; without witnesses the old key's signature is enough, as before.
    with pytest.raises(EpochNotCosigned, match=WITNESS.verifier.name), serve(witnesses=tmp_path / "witnesses"):
        pass
    good, text = looked_at(settings)
    assert not good
    assert "hasn't co-signed" in text
    with serve() as serving, _client(serving, certificates, key, tmp_path / "without") as without:
        without.directory.list_agencies(directory_pb2.ListAgenciesRequest())
        knows = _client(serving, certificates, key, tmp_path / "knows", WITNESS.verifier.text())
        with knows, pytest.raises(nsor.EpochNotCosigned):
            knows.directory.list_agencies(directory_pb2.ListAgenciesRequest())

    with database.owner() as owner:
        opening.write_bytes(epoch_cosignatures.handed_over(owner, read(path)).content())
    with _client(serving, certificates, key, tmp_path / "witness") as own:
        witness.cosign_opening(own, WITNESS, path, opening)
    with database.owner() as owner:
        epoch_cosignatures.add_cosignatures(owner, keyring, read(path), [WITNESS.verifier])
    assert "hasn't co-signed" not in looked_at(settings)[1]
    with serve(witnesses=tmp_path / "witnesses") as serving:
        with _client(serving, certificates, key, tmp_path / "knows", WITNESS.verifier.text()) as knows:
            knows.directory.list_agencies(directory_pb2.ListAgenciesRequest())
            assert knows.verify_ledger(everything=True).lost == ()
        with _client(serving, certificates, key, tmp_path / "witness") as own:
            assert witness.cosign(own, WITNESS, path).checkpoint.origin == f"{settings.ledger_origin}/2"


def test_a_registered_witness_is_asked_for_a_new_epoch_from_its_first_checkpoint_on(
    serve: Serve, database: Database, keyring: Keyring, certificates: Path, tmp_path: Path
) -> None:
    # A witness keeps one tree for each origin: to it the new one is another log, which its operator adds.
    old, new = Honest(WITNESS), Honest(WITNESS)
    with serve() as serving, listening(WITNESS, old) as to:
        settings, key = serving.settings, keyring.verifier_key(serving.settings.ledger_origin)
        register(serving, WITNESS)
        with _client(serving, certificates, key, tmp_path / "committee") as client:
            assert told(Feeder(client, [to])) == {"committee": "COSIGNED"}
    _lose(database, keyring, settings.checkpoint_file, settings.ledger_origin)
    with serve() as serving, _client(serving, certificates, key, tmp_path / "committee") as client:
        with listening(WITNESS, lambda _: (404, "text/plain", b"")) as to:
            assert told(Feeder(client, [to])) == {"committee": "LEDGER_UNKNOWN"}
        with listening(WITNESS, new) as to:
            assert told(Feeder(client, [to])) == {"committee": "COSIGNED"}
            assert new.asked == [("old 0", 0)]
            assert told(Feeder(client, [to])) == {"committee": "COSIGNED"}
        assert old.seen is not None
        assert new.seen is not None
        assert (old.seen.origin, new.seen.origin) == (settings.ledger_origin, f"{settings.ledger_origin}/2")
        assert shown(client) == {"committee": new.seen.size}
