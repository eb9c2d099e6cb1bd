"""The policy of a register that a test makes by itself, as a server's first start enters it, or puts another one in."""

from nsor_server.calls import Row
from nsor_server.directory import policies
from nsor_server.ledger import operator
from nsor_server.policy import documents, store
from nsor_server.policy.loaded import Policy
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.v1 import record_pb2

ORIGIN = "nsor.gov.pk/ledger"


def enter(database: Database, keyring: Keyring, origin: str = ORIGIN, policy: Policy | None = None) -> None:
    """Enter a policy, or the one that ships; again it changes nothing."""
    with database.transaction() as conn:
        policies.begin(conn, keyring, origin, policy or Policy.load())


def replace(database: Database, keyring: Keyring, name: str, toml: bytes) -> None:
    """Put another document in force, on the record, as an adoption does."""
    content = documents.canonical(documents.parse(name, toml))
    with database.owner() as conn:
        version = store.in_force(conn).version + 1
        values = (name, version, documents.digest(name, content), content, None, None, operator.now(conn))
        row = Row(deciding.POLICY_VERSIONS, values)
        detail = record_pb2.AccessDetail(outcome="TEST")
        operator.record(conn, keyring, method="nsor-server/test", detail=detail, rows=[row])
