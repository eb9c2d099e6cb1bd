"""Alerts: the lines of the log that somebody has to act upon, all in one form.

``ALERT CODE: text``. The code is one of a closed list, so that a monitoring system matches `PATTERN` and nothing else;
the runbook has a row for each: what it means and what to do. A line names tables, columns and classes of errors, never
a value: whatever could be a person's is not in it.
"""

import enum
import logging
import re
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Final

PATTERN: Final = r"\bALERT [A-Z_]+: "
CODE: Final = re.compile(r"ALERT ([A-Z_]+): ")
"""A message that is one, with its code."""

_log = logging.getLogger(__name__)


class Alert(enum.StrEnum):
    """What there is to act upon."""

    ROW_CONTRADICTED = "ROW_CONTRADICTED"
    """A stored row isn't what its seal, or the ledger, says: somebody wrote to the database past the register."""
    LEDGER_DISCONTINUED = "LEDGER_DISCONTINUED"
    """The ledger's head doesn't continue what this server has signed: it was rolled back, or somebody wrote to it."""
    DIRECTORY_CONTRADICTED = "DIRECTORY_CONTRADICTED"
    """The rows that decide aren't those of the ledger; the server goes on with the last that were, for a minute."""
    POLICY_UNUSABLE = "POLICY_UNUSABLE"
    """A policy was adopted that this release can't use; the server goes on with the one before, for a minute."""
    CLOCK_STEPPED = "CLOCK_STEPPED"
    """The database's clock and the time that has passed differ."""
    CALL_FAILED = "CALL_FAILED"
    """A call failed by a fault of the program."""
    DATABASE_UNSOUND = "DATABASE_UNSOUND"
    """The database can't be written, isn't durable, or isn't the one that it must be: nothing is answered."""
    DATABASE_STOPPED = "DATABASE_STOPPED"
    """The embedded PostgreSQL has stopped; it is started again."""
    SCHEMA_CHANGED = "SCHEMA_CHANGED"
    """The catalog isn't what the migrations make."""
    COPY_BEHIND = "COPY_BEHIND"
    """The outside copy of the checkpoints is missing, or can't be written."""
    EVENTS_BEHIND = "EVENTS_BEHIND"
    """No event is delivered: subscribers hear nothing."""
    MOVEMENTS_WAIT = "MOVEMENTS_WAIT"
    """More movements over the border are reported than the fixed times compare: their alerts come late."""
    LEDGER_BROKEN = "LEDGER_BROKEN"
    """A verification has found something wrong with the ledger, or with what is held to it."""
    LEDGER_TORN = "LEDGER_TORN"
    """The end of the ledger isn't what was signed: entries were lost or changed."""


_lock = threading.Lock()
_counts: Counter[str] = Counter()


def counts() -> Mapping[str, int]:
    """How many lines of each code this process has written, also of those of which there were none."""
    with _lock:
        return {each.value: _counts[each.value] for each in Alert}


def alert(code: Alert, text: str, *arguments: object) -> None:
    """Write one line.

    Args:
        code: what there is to act upon.
        text: in the form of logging, with a place for each argument.
        arguments: names of tables and columns, classes of errors, numbers; no value of a row.
    """
    with _lock:
        _counts[code.value] += 1
    _log.critical("ALERT %s: " + text, code.value, *arguments)
