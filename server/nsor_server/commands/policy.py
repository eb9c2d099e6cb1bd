"""`nsor-server policy`: what is in force, and what a file, a folder or a proposal would change.

It changes nothing. Which counts another offence table would judge otherwise stands in sealed records: that they were
gone through is on the record before anything is said of them.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import psycopg
from rich.table import Table

from nsor.cli import screen
from nsor.counting import agreeing, counted
from nsor.policies import as_toml
from nsor_server import config, errors
from nsor_server.access.contract import Contract
from nsor_server.access.directory import compromised
from nsor_server.commands.folding import say
from nsor_server.commands.recording import recording
from nsor_server.config import OperatorError, Settings
from nsor_server.directory import policies, proposals
from nsor_server.formats.dates import KARACHI
from nsor_server.formats.uuids import raw, text
from nsor_server.ledger import operator
from nsor_server.policy import documents, explained, source, store, succession
from nsor_server.policy.loaded import Policy
from nsor_server.registration import rejudged
from nsor_server.storage import decided_rows
from nsor_server.storage.attach import attached, keyring_of
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_PATH = click.argument("path", required=False, type=click.Path(path_type=Path, exists=True))
_PROPOSAL = click.option("--proposal", metavar="ID", help="A proposal of the register, by its id or its beginning.")


@click.group()
def policy() -> None:
    """Show the policy in force, and what another one would change.

    Policy changes by a decision of two officers of NPB: `nsor policy propose` and `nsor policy adopt`.
    """


@policy.command()
@click.argument("document", required=False, type=click.Choice(tuple(documents.KINDS)))
def show(document: str | None) -> None:
    """List the documents in force, or print DOCUMENT as the register holds it: as TOML, to be edited and proposed."""
    with _register() as (_, conn):
        if document is not None:
            content = documents.canonical(store.in_force(conn).documents[document])
            screen.echo(as_toml(json.loads(content)), nl=False)
            return
        found = policies.in_force(decided_rows.unproved(conn))
        waiting = len(_open(conn, store.in_force(conn)))
    table = Table("Document", "Version", "Since", "By")
    for each in found:
        by = f"proposal {each.proposal_id.hex()[:8]}" if each.proposal_id else "the register's first start"
        table.add_row(each.name, str(each.version), f"{each.adopted_at.astimezone(KARACHI):%Y-%m-%d %H:%M PKT}", by)
    screen.console().print(table)
    say(agreeing("{} proposals are open.", waiting))


@policy.command()
@_PATH
@_PROPOSAL
def diff(path: Path | None, proposal: str | None) -> None:
    """Show row by row what PATH would change: a document, a folder, or else the files that the settings name."""
    with _register() as (settings, conn):
        before, after = _both(settings, conn, path, proposal)
    for name in before.differs(after):
        say(f"[bold]{name}[/]")
        for change in explained.changes(before, after, name):
            say(f"  {change.text()}", markup=False)
    _ending(before, after, proposal)


@policy.command()
@_PATH
@_PROPOSAL
def explain(path: Path | None, proposal: str | None) -> None:
    """Say in words what PATH would change: a document, a folder, or else the files that the settings name.

    Of another offence table it also lists the registrations with counts that it would judge otherwise, by id.
    """
    with _register() as (settings, conn):
        before, after = _both(settings, conn, path, proposal)
    ceiling: dict[int, frozenset[int]] = {}
    for rule in Contract.load().methods.values():
        for kind, allowed in rule.allow.items():
            ceiling[kind] = ceiling.get(kind, frozenset()) | frozenset(allowed.purposes)
    for sentence in explained.sentences(before, after, ceiling, _today()):
        say(f"- {sentence}", markup=False)
    if "offences" in before.differs(after):
        _judged_otherwise(settings, after)
    _ending(before, after, proposal)


@contextlib.contextmanager
def _register() -> Iterator[tuple[Settings, psycopg.Connection[Any]]]:
    settings = config.load(os.environ)
    with attached(settings) as database, contextlib.closing(database.connect()) as conn:
        yield settings, conn


def _both(
    settings: Settings, conn: psycopg.Connection[Any], path: Path | None, proposal: str | None
) -> tuple[Policy, Policy]:
    """The policy in force, and the one to compare with it."""
    before = store.in_force(conn)
    if path is not None and proposal is not None:
        raise click.UsageError("Name a PATH or a --proposal, not both.")
    if proposal is not None:
        found = _proposed(conn, before, proposal)
        return before, before.replaced(found.name, documents.decode(found.name, found.content))
    if path is None or path.is_dir():
        folder = settings.policy_dir if path is None else path
        if folder is not None:
            documents.check_folder(folder)
        # A folder proposes what it holds; the files of the release propose all.
        names = [name for name in documents.KINDS if path is None or (path / f"{name}.toml").exists()]
        parts = {**before.documents, **{name: documents.read(folder, name) for name in names}}
        return before, Policy.of(parts, before.versions)
    if path.stem not in documents.KINDS or path.suffix != ".toml":
        known = ", ".join(f"{name}.toml" for name in documents.KINDS)
        raise click.UsageError(f"{path.name} is no document of the policy; they are {known}.")
    return before, before.replaced(path.stem, documents.parse(path.stem, path.read_bytes()))


def _proposed(conn: psycopg.Connection[Any], before: Policy, text: str) -> policies.Proposal:
    found = [each for each in _open(conn, before) if each.proposal_id.hex().startswith(text.lower().replace("-", ""))]
    if len(found) == 1:
        return found[0]
    with contextlib.suppress(ValueError):
        older = policies.find(decided_rows.unproved(conn), raw(text))
        if older is not None:
            return older
    raise OperatorError("there is no such open proposal; `nsor policy list` lists them")


def _open(conn: psycopg.Connection[Any], policy: Policy) -> list[policies.Proposal]:
    rows = decided_rows.unproved(conn)
    beside = proposals.Beside(policy, operator.now(conn), compromised(rows))
    return proposals.open_ones(policies.made_against(rows, policy.version), beside)


def _judged_otherwise(settings: Settings, after: Policy) -> None:
    """List the counts that the offence table would judge otherwise than they were, by ids and positions."""
    keyring = keyring_of(settings)
    read = registrations = counts = 0
    with attached(settings) as database:
        with recording(database, settings) as owner:
            digest = documents.digest("offences", documents.canonical(after.documents["offences"]))
            detail = record_pb2.AccessDetail(outcome="COUNTS_JUDGED")
            operator.record(owner, keyring, method="nsor-server/policy-explain", detail=detail, call_hash=digest)
        with contextlib.closing(database.connect()) as conn:
            try:
                for registration_id, found in rejudged.otherwise(conn, Sealer(keyring), after.offences):
                    read, registrations = read + 1, registrations + bool(found)
                    for each in found:
                        counts += len(each.counts)
                        say(_line(registration_id, each))
            except errors.Internal:
                raise OperatorError("a registration isn't what was written: run `nsor-server ledger verify`") from None
    otherwise = (
        f"{counted(counts, 'counts')} of {registrations} of {counted(read, 'registrations')} would be judged otherwise"
    )
    say(f"- {otherwise}; they stay as they are.")


def _line(registration_id: bytes, found: rejudged.Rejudged) -> str:
    numbers = ", ".join(map(str, found.counts))
    return f"  registration {text(registration_id)}, conviction {text(found.conviction_id)}: counts {numbers}"


def _ending(before: Policy, after: Policy, proposal: str | None) -> None:
    """Say when nothing would change, when it couldn't be adopted, and who decides."""
    if not before.differs(after):
        say("Nothing would change.")
        return
    try:
        succession.check(before, after, _today())
    except source.PolicyError as error:
        raise OperatorError(f"it can't be adopted: {error}") from None
    if proposal is not None:
        say(f"It changes nothing until another officer of NPB decides: `nsor policy adopt {proposal}`.")
        return
    say("It changes nothing until two officers of NPB decide: `nsor policy propose FILE`, then `adopt`.")


def _today() -> dt.date:
    return dt.datetime.now(KARACHI).date()
