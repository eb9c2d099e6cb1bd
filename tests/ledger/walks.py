"""Tree and details of a ledger compared, without the rows of the services."""

from collections.abc import Callable

import psycopg

from nsor_server.ledger import partitions
from nsor_server.storage.keyring import Keyring
from nsor_server.verification.details import OfDetails
from nsor_server.verification.report import Report
from nsor_server.verification.tree import Tree
from tests.ledger.conftest import ORIGIN


def walked(
    conn: psycopg.Connection,
    keyring: Keyring,
    *then: Callable[[psycopg.Connection, Report], None],
    width: int = partitions.WIDTH,
    origin: str = ORIGIN,
) -> Report:
    """What is found, sorted; ``then`` compares more."""
    report = Tree(conn, keyring, origin).run()
    of_details = Report()
    OfDetails(conn, keyring, of_details, width=width).run()
    report.join(of_details)
    for compare in then:
        compare(conn, report)
    report.sort()
    return report
