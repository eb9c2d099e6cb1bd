"""All comparisons, in their order: tree, rows, seals, the outside copy, and what witnesses have co-signed."""

from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from nsor.ledger.cosignature import WitnessVerifier
from nsor_server.ledger import epoch
from nsor_server.storage.keyring import Keyring
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
    of_entries = contents.of_entries(conn, keyring, verification.report)
    verification.each = of_entries.entry
    report = verification.run()
    of_entries.finish()
    records.compare(conn, report)
    contents.compare(conn, keyring, report)
    indexes.compare(conn, report)
    try:
        epoch.check(conn, keyring, origin, witnesses)
    except (epoch.ForgedEpoch, epoch.EpochNotCosigned) as error:
        report.add(-1, str(error))
    path, end = copy
    if path.exists():
        reconcile.copy(conn, path, keyring, verification.epochs, report, end=end)
    elif copy_was_there:
        report.add(-1, "there is no outside copy to compare, and there was one")
    else:
        report.remarks.append("there is no outside copy to compare")
    statements.compare(conn, verification, keyring)
    report.sort()
    return report
