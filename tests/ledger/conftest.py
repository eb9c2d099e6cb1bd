"""A ledger on a database of its own, and entries to write into it."""

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nsor.ledger import merkle
from nsor.ledger.v1 import leaf_pb2
from nsor_server.calls import new_access_id
from nsor_server.ledger import directory_proof
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Appended, Entry
from nsor_server.ledger.guard import CommitGuard
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.v1 import record_pb2
from tests.ledger.trees import Tree

ORIGIN = "nsor.gov.pk/ledger"

NewEntry = Callable[..., Entry]
Write = Callable[..., Appended]


@pytest.fixture(scope="session")
def with_tree(copied: Callable[[str, str], Database], empty: str) -> str:
    """Name of a template with a tree of many leaves, which takes a second to store."""
    name = f"{empty}_tree"
    with copied(name, empty) as database:
        Tree(database).store()
    return name


@pytest.fixture
def template(request: pytest.FixtureRequest, template: str) -> str:
    """As everybody's, but for who asks for that tree."""
    return str(request.getfixturevalue("with_tree")) if "tree" in request.fixturenames else template


@pytest.fixture
def tree(database: Database) -> Tree:
    """That tree, in a test's own database."""
    return Tree(database)


@pytest.fixture
def new_entry() -> NewEntry:
    """Makes an entry that is labelled as its detail says; keyword arguments replace its fields."""

    def make(**changes: Any) -> Entry:
        fields: dict[str, Any] = {
            "access_id": new_access_id(),
            "agency": "punjab-police",
            "method": "nsor.v1.LookupService/LookUpRegistration",
            "purpose": 3,
            "outcome": leaf_pb2.OUTCOME_ALLOWED,
            "trace_id": os.urandom(16),
            "call_hash": hashlib.sha256(os.urandom(8)).digest(),
            "answer_hash": hashlib.sha256(os.urandom(8)).digest(),
            "detail": record_pb2.AccessDetail(outcome="FOUND", officer_key=os.urandom(32)).SerializeToString(),
        }
        fields.update(changes)
        detail = record_pb2.AccessDetail.FromString(fields["detail"])
        labelled = {name: getattr(detail, name) for name in ("officer_key", "case_reference", "named")}
        return Entry(**{**labelled, **fields})

    return make


@pytest.fixture
def ledger(keyring: Keyring) -> Ledger:
    """The ledger."""
    return Ledger(keyring, ORIGIN)


@pytest.fixture
def guard(database: Database) -> Iterator[CommitGuard]:
    """A watchdog that waits no longer than a test can."""
    guard = CommitGuard(database.connect, timeout_seconds=0.5)
    yield guard
    guard.close()


@pytest.fixture
def write(database: Database, ledger: Ledger, new_entry: NewEntry) -> Write:
    """Commits a batch of entries: as many as asked for, or those that are given."""

    def commit(count: int = 1, *entries: Entry, **options: Any) -> Appended:
        with database.transaction() as conn:
            return ledger.append(conn, entries or [new_entry() for _ in range(count)], **options)

    return commit


def set_size(database: Database, ledger: Ledger, size: int) -> None:
    """Let the ledger begin at a size, with hashes of nothing, which this ledger takes for its own past."""
    frontier = merkle.Frontier(size, [os.urandom(32) for _ in range(size.bit_count())])
    ledger.continuity.known(
        directory_proof.Proved("", size, frontier.root(), frontier.encode(), 0, 0, deciding.NO_HASH)
    )
    with database.owner() as conn:
        conn.execute(
            "UPDATE ledger_head SET size = %s, frontier = %s, root = %s", (size, frontier.encode(), frontier.root())
        )
