"""All comparisons: the tree with what stands in it by its hash, what details say, and what registrations say.

They share one snapshot, and registrations are told again by the entries whose details were opened; nothing else. So
that part may run in another process (`second.py`). Whether it does changes nothing of what is found.
"""

import contextlib
import dataclasses
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from nsor.ledger.cosignature import WitnessVerifier
from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger import epoch, key_rotation
from nsor_server.registration.closure import erasures
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_server.verification import contents, indexes, reconcile, records
from nsor_server.verification.details import OfDetails, Opened, PassOn
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
    beside: Callable[[], Report] | None = None,
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
        beside: the same of what `indexes.compare` finds.
    """
    statements = statements or CoSigned((), ())
    tree = Tree(conn, keyring, origin, sizes=statements.sizes, progress=progress)
    report = tree.report
    comparisons: Sequence[Callable[[], object]] = (
        tree.run,
        lambda: records.compare(conn, report, erased=_erased(conn, keyring).answers),
        lambda: indexes.compare(conn, report) if beside is None else None,
        lambda: _epochs(conn, keyring, origin, witnesses, report),
        lambda: _copy(conn, keyring, copy, tree, was_there=copy_was_there),
        lambda: statements.compare(conn, tree, keyring),
    )

    def own() -> Report:
        for compare in comparisons:
            with reported(conn, report):
                compare()
        return Report()

    _join(report, own, beside or Report, second or (lambda: of_contents(conn, keyring)))
    report.sort()
    if report.reached is not None:
        report.reached = dataclasses.replace(report.reached, copied=copy[1] if copy[0].exists() else 0)
    return report


def _join(report: Report, *parts: Callable[[], Report]) -> None:
    """Take over what other parts have found.

    One that ends before its end doesn't keep from anybody what was found: whoever owns the database could see to that.

    Raises:
        Exception: what has ended a part before all was compared, and nothing was found.
    """
    failed: Exception | None = None
    for part in parts:
        try:
            report.join(part())
        except Exception as error:  # noqa: BLE001 - whatever it is, not all was compared, and that is said
            failed = failed or error
    with kept(report):
        if failed is not None:
            raise failed


@contextlib.contextmanager
def kept(report: Report) -> Iterator[None]:
    """What was found stays found, whatever ends what follows; where nothing was, that ends the verification."""
    try:
        yield
    except Exception as error:
        if not report.findings:
            raise
        report.add(-1, f"not all was compared ({type(error).__name__}): verify again, there may be more")


def of_contents(conn: Connection, keyring: Keyring, progress: Progress | None = None) -> Report:
    """Compare what details and seals say with all that is stored; the findings aren't sorted.

    Args:
        conn: any role that may read, in the snapshot in which the tree is compared.
        keyring: opens.
        progress: hears how far it has come along the entries.
    """
    report = Report()
    found = of_details(conn, keyring, lambda: following(conn, keyring, report), progress)
    of_rows(conn, keyring, report)
    return of_both(report, found)


def of_both(of_registrations: Report, found: Report) -> Report:
    """What details and registrations have said as one report."""
    return Report(
        findings=of_registrations.findings + found.findings,
        remarks=found.remarks + of_registrations.remarks,
        leaves=found.leaves,
    )


def of_details(
    conn: Connection,
    keyring: Keyring,
    begin: Callable[[], contextlib.AbstractContextManager[PassOn]],
    progress: Progress | None = None,
) -> Report:
    """Open each detail, and compare with it what needs nothing of registrations.

    Args:
        conn: any role that may read, in the snapshot in which the tree is compared.
        keyring: opens.
        begin: gives what takes the entries that were opened: `following`, here or elsewhere.
        progress: hears how far it has come.
    """
    report = Report()
    with reported(conn, report):
        erased = _erased(conn, keyring)
        of_entries = contents.of_details(conn, keyring, report)
        walk = OfDetails(conn, keyring, report, erased=erased.entries, of_entries=of_entries)
        with begin() as pass_on:
            walk.run(pass_on, progress)
        of_entries.finish()
    return report


@contextlib.contextmanager
def following(conn: Connection, keyring: Keyring, report: Report) -> Iterator[PassOn]:
    """Compare what entries have made of registrations with what is stored, as the entries are passed on.

    Args:
        conn: any role that may read, in the snapshot in which the entries were read.
        keyring: opens.
        report: gets the findings.
    """
    with contextlib.closing(_following(conn, keyring, report)) as steps:
        next(steps)
        yield steps.send


def _following(conn: Connection, keyring: Keyring, report: Report) -> Generator[None, Opened | None, None]:
    with reported(conn, report):
        of_entries = contents.of_registrations(conn, keyring, report, _erased(conn, keyring))
        while (opened := (yield)) is not None:
            index, leaf, detail = opened
            of_entries.entry(
                index,
                leaf_pb2.Leaf.FromString(leaf),
                None if detail is None else record_pb2.AccessDetail.FromString(detail),
            )
        of_entries.finish()
    # Where a comparison has ended with a finding, the entries that follow concern nobody.
    while True:
        yield


def of_rows(conn: Connection, keyring: Keyring, report: Report, went_on: Callable[[], None] = lambda: None) -> None:
    """Compare what is stored beside the entries, service by service; ``went_on`` is called after each."""
    with reported(conn, report):
        contents.compare(conn, keyring, report, went_on)


def _erased(conn: Connection, keyring: Keyring) -> erasures.Erased:
    return erasures.erased(conn, Sealer(keyring))


@contextlib.contextmanager
def reported(conn: Connection, report: Report) -> Iterator[None]:
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
        key_rotation.check(conn, keyring, origin)
    except (epoch.ForgedEpoch, epoch.EpochNotCosigned, key_rotation.ForgedRotation) as error:
        report.add(-1, str(error))


def _copy(conn: Connection, keyring: Keyring, copy: tuple[Path, int], tree: Tree, *, was_there: bool) -> None:
    path, end = copy
    if path.exists():
        reconcile.copy(conn, path, keyring, tree.epochs, tree.report, end=end)
    elif was_there:
        tree.report.add(-1, "there is no outside copy to compare, and there was one")
    else:
        tree.report.remarks.append("there is no outside copy to compare")
