"""`nsor-server tripwires`: compute the replays that two officers of NPB have agreed to."""

from __future__ import annotations

import os
import time
from typing import Final

import click

from nsor.cli import screen
from nsor.counting import counted
from nsor.v1 import notification_pb2, options_pb2
from nsor_server import config, errors
from nsor_server.commands.in_force import policy
from nsor_server.commands.recording import recording
from nsor_server.config import OperatorError
from nsor_server.directory import agencies
from nsor_server.events import outbox
from nsor_server.formats.uuids import text
from nsor_server.ledger import operator
from nsor_server.ledger.tiles import TornTree
from nsor_server.lookup.replays import computing, rules, store
from nsor_server.lookup.tripwires.reading import Reader
from nsor_server.policy.source import PolicyError
from nsor_server.storage.attach import attached, keyring_of
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_NICE: Final = 10
"""So much less of a busy processor than what serves."""
_REST_SECONDS: Final = 0.0005
_MOST_AGENCIES: Final = 10_000
_CHANGED: Final = "it isn't what was sealed; run `nsor-server ledger verify`"


@click.group()
def tripwires() -> None:
    """Compute replays of tripwires: which past accesses other thresholds would have found unusual."""


@tripwires.command()
def replay() -> None:
    """Compute each replay that two officers of NPB have agreed to, the oldest first. NPB alone reads what it finds.

    It reads the ledger as the server's role, which can change nothing here, and goes behind the server's own work; it
    may be stopped and run again. What is computed is on the record.
    """
    os.nice(_NICE)
    settings = config.load(os.environ)
    keyring = keyring_of(settings)
    sealer, every_minutes, done = Sealer(keyring), policy(settings).reviews.every_minutes, 0
    failed: list[str] = []
    with attached(settings) as database, database.connect() as conn:
        conn.autocommit = conn.read_only = True
        for stored in store.waiting(conn):
            computed = record_pb2.TripwireReplayRecord()
            try:
                record = store.opened(sealer, stored)
                computed.CopyFrom(record)
                computed.version = rules.COMPUTED
                computed.result.CopyFrom(computing.replayed(conn, Reader(keyring, _rest), record, every_minutes))
            except (PolicyError, errors.Internal, TornTree) as error:
                # One that can't be computed by this version, or that somebody has changed, keeps no other one waiting.
                why = _CHANGED if isinstance(error, errors.Internal) else error
                failed.append(f"Replay {text(stored.replay_id)} can't be computed: {why}")
                continue
            with recording(database, settings) as owner:
                written = write(owner, keyring, computed)
            if written:
                done += 1
                found = sum(each.findings for each in computed.result.counts)
                screen.echo(
                    f"{text(stored.replay_id)}: {counted(computed.result.accesses, 'accesses')}, "
                    f"{counted(found, 'findings')}"
                )
    if failed:
        raise OperatorError("\n".join(failed))
    if not done:
        screen.echo("No replay waits to be computed.")


def write(owner: Connection, keyring: Keyring, computed: record_pb2.TripwireReplayRecord) -> bool:
    """Put a result on the record, and tell NPB; False: it is there already, as another process has computed it.

    Args:
        owner: the owner's role, with a transaction that the caller commits.
        keyring: seals it, and signs the checkpoint.
        computed: the version with its result.
    """
    if not store.still_waits(owner, computed.replay_id):
        return False
    row, ref = store.row(Sealer(keyring), computed)
    npb = [
        agency.agency_id
        for agency in agencies.page(owner, after="", limit=_MOST_AGENCIES)
        if agency.kind == options_pb2.AGENCY_KIND_NPB
    ]
    events = outbox.owed(notification_pb2.EVENT_KIND_TRIPWIRE_REPLAYS_CHANGED, npb)
    detail = record_pb2.AccessDetail(outcome="REPLAY_COMPUTED", subjects=[computed.replay_id])
    operator.record(owner, keyring, method=computing.METHOD, detail=detail, rows=[row, *events], refs=[ref])
    return True


def _rest() -> None:
    time.sleep(_REST_SECONDS)
