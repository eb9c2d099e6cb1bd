"""Seals that two officers have signed into files, and an operator enters: for when the front door isn't trusted.

The same two persons as by the front door, and the same two steps, in one entry. Nothing is unsealed this way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

import psycopg

from nsor.seal_statement import SignedStatement, StatementError
from nsor.v1 import directory_pb2, options_pb2, register_seal_pb2
from nsor_server.access import decisions, register_seal
from nsor_server.access.decisions import Person
from nsor_server.access.register_seal import Step, Taken
from nsor_server.calls import Agency, DecidedRows
from nsor_server.config import OperatorError
from nsor_server.directory import register_seals
from nsor_server.events import recipients
from nsor_server.ledger import operator
from nsor_server.policy.deadlines import REGISTER_SEAL_PROPOSAL
from nsor_server.policy.loaded import Policy
from nsor_server.storage import decided_rows
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

COMMAND: Final = "nsor-server/seal"
EARLY: Final = dt.timedelta(minutes=5)
"""An officer's clock may be so much ahead of the database's."""


class NotSealed(OperatorError):
    """The register isn't sealed by these files; says why."""


def holds(encoded: bytes, step: Taken, public_key: bytes) -> bool:
    """Whether a stored statement is one of a step, and its officer's key has signed it."""
    try:
        signed = SignedStatement.decode(encoded)
    except StatementError:
        return False
    said = (signed.statement.seal_id, signed.statement.reason, signed.officer_key_id)
    return said == (step.seal_id, step.reason, step.officer_key) and signed.holds(public_key)


def seal(conn: psycopg.Connection, keyring: Keyring, policy: Policy, files: Sequence[bytes]) -> Taken:
    """Seal the register by two officers' statements, as one entry; gives the step that set the seal.

    Args:
        conn: the owner's role; the caller commits.
        keyring: for the entry.
        policy: in force: it says how long a statement is taken.
        files: two, each with one officer's signature.

    Raises:
        NotSealed: a file isn't a statement of this register by an officer who decides for NPB, its time is over, the
            two aren't one statement of two persons, its seal was set before, or the register is sealed.
    """
    conn.execute("SELECT FROM ledger_head FOR UPDATE")
    rows, now = decided_rows.unproved(conn), operator.now(conn)
    found = [_signed(each) for each in files]
    if len({each.statement for each in found}) != 1 or len(found) != 2:
        raise NotSealed("Two files are needed, in which two officers have signed one and the same statement.")
    statement = found[0].statement
    ((origin,),) = conn.execute("SELECT origin FROM ledger_head").fetchall()
    if statement.register != origin:
        raise NotSealed(f"The statement is of another register than {origin}.")
    persons = [_officer(rows, policy, each, now) for each in found]
    if persons[0].is_same(persons[1]):
        raise NotSealed("Both signatures are of one person: two officers of NPB seal the register.")
    stands = register_seal.standing(rows)
    if stands.is_sealed:
        raise NotSealed(f"The register is sealed, since {stands.seal[-1].at:%Y-%m-%d %H:%M} UTC.")
    if any(row["seal_id"].bytes == statement.seal_id for row in rows[register_seal.TABLE]):
        raise NotSealed("By this statement the register was sealed before. To seal it again, two officers sign anew.")
    steps = [
        Taken(step, statement.seal_id, statement.seal_id, statement.reason, each.agency_id, each.key_id, now)
        for step, each in zip((Step.SEAL_PROPOSED, Step.SEALED), persons, strict=True)
    ]
    made = [register_seals.row(step, stands.version + 1 + nth, files[nth])[0] for nth, step in enumerate(steps)]
    detail = record_pb2.AccessDetail(outcome="REGISTER_SEALED", subjects=[statement.seal_id])
    told = register_seals.events(_agencies(rows), Step.SEALED)
    operator.record(conn, keyring, method=COMMAND, detail=detail, rows=(*made, *told))
    return steps[-1]


def _signed(file: bytes) -> SignedStatement:
    try:
        signed = SignedStatement.decode(file)
    except StatementError:
        raise NotSealed("A file isn't a signed statement as `nsor seal sign` writes it.") from None
    if not signed.statement.reason or signed.statement.reason not in register_seal_pb2.RegisterSealReason.values():
        raise NotSealed("The statement gives no reason.")
    return signed


def _officer(rows: DecidedRows, policy: Policy, signed: SignedStatement, now: dt.datetime) -> Person:
    """The officer who has signed a statement, who decides for NPB.

    Raises:
        NotSealed: nobody such has, or too long ago.
    """
    key_id = signed.officer_key_id
    npb = {row["agency_id"] for row in rows["agency"] if row["kind"] == options_pb2.AGENCY_KIND_NPB}
    disabled = {row["key_id"] for row in rows["officer_disabled"]}
    for row in rows["officer"]:
        if row["key_id"] == key_id and row["agency_id"] in npb and row["decides"] and key_id not in disabled:
            break
    else:
        raise NotSealed(f"The key {key_id.hex()[:16]} isn't that of an officer who decides for NPB.")
    if row["kind"] == directory_pb2.KEY_KIND_SYSTEM or not signed.holds(row["public_key"]):
        raise NotSealed(f"The signature of the key {key_id.hex()[:16]} doesn't hold.")
    since = dt.datetime.fromtimestamp(signed.signed_at_us / 1_000_000, dt.UTC)
    if since > now + EARLY or now >= policy.deadlines.due(REGISTER_SEAL_PROPOSAL, since).due:
        raise NotSealed(f"The statement of the key {key_id.hex()[:16]} was signed too long ago, or isn't yet.")
    own = decisions.own_numbers(rows["officer"])[key_id]
    if not own:
        raise NotSealed(f"The officer of the key {key_id.hex()[:16]} has no own CNIC here. Replace the key.")
    return Person(row["agency_id"], row["officer_number"], key_id, own=own)


def _agencies(rows: DecidedRows) -> recipients.Agencies:
    return {
        row["agency_id"]: Agency(row["agency_id"], row["kind"], tuple(row["jurisdiction"]), enabled=True)
        for row in rows["agency"]
    }
