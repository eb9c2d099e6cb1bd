"""A process that is killed while it tells recalls, between its commits or within one, is followed by another."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from nsor_server.lookup.recalls import rules, store
from nsor_server.lookup.recalls.times import RecallTimes
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.storage.keyring import Keyring
from tests.agencies import FIA_IMMIGRATION
from tests.calls import TRACING
from tests.lookup.test_recalls import ISSUED, at_the_border, listed, named, set_aside, sound
from tests.orders import cnic, order
from tests.polling import until
from tests.services import Services

SHOWN = 7
SECONDS = 120.0
_PROCESS = """
import os, signal, sys
from nsor_server.lookup.recalls import rules
from nsor_server.lookup.recalls.times import RecallTimes
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.calls import TRACING
from tests.services import Services

server, owner, entries, where = sys.argv[1:]
rules.PER_ENTRY, rules.ENTRIES = 2, 4
ReviewPolicy.last_due_us = lambda _policy, now_us: now_us

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Killed(RecallTimes):
    def _begin(self, *made):
        stored = super()._begin(*made)
        if self.left == 0 and where == "handed in":
            die()
        self.left -= 1
        def wait():
            written = stored()
            if self.left < 0 and where == "written":
                die()
            return written
        return wait

database = Database(server, owner, pool_size=4)
database.open()
with Services(database, Keyring.from_bytes(sys.stdin.buffer.read())) as services:
    services.directory.reload()
    telling = Killed(database, services.writer, services.directory, TRACING, services.keyring)
    telling.left = int(entries)
    for _ in range(20):
        telling.look()
"""
"""Ends itself by a signal that nobody can catch, when so many entries are written and the next one is under way."""


@pytest.mark.parametrize("entries", [0, 1, 3])
@pytest.mark.parametrize("where", ["handed in", "written"])
def test_everybody_is_told_once(
    services: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch, where: str, entries: int
) -> None:
    monkeypatch.setattr(rules, "PER_ENTRY", 2)
    monkeypatch.setattr(rules, "ENTRIES", 4)
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)
    services.confirmed(order(number := cnic()))
    shown = [at_the_border(services, number, f"AB000000{nth}") for nth in range(SHOWN)]
    set_aside(services)
    of = services.database.url_server, str(services.database.url_owner), str(entries), where
    ended = subprocess.run(
        [sys.executable, "-c", _PROCESS, *of],
        input=keyring.to_bytes(),
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    written = services.one("SELECT count(*) FROM recall_pass")
    assert written in ({entries, entries + 1} if where == "handed in" else {entries + 1})
    services.directory.reload()
    other = RecallTimes(services.database, services.writer, services.directory, TRACING, keyring)

    def is_ended() -> bool:
        other.look()
        with services.database.reading() as conn:
            last = store.last_pass(conn, services.sealer)
        return last is not None and rules.is_ended(last)

    # Its turn ends when PostgreSQL has seen that it is gone.
    until(is_ended, seconds=SECONDS)
    recalled = [access for each in listed(services, FIA_IMMIGRATION) for access in named(each)]
    assert sorted(recalled) == sorted(shown)
    assert services.owed(ISSUED) == [FIA_IMMIGRATION.agency_id] * SHOWN
    assert sound(services, keyring)
