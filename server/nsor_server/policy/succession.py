"""What a new policy owes the one before it: what was decided keeps the rule that it was decided by. Pure.

The contract is the ceiling and needs no rule here: whatever a policy says, the gate asks the contract first.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.policy import source
from nsor_server.policy.deadlines import DeadlineRow
from nsor_server.policy.loaded import Policy

_REMEMBERED_DAYS: Final = 1_100
"""For how long a day that was closed stays closed: three years, longer than anybody enters a notice late."""
_DAYS_AHEAD: Final = 3 * 366
"""Of so many days to come a document has to leave some open."""


def check(before: Policy, after: Policy, today: dt.date) -> None:
    """See that a policy may follow another one.

    A row of a deadline that has begun to count stays as it is, but for its citation and whether that was read: a
    deadline changes by a further row with its own ``valid_from``. Otherwise a record would name a rule that isn't
    there, and a notice that was in time would be late. For the same reason a day that was closed and has passed stays
    closed; a day that was announced late may be added. Offices that never open are a mistake, and so is a rule that
    ends later and isn't a deadline in days or years, and movements that end before they are looked for.

    Args:
        before: in force.
        after: proposed.
        today: the day in Asia/Karachi.

    Raises:
        source.PolicyError: it may not.
    """
    kept = {_counts(row) for row in after.deadlines.rows()}
    for row in before.deadlines.rows():
        if row.valid_from <= today and _counts(row) not in kept:
            raise source.PolicyError(
                f"deadlines: a row of {row.id} that counts since {_since(row)} was changed or is gone;"
                " leave it, and add a row with its own valid_from",
                path="deadline",
                reason=errors_pb2.FIELD_REASON_ROW_HAS_COUNTED,
            )
    changed = set(after.differs(before))
    if changed & {"deadlines", "holidays"}:
        after.deadlines.check_later()
    if changed & {"deadlines", "screening", "tripwires"}:
        after.tripwires.check_movements(after.deadlines, after.screening, today)
    if "holidays" in changed:
        after.holidays.check_open(today - dt.timedelta(days=_REMEMBERED_DAYS), _REMEMBERED_DAYS + _DAYS_AHEAD)
    for number in range(_REMEMBERED_DAYS):
        day = today - dt.timedelta(days=number)
        for unit in before.holidays.units():
            if before.holidays.code(day, unit) and not after.holidays.code(day, unit):
                raise source.PolicyError(
                    f"holidays: {day} was closed and would not be any more; leave what has passed, and end a yearly"
                    " holiday with valid_to, a weekend with a further row",
                    path="holidays",
                    reason=errors_pb2.FIELD_REASON_ROW_HAS_COUNTED,
                )


def _counts(row: DeadlineRow) -> tuple[object, ...]:
    """What of a row decides."""
    return row.id, row.start_event, row.minutes, row.hours, row.days, row.years, row.before, row.valid_from


def _since(row: DeadlineRow) -> str:
    return "ever" if row.valid_from == dt.date.min else row.valid_from.isoformat()
