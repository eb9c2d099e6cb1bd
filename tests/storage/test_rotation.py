import uuid
from typing import LiteralString

import psycopg
import pytest

from nsor_server.storage import rotation
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.rotation import ServersRunning
from nsor_server.storage.sealing import SealBroken, Sealer
from tests.polling import until

IDS = [uuid.UUID(int=number) for number in range(1, 1202)]


@pytest.fixture
def wrapped(database: Database, sealer: Sealer) -> dict[uuid.UUID, bytes]:
    """Registrations' wrapped keys, as the table holds them."""
    keys = {identity: sealer.new_data_key(identity.bytes)[1] for identity in IDS}
    with database.owner() as owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS registration_key (registration_id uuid PRIMARY KEY, wrapped bytea)")
        cursor.executemany("INSERT INTO registration_key (registration_id, wrapped) VALUES (%s, %s)", keys.items())
    return keys


def _stored(database: Database) -> dict[uuid.UUID, bytes]:
    with database.owner() as owner:
        return dict(owner.execute("SELECT registration_id, wrapped FROM registration_key").fetchall())


def test_every_data_key_is_wrapped_anew_and_stays_the_same_key(
    database: Database, keyring: Keyring, sealer: Sealer, wrapped: dict[uuid.UUID, bytes]
) -> None:
    sealed = sealer.open_data_key(IDS[0].bytes, wrapped[IDS[0]]).seal("registration", IDS[0].bytes, 1, b"planted")
    rotated = Sealer(keyring.rotated())
    seen: list[int] = []
    with database.owner() as owner:
        assert rotation.rewrap(owner, rotated, seen.append) == len(IDS)
    assert seen[-1] == len(IDS)
    stored = _stored(database)
    assert all(rotated.rewrapped(identity.bytes, stored[identity]) is None for identity in IDS)
    key = rotated.open_data_key(IDS[0].bytes, stored[IDS[0]])
    assert key.open("registration", IDS[0].bytes, 1, sealed) == b"planted"


def test_an_interrupted_rotation_goes_on_where_it_stopped(
    database: Database, keyring: Keyring, wrapped: dict[uuid.UUID, bytes]
) -> None:
    rotated = Sealer(keyring.rotated())

    def interrupt(_done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), database.owner() as owner:
        rotation.rewrap(owner, rotated, interrupt)
    changed = sum(kept != wrapped[identity] for identity, kept in _stored(database).items())
    assert 0 < changed < len(IDS)
    with database.owner() as owner:
        assert rotation.rewrap(owner, rotated) == len(IDS) - changed
        assert rotation.rewrap(owner, rotated) == 0


def test_a_key_that_does_not_open_stops_the_rotation(
    database: Database, keyring: Keyring, wrapped: dict[uuid.UUID, bytes]
) -> None:
    # Going on would hide that a row was tampered with.
    with database.owner() as owner:
        owner.execute("UPDATE registration_key SET wrapped = %s WHERE registration_id = %s", (wrapped[IDS[1]], IDS[0]))
    with pytest.raises(SealBroken), database.owner() as owner:
        rotation.rewrap(owner, Sealer(keyring.rotated()))


def test_keys_are_not_rotated_under_a_running_server(database: Database) -> None:
    # It holds the old keyring: it could not open what is wrapped under the new one.
    with database.owner() as owner, pytest.raises(ServersRunning):
        rotation.check_no_server(owner)
    database.close()
    with database.owner() as owner:
        _until_disconnected(owner)
        rotation.check_no_server(owner)


def _until_disconnected(owner: psycopg.Connection) -> None:
    owner.autocommit = True
    query = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'nsor_server' AND datname = current_database()"
    until(lambda: owner.execute(query).fetchone() == (0,), seconds=60)


@pytest.mark.parametrize(("table", "row_id"), rotation.TABLES)
def test_the_keys_of_each_table_are_wrapped_anew(
    database: Database, keyring: Keyring, sealer: Sealer, table: LiteralString, row_id: LiteralString
) -> None:
    # What a stolen keyring from before the rotation opens must become less, also of what is forgotten in some days.
    keys = {identity: sealer.new_data_key(identity.bytes)[1] for identity in IDS[:3]}
    beside = {
        "movement_key": (", border_crossing", ", 1"),
        "arrival_key": (", ends_at", ", now()"),
        "manifest_key": (", forgotten_at", ", now()"),
    }
    columns, values = beside.get(table, ("", ""))
    rotated = Sealer(keyring.rotated())
    with database.owner() as owner:
        with owner.cursor() as cursor:
            insert = f"INSERT INTO {table} ({row_id}, wrapped{columns}) VALUES (%s, %s{values})"  # noqa: S608 - constants
            cursor.executemany(insert.encode(), keys.items())
        owner.commit()
        assert rotation.rewrap(owner, rotated) == 3
        stored = owner.execute(f"SELECT {row_id}, wrapped FROM {table}".encode()).fetchall()  # noqa: S608 - constants
    assert len(stored) == 3
    for identity, wrapped in stored:
        assert rotated.rewrapped(identity.bytes, wrapped) is None
        rotated.open_data_key(identity.bytes, wrapped)


def test_every_table_of_wrapped_keys_is_known(database: Database) -> None:
    # A table that is forgotten here would stay under old keys for ever.
    with database.owner() as owner:
        found = owner.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE column_name = 'wrapped' AND table_schema = 'public'"
        ).fetchall()
    assert {name for (name,) in found} == {table for table, _ in rotation.TABLES}
