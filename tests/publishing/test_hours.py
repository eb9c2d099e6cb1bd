"""Fetches of an hour that is over are entered once for each certificate, and `ledger verify` misses none of them."""

from __future__ import annotations

import contextlib
import itertools

import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger import watching
from nsor_server.publishing import hours as hours_module
from nsor_server.publishing.hours import METHOD, FetchHours
from nsor_server.storage.locks import Taken
from nsor_server.storage.pool import Database
from tests import deciding
from tests.attack.conftest import Owner, owner, services
from tests.calls import ORIGIN, TRACING
from tests.polling import until
from tests.rpc.callers import Serve
from tests.rpc.conftest import certificates, serve, settings
from tests.services import Services

__all__ = ["certificates", "owner", "serve", "services", "settings"]

OTHERS = "the fetches of the log that were counted aren't those that the entry of their hour holds"
_KINDS = ("checkpoints", "tiles", "bundles", "refused")


def fetched(database: Database, agency_id: str, serial: str = "a1", *, hours: float, **counts: int) -> None:
    """So many hours ago something was fetched."""
    with database.owner() as conn:
        conn.execute(
            "INSERT INTO tile_fetch (agency_id, serial, hour, checkpoints, tiles, bundles, refused)"
            " VALUES (%s, %s, date_trunc('hour', clock_timestamp() - %s * interval '1 hour', 'UTC'), %s, %s, %s, %s)",
            (agency_id, serial, hours, *(counts.get(each, 0) for each in _KINDS)),
        )


def entered(services: Services) -> int:
    """Enters all that is over; gives how many entries that were."""
    hours = FetchHours(services.database, services.writer, TRACING)
    return sum(1 for _ in itertools.takewhile(bool, (hours.look() for _ in range(1000))))


def rows(services: Services) -> list[tuple[object, ...]]:
    with services.database.transaction() as conn:
        return conn.execute(
            "SELECT agency_id, serial, checkpoints, tiles, bundles, refused FROM tile_fetch_hour"
            " ORDER BY hour, agency_id, serial"
        ).fetchall()


def test_each_certificate_and_hour_has_one_entry(services: Services, owner: Owner) -> None:
    for _ in range(2):
        fetched(services.database, "npb", hours=3, tiles=2, bundles=1)
    fetched(services.database, "npb", "b2", hours=3, checkpoints=1)
    fetched(services.database, "npb", hours=2, refused=7)
    fetched(services.database, "", "", hours=2, refused=1)
    assert entered(services) == 4
    assert entered(services) == 0
    assert rows(services) == [
        ("npb", "a1", 0, 4, 2, 0),
        ("npb", "b2", 1, 0, 0, 0),
        ("", "", 0, 0, 0, 1),
        ("npb", "a1", 0, 0, 0, 7),
    ]
    with services.database.transaction() as conn:
        leaves = conn.execute("SELECT leaf, agency FROM ledger_entry ORDER BY index DESC LIMIT 4").fetchall()
    assert {leaf_pb2.Leaf.FromString(bytes(leaf)).method for leaf, _ in leaves} == {METHOD}
    assert owner.findings() == []


def test_an_hour_that_isnt_over_has_none(services: Services, owner: Owner) -> None:
    fetched(services.database, "npb", hours=0, tiles=1)
    assert entered(services) == 0
    assert owner.findings() == []


def test_an_hour_waits_for_counts_that_were_begun_in_it(services: Services, owner: Owner) -> None:
    fetched(services.database, "npb", hours=3, tiles=1)
    fetched(services.database, "npb", hours=2, tiles=1)
    with services.database.owner() as hanging, services.database.owner() as later:
        # As one whose commit waits for a standby: nobody sees its row yet.
        hanging.execute(
            "INSERT INTO tile_fetch (agency_id, serial, hour, checkpoints, tiles, bundles, refused)"
            " SELECT agency_id, serial, min(hour), 0, 5, 0, 0 FROM tile_fetch GROUP BY 1, 2"
        )
        hours = FetchHours(services.database, services.writer, TRACING)
        assert not hours.look()
        later.execute("INSERT INTO tile_fetch VALUES ('npb', 'a1', DEFAULT, 0, 1, 0, 0)")
        assert not hours.look()
        hanging.commit()
        assert [hours.look() for _ in range(3)] == [True, True, False]  # whoever came later keeps nothing waiting
    assert rows(services) == [("npb", "a1", 0, 6, 0, 0), ("npb", "a1", 0, 1, 0, 0)]
    assert owner.findings() == []


# The publisher's role writes any text: two certificates that it makes up mustn't have one id, or no hour comes after.
def test_certificates_that_are_made_up_keep_no_hour_from_being_entered(services: Services, owner: Owner) -> None:
    for agency_id, serial in (("npb", "a1\nb2"), ("npb\na1", "b2")):
        fetched(services.database, agency_id, serial, hours=3, tiles=1)
    fetched(services.database, "npb", hours=2, tiles=1)
    assert entered(services) == 3
    assert owner.findings() == []


def test_of_certificates_that_are_made_up_so_many_are_entered_and_all_that_are_known(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Each would be an entry an hour, for ever.
    monkeypatch.setattr(hours_module, "MOST_UNKNOWN", 2)
    for serial in ("a1", "a2", "a3", ""):
        fetched(services.database, "npb", serial, hours=3, tiles=1)
    fetched(services.database, "nobody", hours=3, tiles=1)
    fetched(services.database, "", "", hours=3, tiles=1)
    # In the next hour as many are again.
    for agency_id, serial in (("npb", "a1"), ("npb", "a2"), ("punjab-police", "")):
        fetched(services.database, agency_id, serial, hours=2, tiles=1)
    assert entered(services) == 7
    assert [row[:2] for row in rows(services)] == [
        ("", ""),
        ("nobody", "a1"),
        ("npb", ""),
        ("npb", "a1"),
        ("npb", "a1"),
        ("npb", "a2"),
        ("punjab-police", ""),
    ]
    assert caplog.text.count("ALERT DATABASE_UNSOUND: fetches of the log are counted for certificates") == 2
    assert len(owner.findings()) == 1
    # What is left out on purpose isn't said to be kept waiting an hour later.
    watch = FetchHours(services.database, services.writer, TRACING)
    watch.look()
    monkeypatch.setattr(hours_module, "_HOUR", f"SELECT ({hours_module._HOUR}) + interval '1 hour'")
    watch.look()
    assert "aren't entered" not in caplog.text


def test_known_are_certificates_of_their_own_agency_and_agencies_without_one(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hours_module, "MOST_UNKNOWN", 0)
    with services.database.owner() as owner:
        owner.execute(
            "INSERT INTO certificate (serial, agency_id, fingerprint, not_before, not_after)"
            " VALUES ('c1', 'npb', sha256(''), clock_timestamp(), clock_timestamp() + interval '1 day')"
        )
        deciding.record(owner, services.keyring, ORIGIN)
    made_up = [("sindh-police", "c1"), ("npb", "c2"), ("nobody", "c1"), ("nobody", ""), ("", "c1")]
    known = [("", ""), ("npb", ""), ("npb", "c1")]
    for agency_id, serial in (*made_up, *known):
        fetched(services.database, agency_id, serial, hours=3, tiles=1)
    assert entered(services) == len(known)
    assert [row[:2] for row in rows(services)] == known


# Who owns the database, or has the publisher's role, keeps all hours unsigned by one transaction that he never ends; or
# by a row that says that later hours were entered already.
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO tile_fetch VALUES ('npb', 'a1', DEFAULT, 0, 1, 0, 0)",
        "INSERT INTO tile_fetch_hour VALUES (gen_random_uuid(), 'npb', 'a1', '2999-01-01 00:00Z', 0, 1, 0, 0)",
    ],
)
def test_hours_that_are_kept_from_being_entered_raise_an_alert_each_hour(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, statement: str
) -> None:
    fetched(services.database, "npb", "", hours=3, tiles=1)
    watch = FetchHours(services.database, services.writer, TRACING)
    now = hours_module._HOUR
    with services.database.owner() as owner:
        owner.execute(statement.encode())
        if "tile_fetch_hour" in statement:
            owner.commit()
        for _ in range(2):
            assert not watch.look()
        assert "ALERT" not in caplog.text
        for later in (1, 2):
            monkeypatch.setattr(hours_module, "_HOUR", f"SELECT ({now}) + interval '{later} hours'")
            for _ in range(2):
                assert not watch.look()
            assert caplog.text.count("ALERT DATABASE_UNSOUND: the log's fetches aren't entered") == later
        owner.execute("DELETE FROM tile_fetch_hour")
    assert watch.look()


# Any role that may connect can take the lock of a turn; so nothing would be entered, told or reviewed, and nobody knew.
def test_who_has_a_turn_that_is_not_his_is_named_and_no_round_counts_as_ended(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    fetched(services.database, "npb", hours=3, tiles=1)
    watch = FetchHours(services.database, services.writer, TRACING)
    with services.database.owner() as stranger:
        stranger.execute("SELECT pg_advisory_lock(%s)", (hours_module._TURN,))
        stranger.commit()
        assert [watch._all(watch.look) for _ in range(3)] == [False, False, False]
        holder = f"process {stranger.info.backend_pid} (role nsor_owner) has the lock of their turn; end it"
        assert caplog.text.count("ALERT ") == 1
        assert f"ALERT DATABASE_UNSOUND: fetches of the log are kept waiting: {holder}" in caplog.text
    with services.database.transaction() as another:
        assert watching.has_turn(another, hours_module._TURN)
        assert watch._all(watch.look)  # another process of the register works
        with services.database.transaction() as conn, pytest.raises(Taken, match="role nsor_server"):
            watching.has_turn(conn, hours_module._TURN, most_seconds=0)
    with contextlib.closing(services.database.connect()) as idle:
        idle.autocommit = True
        idle.execute("SELECT pg_advisory_lock(%s)", (hours_module._TURN,))
        with services.database.transaction() as conn, pytest.raises(Taken, match="role nsor_server"):
            watching.has_turn(conn, hours_module._TURN)
    assert rows(services) == []
    assert watch._all(watch.look)
    assert len(rows(services)) == 1


def test_what_was_fetched_while_the_register_was_down_is_entered_too(services: Services) -> None:
    for hours in (30, 20, 10):
        fetched(services.database, "npb", hours=hours, tiles=1)
    assert entered(services) == 3


def test_the_register_enters_them_by_itself(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.1)
    with serve() as serving:
        fetched(serving.database, "npb", hours=3, tiles=1)
        until(lambda: _entered(serving.database), seconds=60)


def _entered(database: Database) -> bool:
    with database.transaction() as conn:
        return bool(conn.execute("SELECT FROM tile_fetch_hour").fetchall())


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE tile_fetch SET bundles = bundles - 1 WHERE bundles > 0", OTHERS),
        ("UPDATE tile_fetch SET agency_id = 'punjab-police'", OTHERS),
        ("DELETE FROM tile_fetch WHERE refused > 0", OTHERS),
        ("UPDATE tile_fetch SET hour = hour - interval '1 hour'", OTHERS),
        ("INSERT INTO tile_fetch VALUES ('npb', 'a1', '2026-01-01 00:00Z', 0, 0, 9, 0)", "1 count of hours"),
        ("UPDATE tile_fetch SET hour = hour + interval '1 second' WHERE refused > 0", "1 count of hours"),
        (
            "UPDATE tile_fetch_hour SET bundles = 1; UPDATE tile_fetch SET bundles = 1 WHERE bundles > 0",
            "tile_fetch_hour",
        ),
        ("DELETE FROM tile_fetch_hour; DELETE FROM tile_fetch", "tile_fetch_hour"),
        (
            "TRUNCATE tile_fetch, tile_fetch_hour; DELETE FROM ledger_record WHERE table_name = 'tile_fetch_hour'",
            "an entry of fetches of the log holds none",
        ),
    ],
)
def test_a_count_that_is_changed_afterwards_is_found(
    services: Services, owner: Owner, statement: str, found: str
) -> None:
    fetched(services.database, "npb", hours=3, tiles=2, bundles=2)
    fetched(services.database, "npb", hours=3, refused=1)
    assert entered(services) == 1
    owner.does(statement)
    assert any(found in each for each in owner.findings())


def test_an_hour_that_was_never_entered_is_found(services: Services, owner: Owner) -> None:
    fetched(services.database, "npb", hours=30, bundles=2)
    assert owner.findings() == ["the log's fetches have 1 count of hours whose entries don't hold them"]
    owner.does("DELETE FROM tile_fetch")
    fetched(services.database, "npb", hours=3, bundles=2)
    fetched(services.database, "npb", "b2", hours=2, bundles=2)
    assert owner.findings() == []  # the register may have been down
    owner.does("ALTER TABLE tile_fetch RENAME TO hidden", "CREATE TABLE tile_fetch (LIKE hidden INCLUDING ALL)")
    owner.does(
        "INSERT INTO tile_fetch SELECT * FROM hidden WHERE serial = 'b2'", "GRANT SELECT ON tile_fetch TO nsor_server"
    )
    assert entered(services) == 1
    owner.does("DROP TABLE tile_fetch", "ALTER TABLE hidden RENAME TO tile_fetch")
    assert owner.findings() == ["the log's fetches have 1 count of hours whose entries don't hold them"]
