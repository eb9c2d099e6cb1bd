"""What holds after a crash: no answer without a durable entry, nothing half written, every kept leaf in the tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import psycopg

from tests.operating import operated
from tests.soak.deployment import PROSECUTION, Deployment
from tests.soak.load import ANSWERED, Attempt, Kind

_HALF_WRITTEN = {
    "a version without its entry": """
        SELECT count(*) FROM registration_version AS v WHERE NOT EXISTS (
            SELECT FROM ledger_record AS r WHERE r.table_name = 'registration_version'
            AND r.row_id = uuid_send(v.registration_id) AND r.version = v.version)""",
    "an entry without its version": """
        SELECT count(*) FROM ledger_record AS r WHERE r.table_name = 'registration_version' AND NOT EXISTS (
            SELECT FROM registration_version AS v
            WHERE uuid_send(v.registration_id) = r.row_id AND v.version = r.version)""",
    "a registration without its key": """
        SELECT count(*) FROM registration_version WHERE registration_id NOT IN (
            SELECT registration_id FROM registration_key)""",
    "a registration that nobody was told of": """
        SELECT count(*) FROM registration_version WHERE registration_id NOT IN (
            SELECT registration_id FROM outbox WHERE registration_id IS NOT NULL
            UNION ALL SELECT registration_id FROM agency_event WHERE registration_id IS NOT NULL)""",
    "a remembered request without its entry": """
        SELECT count(*) FROM idempotency WHERE access_id NOT IN (SELECT access_id FROM ledger_entry)""",
    "a look-up without its entry": """
        SELECT count(*) FROM look_up WHERE access_id NOT IN (SELECT access_id FROM ledger_entry)""",
    "an answered look-up that wasn't written down": """
        SELECT count(*) FROM ledger_entry AS a
        WHERE position('nsor.v1.LookupService/LookUpRegistration'::bytea in a.leaf) > 0
        AND a.outcome = 1 AND NOT EXISTS (SELECT FROM look_up AS l WHERE l.access_id = a.access_id)""",
    "a leaf without its detail": """
        SELECT count(*) FROM ledger_entry FULL JOIN ledger_detail USING (index)
        WHERE num_nulls(leaf, sealed) > 0""",
    "a head that isn't the tree's": """
        SELECT count(*) FROM ledger_head WHERE size <> (SELECT count(*) FROM ledger_entry)
        OR size <> (SELECT max(index) + 1 FROM ledger_entry) OR size <> (SELECT max(size) FROM ledger_checkpoint)""",
}
"""What may be found nowhere, and how it would be."""


class Broken(AssertionError):
    """A promise was broken."""


def check(deployment: Deployment, attempts: Sequence[Attempt], *, everything: bool = False) -> int:
    """See that all promises were kept; the register serves. Returns how many leaves the agencies hold.

    Args:
        deployment: the register and its agencies.
        attempts: the calls that were made.
        everything: have every leaf proven by the register once more, not only those since the last time.

    Raises:
        Broken: says which wasn't.
        ProofFailed: a leaf that a client holds isn't in the tree, or the tree isn't the one that was shown.
    """
    with deployment.owner() as owner:
        _nothing_half_written(owner)
        held = _every_held_leaf_is_stored(deployment, owner)
    _every_answer_is_held(attempts, held)
    for agency in tuple(deployment.clients):
        with deployment.new_client(agency) as client:
            client.verify_ledger(everything=everything)
    verified = operated(deployment.register.environment, "ledger", "verify")
    if verified.returncode:
        raise Broken(
            f"ledger verify ended with {verified.returncode}: {verified.stdout[-500:]}{verified.stderr[-500:]}"
        )
    return len(held)


def check_repeats(deployment: Deployment, attempts: Sequence[Attempt]) -> int:
    """Send every creation whose outcome is unknown again: it was entered whole, or not at all, and is entered once.

    Returns:
        How many there were.
    """
    creations = [attempt for attempt in attempts if attempt.kind is Kind.CREATE]
    entered = [attempt.message.registration_id for attempt in creations if attempt.outcome == ANSWERED]
    unknown = [attempt.request for attempt in creations if attempt.outcome != ANSWERED]
    again = deployment.client(PROSECUTION).registration.create_registration
    entered += [again(request).message.registration_id for request in unknown]
    if len(set(entered)) != len(creations):
        raise Broken("two creations have one registration")
    deployment.registrations.update(entered)
    with deployment.owner() as owner:
        stored = {str(row[0]) for row in owner.execute("SELECT registration_id FROM registration_version")}
    if missing := deployment.registrations - stored:
        raise Broken(f"registrations that were answered are not stored: {len(missing)}")
    if twice := stored - deployment.registrations:
        raise Broken(f"registrations were entered that nobody was told of: {len(twice)}")
    return len(unknown)


def _nothing_half_written(owner: psycopg.Connection) -> None:
    for what, query in _HALF_WRITTEN.items():
        found = owner.execute(query.encode()).fetchall()[0][0]
        if found:
            raise Broken(f"{what}: {found}")


def _every_held_leaf_is_stored(deployment: Deployment, owner: psycopg.Connection) -> dict[str, int]:
    """Compare the agencies' journals with the stored bytes; gives the indexes of the held leaves by access id."""
    held: dict[str, int] = {}
    for client in deployment.clients.values():
        kept = list(client._connection.journal.leaves())
        rows = owner.execute(
            "SELECT index, leaf FROM ledger_entry WHERE index = ANY(%s)", ([leaf.index for leaf in kept],)
        )
        stored = dict(_pairs(rows))
        for leaf in kept:
            if stored.get(leaf.index) != leaf.leaf:
                raise Broken(f"entry {leaf.index} isn't the one that {client.agency_id} holds")
            held[leaf.access_id] = leaf.index
    return held


def _pairs(rows: Iterable[tuple[int, bytes]]) -> Iterable[tuple[int, bytes]]:
    return ((index, bytes(leaf)) for index, leaf in rows)


def _every_answer_is_held(attempts: Sequence[Attempt], held: dict[str, int]) -> None:
    for attempt in attempts:
        if attempt.outcome == ANSWERED and not attempt.proven:
            raise Broken(f"a {attempt.kind.value} was answered without a proof")
        if attempt.proven and attempt.access_id not in held:
            raise Broken(f"the leaf of a {attempt.kind.value} isn't held")
        if attempt.index >= 0 and held[attempt.access_id] != attempt.index:
            raise Broken(f"the leaf of a {attempt.kind.value} has another index")
