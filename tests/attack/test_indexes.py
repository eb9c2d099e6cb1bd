"""The owner of the database switches an index off for a moment: nothing in the catalog shows it afterwards.

What was written meanwhile is in its table and in no index, and no statement of the server finds it.
"""

import contextlib
from collections.abc import Iterator

from nsor_server.storage import catalog
from nsor_server.verification import indexes
from nsor_server.verification.report import Report
from tests.attack.conftest import Owner
from tests.attack.test_set_back import NO_RECORD, confirmed, is_shown
from tests.orders import cnic
from tests.services import Services

LACKING = "a statement doesn't find them all"
ASTRAY = "has a row under another key than its own: a statement doesn't find it"


@contextlib.contextmanager
def off(owner: Owner, index: str, flag: str = "indisready") -> Iterator[None]:
    """An index is as if it weren't there, for everybody: what backends remember of its table is told to be old."""
    of_index = "(SELECT indrelid FROM pg_index WHERE indexrelid = '{}'::regclass)"
    told = f"UPDATE pg_class SET relname = relname WHERE oid = {of_index}"  # noqa: S608 - constants
    change = "UPDATE pg_index SET {} = {} WHERE indexrelid = '{}'::regclass"
    owner.does(change.format(flag, "false", index), told.format(index))
    yield
    owner.does(change.format(flag, "true", index), told.format(index))


def problems(owner: Owner) -> list[str]:
    report = Report()
    indexes.compare(owner.conn, report)
    return [each.problem for each in report.findings]


def test_whoever_was_confirmed_while_an_index_was_off_is_found(services: Services, owner: Owner) -> None:
    # He is in every table, sealed and recorded, and no look-up finds him.
    hidden, known = cnic(), cnic()
    confirmed(services, known)
    assert problems(owner) == []
    with off(owner, "registration_identifier_pkey"):
        confirmed(services, hidden)
    assert catalog.differences(owner.conn) == []
    found = owner.findings(of_indexes=True)
    assert len(found) == 1
    assert LACKING in found[0]
    assert not is_shown(services, hidden)
    assert is_shown(services, known)
    assert NO_RECORD in owner.findings(of_indexes=True)


def test_a_row_that_stands_under_another_key_is_found(services: Services, owner: Owner) -> None:
    # Changed with its index, and changed back without: the table is what it was, the index isn't.
    number = cnic()
    confirmed(services, number)
    owner.does(
        "CREATE TEMP TABLE before AS SELECT * FROM registration_identifier",
        "UPDATE registration_identifier SET blind = sha256(blind)",
    )
    with off(owner, "registration_identifier_pkey", "indislive"):
        owner.does("UPDATE registration_identifier SET blind = (SELECT blind FROM before)")
    assert problems(owner) == [f"the index registration_identifier_pkey of registration_identifier {ASTRAY}"]
    owner.does("SET enable_seqscan = off")
    look = "SELECT count(*) FROM registration_identifier WHERE kind = 1 AND blind = (SELECT blind FROM before)"
    assert owner.conn.execute(look.encode()).fetchall() == [(0,)]


def test_a_second_row_of_a_unique_key_is_found(services: Services, owner: Owner) -> None:
    number = cnic()
    confirmed(services, number)
    with off(owner, "registration_key_pkey", "indisunique"):
        owner.does("INSERT INTO registration_key SELECT * FROM registration_key")
    assert problems(owner) == [
        "the index registration_key_pkey of registration_key is unique, and has two rows of one key"
    ]


def test_a_hash_index_that_lacks_an_entry_is_found(services: Services, owner: Owner) -> None:
    confirmed(services, cnic())
    with off(owner, "ledger_entry_0_named_idx"):
        confirmed(services, cnic())
    (problem,) = problems(owner)
    assert problem.startswith("the index ledger_entry_0_named_idx of ledger_entry_0 has ")


def test_an_index_that_is_not_read_is_a_finding(services: Services, owner: Owner) -> None:
    # An index that can't be compared isn't one that is whole.
    confirmed(services, cnic())
    with off(owner, "notice_pkey", "indisvalid"):
        assert problems(owner) == ["the index notice_pkey of notice can't be compared: PostgreSQL doesn't read it"]
    assert problems(owner) == []


def test_two_rows_that_stand_under_each_others_key_are_found(services: Services, owner: Owner) -> None:
    # The keys are all there, and so are the rows.
    confirmed(services, cnic())
    exchanged = (
        "UPDATE ledger_entry AS mine SET access_id = other.access_id FROM ledger_entry AS other"
        " WHERE (mine.index, other.index) IN ((0, 1), (1, 0))"
    )
    owner.does(exchanged)
    with off(owner, "ledger_entry_0_access_id_idx", "indislive"):
        owner.does(exchanged)
    assert problems(owner) == [f"the index ledger_entry_0_access_id_idx of ledger_entry_0 {ASTRAY}"]
