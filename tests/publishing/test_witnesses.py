"""What a witness has to do with the published log: its agency fetches entries, and it signs checkpoints."""

from __future__ import annotations

import uuid

from nsor.ledger import cosignature
from nsor.ledger.cosignature import WitnessKey
from nsor.ledger.note import Note
from nsor.ledger.tlog_tiles import Bundle
from tests.publishing.conftest import Published, ask

ENTERED = uuid.UUID(int=7)


def register(published: Published, agency_id: str) -> WitnessKey:
    """The Committee registers a witness."""
    witness = WitnessKey.generate("witness.example/one")
    published.sql(
        "INSERT INTO ledger_witness (witness_id, name, verifier_key, agency_id, decided_by, registered_at, access_id)"
        " VALUES (%s, %s, %s, %s, sha256('x'), clock_timestamp(), %s)",
        *(ENTERED, witness.verifier.name, witness.verifier.text(), agency_id, ENTERED),
    )
    return witness


def test_an_agency_fetches_entries_as_long_as_its_witness_counts(published: Published) -> None:
    connection = published.connection("punjab-police")
    assert ask(connection, "/tile/entries/000").status == 403
    register(published, "punjab-police")
    assert ask(connection, "/tile/entries/000").status == 200
    assert published.get("sindh-police", Bundle(0)).status == 403
    published.sql(
        "INSERT INTO ledger_witness_retired (witness_id, decided_by, retired_at, access_id)"
        " VALUES (%s, sha256('x'), clock_timestamp(), %s)",
        *(ENTERED, ENTERED),
    )
    assert ask(connection, "/tile/entries/000").status == 403


def test_the_checkpoint_has_the_lines_of_witnesses_that_hold(published: Published) -> None:
    witness = register(published, "npb")
    connection = published.connection("punjab-police")
    signed = ask(connection, "/checkpoint").content
    cosigned = cosignature.cosign(signed, witness, 1_790_000_000)
    (line,) = (each for each in cosigned.splitlines(keepends=True) if witness.verifier.name.encode() in each)
    size = int(signed.split(b"\n")[1])
    with published.database.owner() as owner:
        owner.execute(
            "INSERT INTO ledger_cosignature (witness_id, number, size, time_s, line) VALUES (%s, 1, %s, %s, %s)",
            (ENTERED, size, 1_790_000_000, line),
        )
    got = ask(connection, "/checkpoint").content
    assert got == signed + line
    assert witness.verifier.times(Note.parse(got))
    with published.database.owner() as owner:
        owner.execute("UPDATE ledger_cosignature SET time_s = time_s + 1")
    assert ask(connection, "/checkpoint").content == signed
