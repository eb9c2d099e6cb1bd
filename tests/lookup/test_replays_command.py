"""`nsor-server tripwires replay`: a process of its own, that reads what the server may read and writes one entry."""

import os
import uuid
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
import pytest

from nsor_server.__main__ import run
from nsor_server.calls import Officer
from nsor_server.lookup.replays import store
from tests.agencies import FIA_IMMIGRATION
from tests.attack.test_fixed_times import CHANGED
from tests.budgets import unlimited
from tests.calls import ORIGIN
from tests.lookup.test_replays import COMPUTED, agreed, ask, at_the_counter, enrolled, get, now, proposal
from tests.lookup.test_watched import pair
from tests.orders import cnic
from tests.services import Services


@pytest.fixture
def two(services: Services) -> tuple[Officer, Officer]:
    services.policy = unlimited()
    return pair(services)


def _url(conninfo: str) -> str:
    return f"postgresql:///?{urlencode(psycopg.conninfo.conninfo_to_dict(conninfo), quote_via=quote)}"


@pytest.fixture
def settings(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of an operator of the services' register."""
    keys = tmp_path / "keyring.json"
    keys.touch(mode=0o600)
    keys.write_bytes(services.keyring.to_bytes())
    for name in [each for each in os.environ if each.startswith("NSOR_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "DATABASE_URL": _url(services.database.url_server),
        "DATABASE_OWNER_URL": _url(services.database.url_owner or ""),
        "KEYS": str(keys),
        "LEDGER_ORIGIN": ORIGIN,
        "CHECKPOINT_FILE": str(tmp_path / "checkpoints"),
        "STATE_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(f"NSOR_{name}", str(value))
    monkeypatch.setattr(os, "nice", lambda _more: 0)


@pytest.mark.usefixtures("settings")
def test_the_command_computes_what_was_agreed_once(
    services: Services, two: tuple[Officer, Officer], capsys: pytest.CaptureFixture[str]
) -> None:
    at_the_counter(services, enrolled(services, FIA_IMMIGRATION), *(cnic() for _ in range(4)))
    replay_id = agreed(services, two)
    assert run(["tripwires", "replay"]) == 0
    assert f"{replay_id}: " in capsys.readouterr().out
    found = get(services, two[0], replay_id)
    assert found.replay.state == COMPUTED
    assert [each.count for each in found.result.findings] == [4]
    entries = services.one("SELECT size FROM ledger_head")
    assert run(["tripwires", "replay"]) == 0
    assert capsys.readouterr().out == "No replay waits to be computed.\n"
    assert services.one("SELECT size FROM ledger_head") == entries


@pytest.mark.usefixtures("settings")
def test_one_that_cannot_be_computed_keeps_no_other_one_waiting(
    services: Services, two: tuple[Officer, Officer], capsys: pytest.CaptureFixture[str]
) -> None:
    # Its thresholds were written by a version that knew others.
    other, replay_id = (agreed(services, two) for _ in range(2))
    with services.database.owner() as owner:
        first = store.opened(services.sealer, store.waiting(owner)[0])
        first.content = b"{}"
        row, _ = store.row(services.sealer, first)
        owner.execute(
            "UPDATE tripwire_replay SET sealed = %s WHERE replay_id = %s AND version = %s",
            (row.values[-1], uuid.UUID(bytes=first.replay_id), first.version),
        )
        owner.commit()
    assert str(uuid.UUID(bytes=first.replay_id)) == other
    assert run(["tripwires", "replay"]) != 0
    assert f"Replay {other} can't be computed" in capsys.readouterr().err
    assert get(services, two[0], replay_id).replay.state == COMPUTED


@pytest.mark.usefixtures("settings")
def test_one_that_somebody_has_changed_keeps_no_other_one_waiting(
    services: Services, two: tuple[Officer, Officer], capsys: pytest.CaptureFixture[str]
) -> None:
    other, replay_id = (agreed(services, two) for _ in range(2))
    with services.database.owner() as owner:
        owner.execute(CHANGED.format(store.TABLE, "replay_id = %s").encode(), (other,))
        assert str(uuid.UUID(bytes=store.waiting(owner)[0].replay_id)) == other
        owner.commit()
    assert run(["tripwires", "replay"]) != 0
    assert f"Replay {other} can't be computed: it isn't what was sealed" in capsys.readouterr().err
    assert get(services, two[0], replay_id).replay.state == COMPUTED


@pytest.mark.usefixtures("settings")
def test_what_nobody_has_approved_is_not_computed(
    services: Services, two: tuple[Officer, Officer], capsys: pytest.CaptureFixture[str]
) -> None:
    ask(services, two[0], proposal(now=now(services)))
    assert run(["tripwires", "replay"]) == 0
    assert capsys.readouterr().out == "No replay waits to be computed.\n"
