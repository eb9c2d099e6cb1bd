"""Entries of operators' commands: they say what was done, and are found like all others."""

import datetime as dt
import hashlib
import uuid
from pathlib import Path

import pytest

from nsor.ledger import merkle, note
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import receipt_pb2
from nsor_server.calls import Row
from nsor_server.ledger import leaf, operator
from nsor_server.ledger.detail import Details
from nsor_server.ledger.labels import USES, Labels
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.v1 import record_pb2
from tests.ledger.conftest import ORIGIN, Write

METHOD = "nsor-server/test"
NOW = dt.datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=dt.UTC)
DETAIL = record_pb2.AccessDetail(
    outcome="DONE", officer_key=bytes(range(32)), case_reference="PK-PB/LHR/PS-001 679/2025", named="agency npb"
)


def record(database: Database, keyring: Keyring, **changes: object) -> receipt_pb2.Receipt:
    with database.owner() as conn:
        return operator.record(conn, keyring, method=METHOD, detail=DETAIL, **changes)  # type: ignore[arg-type]


def test_a_command_is_on_record_with_what_it_was_given(database: Database, keyring: Keyring, write: Write) -> None:
    write(3)
    given = hashlib.sha256(b"given").digest()
    receipt = record(database, keyring, call_hash=given)
    found = leaf.decode(receipt.leaf)
    assert (found.agency, found.method, found.purpose, found.outcome) == ("", METHOD, 0, leaf_pb2.OUTCOME_ALLOWED)
    assert (found.call_hash, found.count) == (given, 1)
    with database.transaction() as conn:
        row = conn.execute(
            "SELECT sealed, officer, case_label, named, directory_version"
            " FROM ledger_entry JOIN ledger_detail USING (index), ledger_head WHERE index = 3"
        ).fetchone()
    assert row is not None
    sealed, *labels, version = row
    assert Details(keyring).open(3, merkle.leaf_hash(receipt.leaf), sealed, found.detail_hash) == DETAIL
    values: list[str | bytes] = [DETAIL.officer_key, DETAIL.case_reference, DETAIL.named]
    assert labels == [
        uuid.UUID(bytes=Labels(keyring).every(use, value, [METHOD])[0]) for use, value in zip(USES, values, strict=True)
    ]
    assert version == 0


def test_what_was_not_given_is_drawn(database: Database, keyring: Keyring) -> None:
    # Nobody called, so nothing is bound; an entry must not be told from another one by that.
    first, second = (leaf.decode(record(database, keyring).leaf) for _ in range(2))
    assert not {first.call_hash, first.answer_hash, bytes(32)} & {second.call_hash, second.answer_hash}


def test_a_change_of_the_directory_is_told(database: Database, keyring: Keyring) -> None:
    rows = [Row(deciding.REVOCATIONS, (f"{serial:x}", "keyCompromise", NOW)) for serial in (1, 2)]
    added = leaf.decode(record(database, keyring, rows=rows).leaf)
    with database.transaction() as conn:
        found = conn.execute("SELECT directory_version, directory_hash FROM ledger_head").fetchone()
        assert conn.execute("SELECT count(*) FROM certificate_revocation").fetchone() == (2,)
    assert (added.directory_version, added.directory_hash) == found
    assert found == (1, deciding.extended(deciding.NO_HASH, deciding.refs(rows)))
    after = leaf.decode(record(database, keyring).leaf)
    assert (after.directory_version, after.directory_hash) == (1, b"")


def test_the_ledgers_origin_is_its_own_and_the_settings_where_it_has_none(
    database: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The command may run with other settings than the server; the ledger goes on under its name.
    def origin() -> str:
        return note.Checkpoint.parse(note.Note.parse(record(database, keyring).checkpoint).text).origin

    monkeypatch.setenv("NSOR_LEDGER_ORIGIN", "nsor.example/first")
    assert origin() == "nsor.example/first"
    monkeypatch.setenv("NSOR_LEDGER_ORIGIN", ORIGIN)
    assert origin() == "nsor.example/first"


def test_what_cannot_be_copied_is_said_with_the_checkpoint_to_keep(
    database: Database, keyring: Keyring, tmp_path: Path
) -> None:
    # Whoever works where the copy isn't must keep the proof himself; nothing is begun where the register doesn't look.
    with database.owner() as conn:
        receipt = operator.record(conn, keyring, method=METHOD, detail=DETAIL)
    with pytest.raises(operator.NotCopied, match="isn't in the outside copy") as raised:
        operator.copied(conn, tmp_path / "checkpoints")
    assert receipt.checkpoint.decode() in str(raised.value)
    assert list(tmp_path.iterdir()) == []
    operator.copied(conn, tmp_path / "checkpoints")  # said once
