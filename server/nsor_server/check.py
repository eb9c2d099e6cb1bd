"""What `nsor-server check` looks at. It changes nothing, and shows no value that may not be shown.

Each look is one function that gives findings; a failure of one is a finding, so that the others are still made.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import os
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click
import psycopg
from cryptography import x509
from rich import box
from rich.console import Console  # noqa: TID251 - its type
from rich.table import Column, Table

from nsor.cli import screen
from nsor.counting import counted
from nsor_server import app, config, running
from nsor_server.access.contract import Contract
from nsor_server.access.directory import prove_at_start
from nsor_server.config import RULES, OperatorError, Settings
from nsor_server.confined.process import Unavailable
from nsor_server.directory import focal_persons, policies
from nsor_server.events import deliverer
from nsor_server.events.numbered import Numbered
from nsor_server.formats.dates import KARACHI
from nsor_server.images.photos import Photos
from nsor_server.ledger import directory_proof, epoch, key_rotation, keyring_check, outside, witness_keys
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.lookup.search.index import SearchIndex
from nsor_server.policy import store
from nsor_server.policy.loaded import Policy
from nsor_server.policy.messages import Messages
from nsor_server.rpc.credentials import Credentials
from nsor_server.rpc.methods import Methods
from nsor_server.rpc.metrics import Metrics
from nsor_server.running import Running
from nsor_server.storage import catalog, counts, locks, migrate, reasons
from nsor_server.storage import keyring as keyrings
from nsor_server.storage.attach import attached, attached_to_publish
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import MAX_SKEW_SECONDS, Database
from nsor_server.storage.sealing import Sealer

SOON_DAYS = 21
_NAMED = 5
"""Agencies that a finding names."""
EMBEDDED = (
    "Embedded PostgreSQL: one account owns the server, the database and, by default, the keys. It does not defend "
    "against whoever holds that account, nor against the loss of this machine. For more, set NSOR_DATABASE_URL to a "
    "PostgreSQL with synchronous standbys, let `keys` name a command, and keep checkpoint_file on another host."
)

State = Literal["ok", "warning", "wrong"]
_STYLES: dict[State, str] = {"ok": "[green]ok[/]", "warning": "[yellow]look[/]", "wrong": "[red]wrong[/]"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, in words that say what to do."""

    subject: str
    state: State
    text: str


Look = Callable[[], Iterator[Finding]]


@click.command()
def check() -> None:
    """Examine settings, database, certificates and clock; change nothing. Exit code 1 when something is wrong."""
    if not run(config.load(os.environ), screen.console(markup=True)):
        sys.exit(1)


def run(settings: Settings, console: Console) -> bool:
    """Look at everything and print it; returns whether nothing is wrong."""
    server = running.server(settings.state_dir)
    if server is not None:
        settings = server.beside(settings)
    console.print(_settings_table(settings))
    findings = list(examine(settings, server))
    table = Table("", "looked at", Column("found", overflow="fold"), box=box.SIMPLE)
    for finding in findings:
        table.add_row(_STYLES[finding.state], finding.subject, finding.text)
    console.print(table)
    if settings.embedded:
        console.print(f"[yellow]{EMBEDDED}[/]")
    wrong = sum(finding.state == "wrong" for finding in findings)
    console.print(f"[red]{wrong} wrong[/]" if wrong else "[green]Nothing is wrong.[/]")
    return not wrong


def examine(settings: Settings, server: Running | None = None) -> Iterator[Finding]:
    """Every finding, in the order of the table; ``server`` serves with the same state folder."""
    if server is not None:
        yield _running(settings, server)
    yield from _safely("contract", _contract)
    yield from _safely("certificates", lambda: _certificates(settings))
    yield from _safely("keys", lambda: _keys(settings))
    yield from _safely("photos", _photos)
    yield from _safely("address", lambda: _address(settings, server))
    yield from _safely("database", lambda: _databases(settings))
    yield from _safely("published log", lambda: _published(settings))


def _safely(subject: str, look: Look) -> Iterator[Finding]:
    try:
        yield from look()
    except OperatorError as error:
        yield Finding(subject, "wrong", str(error))
    except psycopg.Error as error:
        yield Finding(subject, "wrong", f"the database doesn't answer: {reasons.reason(error)}")
    except OSError as error:
        yield Finding(subject, "wrong", error.strerror or type(error).__name__)


def _contract() -> Iterator[Finding]:
    methods = Contract.load().methods
    app.check_formats(Contract.load(), Policy.load())
    Messages.load()
    keyring = Keyring.new()
    names = SearchIndex(Database(""), Sealer(keyring))
    Methods(Contract.load(), app.handlers(keyring, lambda: 0, Photos(), Numbered(), names))
    yield Finding(
        "contract",
        "ok",
        f"{counted(len(methods), 'methods')}, each with its access rule and its handler; policy data loads",
    )


def _photos() -> Iterator[Finding]:
    """Whether a process can be confined to decode photos: without it none is taken."""
    with contextlib.closing(Photos()) as photos:
        try:
            photos.start()
        except Unavailable:
            text = "can't be decoded here: it takes Linux on x86_64 or aarch64 whose kernel has seccomp; none is taken"
            yield Finding("photos", "warning", text)
        else:
            yield Finding("photos", "ok", "a process that can reach nothing decodes them")


def _certificates(settings: Settings) -> Iterator[Finding]:
    Credentials(settings.server_certificate, settings.server_key, settings.client_ca, Metrics())
    for subject, path in (("server certificate", settings.server_certificate), ("client CA", settings.client_ca)):
        for certificate in x509.load_pem_x509_certificates(path.read_bytes()):
            yield _end(subject, certificate)
    mode = settings.server_key.stat().st_mode & 0o077
    if mode:
        yield Finding("server key", "wrong", f"{settings.server_key} can be read by others; chmod 600")
    if settings.development_certificates:
        yield Finding("client CA", "warning", "the development CA, whose keys lie beside it: not for real agencies")


def _end(subject: str, certificate: x509.Certificate) -> Finding:
    days = (certificate.not_valid_after_utc - dt.datetime.now(dt.UTC)).days
    state: State = "wrong" if days < 0 else "warning" if days < SOON_DAYS else "ok"
    name = certificate.subject.rfc4514_string() or "no subject"
    left = f"expired {counted(-days, 'days')} ago, on" if days < 0 else f"{counted(days, 'days')} left, until"
    return Finding(subject, state, f"{name}: {left} {certificate.not_valid_after_utc.astimezone(KARACHI):%Y-%m-%d}")


def _keys(settings: Settings) -> Iterator[Finding]:
    if settings.keys.startswith("fd:"):
        yield Finding("keys", "ok", "come from a file descriptor; not read, since that can be done once only")
        return
    is_file = not settings.keys.startswith("command:")
    if is_file and settings.embedded and not Path(settings.keys).exists():
        yield Finding("keys", "warning", "none yet; the first start makes them")
        return
    keyring = keyrings.load(settings.keys)
    yield Finding("keys", "ok", f"ledger verifier key {keyring.verifier_key(settings.ledger_origin)}")
    if is_file:
        yield Finding("keys", "warning", "a file in cleartext: for development. Let `keys` name a command or fd:N")


def _running(settings: Settings, server: Running) -> Finding:
    """The server that serves, and whether it has these settings: else what is found below isn't of it."""
    said = f"a server serves on {server.address}, process {server.process}"
    different = server.differences(settings)
    if not different:
        return Finding("server", "ok", said)
    names = ", ".join(different)
    return Finding("server", "warning", f"{said}, with other settings than these: {names}. Set them as it has them")


def _address(settings: Settings, server: Running | None) -> Iterator[Finding]:
    if server is not None and server.settings["listen"] == settings.listen:
        yield Finding("address", "ok", f"{server.address} is the running server's")
    else:
        yield from _listens("address", settings.listen)


def _listens(subject: str, address: str) -> Iterator[Finding]:
    """Whether an address is free."""
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host.strip("[]"), int(port)))
        except OSError as error:
            yield Finding(subject, "warning", f"{address}: {error.strerror}; a running server has it, or another")
            return
    yield Finding(subject, "ok", f"{address} is free")


def _databases(settings: Settings) -> Iterator[Finding]:
    if settings.embedded and not (settings.state_dir / "postgres").exists():
        yield Finding("database", "warning", f"none yet in {settings.state_dir}; the first start makes it")
        return
    yield from _urls(settings)
    with attached(settings) as database:
        # One connection first, which says why there is none; the pools only say that they have waited.
        database.connect().close()
        database.open(timeout_seconds=10)
        yield from _database(settings, database)


def _urls(settings: Settings) -> Iterator[Finding]:
    """What the URLs give away."""
    if settings.embedded or settings.database_url is None:
        return
    if settings.database_owner_url is not None:
        yield Finding(
            "owner's URL",
            "warning",
            "set here: for operators' commands only. Whoever takes over a server that has it owns the tables",
        )
    for name in ("database_url", "database_owner_url", "publish_database_url"):
        url = getattr(settings, name)
        if url is not None and not reasons.is_private(url):
            yield Finding(
                name,
                "wrong",
                "goes over the network without sslmode=verify-full: whoever is in between reads and answers",
            )


def _database(settings: Settings, database: Database) -> Iterator[Finding]:
    with database.transaction() as connection:
        row = connection.execute("SELECT current_setting('server_version'), current_user").fetchone()
        if row is not None:
            yield Finding("database", "ok", f"PostgreSQL {row[0]} answers as {row[1]}")
        missing = migrate.pending(connection, migrate.load())
    if missing:
        how = "the next start applies them" if settings.embedded else "run `nsor-server migrate`"
        yield Finding("migrations", "warning" if settings.embedded else "wrong", f"{len(missing)} to apply; {how}")
    else:
        yield Finding("migrations", "ok", "all are applied")
    database.check_durable()
    yield Finding("durability", "ok", "fsync, full_page_writes and synchronous_commit are on")
    if not settings.embedded:
        with database.transaction() as connection:
            standbys = connection.execute("SELECT current_setting('synchronous_standby_names')").fetchall()[0][0]
        if not standbys:
            text = "no synchronous standby: what was answered is lost with this one disk"
            yield Finding("standby", "warning", text)
    offset = database.clock_offset()
    state: State = "ok" if abs(offset) <= MAX_SKEW_SECONDS else "wrong"
    milliseconds = round(offset * 1000)  # whole before it is written: nobody reads "-0 ms"
    yield Finding("clock", state, f"the database's is {milliseconds} ms off this host's; at most 2 s")
    yield from _safely("counts", lambda: _counts(database))
    if missing:
        return
    yield from _safely("schema", lambda: _schema(database))
    yield from _safely("what decides", lambda: _what_decides(settings, database))
    yield from _safely("policy", lambda: _policy(settings, database))
    yield from _safely("ledger", lambda: _ledger(settings, database))
    yield from _safely("events", lambda: _events(settings, database))
    yield from _safely("focal persons", lambda: _focal_persons(database))


def _counts(database: Database) -> Iterator[Finding]:
    """Whether PostgreSQL's own counts of what was read are kept from our roles."""
    with database.transaction() as connection:
        told = counts.told(connection)
    if told:
        yield Finding("counts", "warning", told)
    else:
        yield Finding("counts", "ok", "PostgreSQL tells no role of ours what was read")


def _published(settings: Settings) -> Iterator[Finding]:
    """Whether `ledger publish` finds what it needs; nothing where the log isn't published over HTTPS."""
    if settings.publish_listen is None:
        return
    known = {each.public_bytes_raw() for each in LogKeys.load(settings.log_keys).keys}
    if not settings.keys.startswith("fd:"):
        signs = keyrings.load(settings.keys).ledger_signer.public_key().public_bytes_raw()
        if signs not in known:
            text = "isn't the key that signs the ledger: nothing would be published. `ledger log-key` prints it"
            yield Finding("published log", "wrong", f"{settings.log_keys} {text}")
            return
    yield from _listens("published log", settings.publish_listen)
    with attached_to_publish(settings, pool_size=1) as database, database.connect() as connection:
        ((role,),) = connection.execute("SELECT current_user").fetchall()
    yield Finding("published log", "ok", f"the database answers as {role}")


def _focal_persons(database: Database) -> Iterator[Finding]:
    with database.transaction() as connection:
        lacking = focal_persons.lacking(connection)
    if not lacking:
        yield Finding("focal persons", "ok", "every agency has those that it needs to enrol its officers")
        return
    named = ", ".join(f"{agency_id} lacks {number}" for agency_id, number in list(lacking.items())[:_NAMED])
    more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
    yield Finding("focal persons", "warning", f"{named}{more}: nsor-server agency focal-person add")


def _schema(database: Database) -> Iterator[Finding]:
    with database.transaction() as connection:
        differences = catalog.differences(connection)
    for each in differences:
        yield Finding("schema", "wrong", each)
    if not differences:
        yield Finding(
            "schema", "ok", "tables, constraints, policies, functions and rights are what the migrations make"
        )


def _what_decides(settings: Settings, database: Database) -> Iterator[Finding]:
    """Whether the rows that decide are those of the ledger; what isn't is named with its table."""
    with database.transaction() as connection:
        if connection.execute("SELECT FROM ledger_head WHERE size > 0").fetchone() is None:
            return
    if settings.keys.startswith("fd:"):
        yield Finding("what decides", "warning", "not proved: the keys come from a file descriptor")
        return
    prove = functools.partial(directory_proof.prove, keys=LogKeys.of(keyrings.load(settings.keys)))
    with database.transaction() as connection:
        prove_at_start(connection, prove)
    yield Finding("what decides", "ok", "agencies, certificates, keys of people and policy are those of the ledger")


def _policy(settings: Settings, database: Database) -> Iterator[Finding]:
    files = Policy.load(settings.policy_dir)
    with database.transaction() as connection:
        if not store.present(connection):
            yield Finding("policy", "warning", "none yet; the first start enters the files")
            return
        in_force = store.in_force(connection)
    yield Finding("policy", "ok", f"version {in_force.version} is in force")
    offered = policies.offered(files, in_force)
    if offered:
        yield Finding("policy", "warning", offered)


def _ledger(settings: Settings, database: Database) -> Iterator[Finding]:
    with database.transaction() as connection:
        before = connection.execute("SELECT size FROM ledger_head").fetchall()
        size = outside.compare(connection, settings.checkpoint_file)
        row = connection.execute("SELECT size, origin FROM ledger_head").fetchone()
        if not settings.keys.startswith("fd:") and row is not None and row[0]:
            keyring = keyrings.load(settings.keys)
            keyring_check.check(connection, keyring)
            epoch.check(connection, keyring, settings.ledger_origin, witness_keys.load(settings.witnesses))
            key_rotation.check(connection, keyring, settings.ledger_origin)
    if row is not None:
        yield Finding(
            "ledger",
            "ok",
            f"{counted(row[0], 'entries')} of {row[1] or settings.ledger_origin}; outside copy at {size}",
        )
    yield from _copy(settings, behind=before[0][0] - size if before else 0)


def _copy(settings: Settings, *, behind: int) -> Iterator[Finding]:
    """What is wrong with the outside copy. A server that serves writes it within a second."""
    if not settings.copy_marker.exists():
        return
    if not settings.checkpoint_file.exists():
        text = "is missing; put it back, or `nsor-server ledger new-copy` when it is gone for good"
        yield Finding("outside copy", "wrong", text)
    elif behind > 0:
        text = (
            f"lacks {counted(behind, 'newest entries')}: a server that starts, or serves, writes them within a second"
        )
        yield Finding("outside copy", "warning", text)


def _events(settings: Settings, database: Database) -> Iterator[Finding]:
    """Whether events are delivered. A server that serves does it within a second."""
    with database.transaction() as connection:
        waiting = deliverer.waiting_seconds(connection)
        holder = locks.holder(connection, deliverer.TURN)
    if waiting <= settings.events_patience_seconds:
        yield Finding("events", "ok", "none has waited for long to be delivered")
        return
    why = f"{holder} has the deliverers' lock" if holder else "does a server serve? Its log says what it runs into"
    yield Finding("events", "wrong", f"the oldest has waited for {waiting:.0f} s to be delivered: {why}")


def _settings_table(settings: Settings) -> Table:
    table = Table(
        Column("setting", no_wrap=True),
        Column("value", overflow="fold"),
        Column("source", overflow="fold"),
        box=box.SIMPLE,
    )
    for name in RULES:
        table.add_row(name, settings.shown(name), settings.sources.get(name, "default"))
    for variable in settings.ignored:
        table.add_row(variable, "[yellow]not a setting; ignored[/]", "environment")
    return table
