"""All comparisons, in two parts: the tree with what stands in it by its hash, and what seals and details say.

The parts share one snapshot and nothing else, so that the second one may run in another process (`second.py`). Whether
it does changes nothing of what is found.
"""

import contextlib
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from nsor.ledger.cosignature import WitnessVerifier
from nsor_server.ledger import epoch
from nsor_server.registration.closure import erasures
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.verification import contents, indexes, reconcile, records
from nsor_server.verification.details import OfDetails
from nsor_server.verification.report import Report
from nsor_server.verification.tree import Progress, Tree
from nsor_server.verification.witnesses import CoSigned

Connection = psycopg.Connection[TupleRow]


def verified(
    conn: Connection,
    keyring: Keyring,
    origin: str,
    copy: tuple[Path, int],
    statements: CoSigned | None = None,
    *,
    witnesses: Sequence[WitnessVerifier] = (),
    copy_was_there: bool = False,
    progress: Progress | None = None,
    second: Callable[[], Report] | None = None,
) -> Report:
    """Compare everything that is stored with the ledger.

    Args:
        conn: any role that may read, in one snapshot.
        keyring: opens and verifies.
        origin: the ledger's first origin.
        copy: the outside copy, and up to which byte it is read: it was measured before the snapshot was taken.
        statements: what witnesses have co-signed.
        witnesses: each must have co-signed how every epoch was opened.
        copy_was_there: a copy that isn't there was taken away.
        progress: hears how far it has come.
        second: gives what `of_contents` finds in the same snapshot elsewhere, once it has ended; None: it runs here.
    """
    statements = statements or CoSigned((), ())
    tree = Tree(conn, keyring, origin, sizes=statements.sizes, progress=progress)
    report = tree.report
    comparisons: Sequence[Callable[[], object]] = (
        tree.run,
        lambda: records.compare(conn, report, erased=_erased(conn, keyring).answers),
        lambda: indexes.compare(conn, report),
        lambda: _epochs(conn, keyring, origin, witnesses, report),
        lambda: _copy(conn, keyring, copy, tree, was_there=copy_was_there),
        lambda: statements.compare(conn, tree, keyring),
    )
    for compare in comparisons:
        with _reported(conn, report):
            compare()
    report.join(of_contents(conn, keyring) if second is None else second())
    report.sort()
    return report


def of_contents(conn: Connection, keyring: Keyring, progress: Progress | None = None) -> Report:
    """Compare what details and seals say with all that is stored; the findings aren't sorted.

    Args:
        conn: any role that may read, in the snapshot in which the tree is compared.
        keyring: opens.
        progress: hears how far it has come along the entries, and then the last again while rows are compared.
    """
    report = Report()
    reached = (0, 0)

    def went(done: int, of: int) -> None:
        nonlocal reached
        reached = done, of
        went_on()

    def went_on() -> None:
        if progress is not None:
            progress(*reached)

    with _reported(conn, report):
        erased = _erased(conn, keyring)
        of_entries = contents.of_entries(conn, keyring, report, erased)
        OfDetails(conn, keyring, report, erased=erased.entries, of_entries=of_entries).run(went)
        of_entries.finish()
    with _reported(conn, report):
        contents.compare(conn, keyring, report, went_on)
    return report


def _erased(conn: Connection, keyring: Keyring) -> erasures.Erased:
    return erasures.erased(conn, Sealer(keyring))


@contextlib.contextmanager
def _reported(conn: Connection, report: Report) -> Iterator[None]:
    """What one comparison can't read is a finding, and the next one is made all the same.

    Whoever owns the tables can put there what no statement of ours writes, such as no value where one must be. Where
    PostgreSQL has refused a statement, what it still has of the snapshot begins at a savepoint.
    """
    try:
        with conn.transaction(force_rollback=True):
            yield
    except psycopg.OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, not all was compared
        *_, where = traceback.extract_tb(error.__traceback__)
        at = f"{type(error).__name__} in {Path(where.filename).name} line {where.lineno}"
        report.add(-1, f"the tables hold what the register never writes ({at}): a comparison ended there")


def _epochs(
    conn: Connection, keyring: Keyring, origin: str, witnesses: Sequence[WitnessVerifier], report: Report
) -> None:
    try:
        epoch.check(conn, keyring, origin, witnesses)
    except (epoch.ForgedEpoch, epoch.EpochNotCosigned) as error:
        report.add(-1, str(error))


def _copy(conn: Connection, keyring: Keyring, copy: tuple[Path, int], tree: Tree, *, was_there: bool) -> None:
    path, end = copy
    if path.exists():
        reconcile.copy(conn, path, keyring, tree.epochs, tree.report, end=end)
    elif was_there:
        tree.report.add(-1, "there is no outside copy to compare, and there was one")
    else:
        tree.report.remarks.append("there is no outside copy to compare")
