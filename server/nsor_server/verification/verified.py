"""All comparisons, in their order: tree, rows, seals, the outside copy, and what witnesses have co-signed."""

import contextlib
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
from psycopg import pq
from psycopg.rows import TupleRow

from nsor.ledger.cosignature import WitnessVerifier
from nsor_server.ledger import epoch
from nsor_server.registration.closure import erasures
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.verification import contents, indexes, reconcile, records
from nsor_server.verification.report import Report
from nsor_server.verification.walk import Verification
from nsor_server.verification.witnesses import CoSigned


def verified(
    conn: psycopg.Connection[TupleRow],
    keyring: Keyring,
    origin: str,
    copy: tuple[Path, int],
    statements: CoSigned | None = None,
    *,
    witnesses: Sequence[WitnessVerifier] = (),
    copy_was_there: bool = False,
    progress: Callable[[int, int], None] | None = None,
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
        progress: is called with (entries done, entries in all).
    """
    statements = statements or CoSigned((), ())
    verification = Verification(conn, keyring, origin, sizes=statements.sizes, progress=progress)
    report = verification.report
    erased = erasures.Erased()
    with _reported(report):
        erased = erasures.erased(conn, Sealer(keyring))
        verification.erased = erased.entries
        of_entries = contents.of_entries(conn, keyring, report, erased)
        verification.each = of_entries.entry
        verification.run()
        of_entries.finish()
    comparisons: Sequence[Callable[[], None]] = (
        lambda: records.compare(conn, report, erased=erased.answers),
        lambda: contents.compare(conn, keyring, report),
        lambda: indexes.compare(conn, report),
        lambda: _epochs(conn, keyring, origin, witnesses, report),
        lambda: _copy(conn, keyring, copy, verification, was_there=copy_was_there),
        lambda: statements.compare(conn, verification, keyring),
    )
    for compare in comparisons:
        if conn.info.transaction_status == pq.TransactionStatus.INERROR:
            conn.rollback()  # PostgreSQL has refused a statement: there is nothing more to be had of this snapshot
            break
        with _reported(report):
            compare()
    report.sort()
    return report


@contextlib.contextmanager
def _reported(report: Report) -> Iterator[None]:
    """What one comparison can't read is a finding, and the next one is made all the same.

    Whoever owns the tables can put there what no statement of ours writes, such as no value where one must be.
    """
    try:
        yield
    except psycopg.OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, not all was compared
        *_, where = traceback.extract_tb(error.__traceback__)
        at = f"{type(error).__name__} in {Path(where.filename).name} line {where.lineno}"
        report.add(-1, f"the tables hold what the register never writes ({at}): a comparison ended there")


def _epochs(
    conn: psycopg.Connection[TupleRow],
    keyring: Keyring,
    origin: str,
    witnesses: Sequence[WitnessVerifier],
    report: Report,
) -> None:
    try:
        epoch.check(conn, keyring, origin, witnesses)
    except (epoch.ForgedEpoch, epoch.EpochNotCosigned) as error:
        report.add(-1, str(error))


def _copy(
    conn: psycopg.Connection[TupleRow],
    keyring: Keyring,
    copy: tuple[Path, int],
    verification: Verification,
    *,
    was_there: bool,
) -> None:
    path, end = copy
    if path.exists():
        reconcile.copy(conn, path, keyring, verification.epochs, verification.report, end=end)
    elif was_there:
        verification.report.add(-1, "there is no outside copy to compare, and there was one")
    else:
        verification.report.remarks.append("there is no outside copy to compare")
