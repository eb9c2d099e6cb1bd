"""The alarm over a stored row that isn't what it is held to: the same alert and the same error, whoever reads it."""

from typing import Final

from nsor_server import errors
from nsor_server.alerts import Alert, alert

_NOT_AS_SEALED: Final = "a row of %s is not what is sealed"


def contradicted(table: str, problem: str = _NOT_AS_SEALED) -> errors.Internal:
    """Raise the alarm; the caller of the RPC is told INTERNAL, and ``nsor-server ledger verify`` says where.

    Args:
        table: whose row it is.
        problem: what is wrong, with a place for the table's name and no value of a row.
    """
    alert(Alert.ROW_CONTRADICTED, problem, table)
    return errors.Internal()
