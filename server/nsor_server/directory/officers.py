"""Keys of officers and systems: enrolled once, disabled once, and neither ever taken back.

What stands already is read from the directory that the call was gated by, which is proved, and never from the database:
its owner could have a row away for as long as one call takes. What is seen of it (``Seen``) is compared when the call
is recorded, for races.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nsor.v1 import directory_pb2
from nsor_server.access import rows
from nsor_server.calls import Call, DecidedRows, Officer, RecordRef, Row, Seen, Versions
from nsor_server.storage import deciding

_ENROLLED: Final = Versions(
    "officer",
    ("bytea",),
    "(SELECT count(*) FROM officer WHERE key_id = q.k1) + (SELECT count(*) FROM focal_person WHERE key_id = q.k1)",
)
"""How often a key was enrolled, or entered as a focal person's: 0 or 1."""
_DISABLED: Final = Versions(
    "disabled officer", ("bytea",), "(SELECT count(*) FROM officer_disabled WHERE key_id = q.k1)"
)
"""How often a key was disabled: 0, 1, or 2 when it turned out later to be compromised."""
_ALONE: Final = Versions(
    "disabled alone",
    ("bytea",),
    "(SELECT count(*) FROM officer_disabled WHERE decided_by = q.k1 AND seconded_by IS NULL)",
)
"""How often a focal person has disabled a key without another one."""
_OF_NUMBER: Final = Versions(
    "officer number",
    ("text", "text"),
    """(SELECT count(*) + count(disabled.key_id) FROM officer AS o
        LEFT JOIN officer_disabled AS disabled ON disabled.key_id = o.key_id AND disabled.version = 1
        WHERE o.agency_id = q.k1 AND o.officer_number = q.k2)""",
)
"""How often keys were enrolled and disabled for an agency's number."""


_OF_OWN: Final = Versions(
    "own number",
    ("bytea",),
    """(SELECT count(*) + count(disabled.key_id) FROM officer AS o
        LEFT JOIN officer_disabled AS disabled ON disabled.key_id = o.key_id AND disabled.version = 1
        WHERE (o.agency_id, o.officer_number)
            IN (SELECT own.agency_id, own.officer_number FROM officer AS own WHERE own.own_number = q.k1))""",
)
"""How often keys were enrolled and disabled for all numbers of a person, by a keyed hash of his CNIC."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A key as it stands in the register: of an officer or a system, and when it was enrolled and disabled."""

    officer: Officer
    enrolled_at: dt.datetime
    disabled_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Disabled:
    """How a key was disabled.

    Attributes:
        times: how often: the second time it turned out to be compromised.
        at: when it was disabled first; None: it is live.
        compromised: whether it was disabled as compromised.
    """

    times: int
    at: dt.datetime | None
    compromised: bool


LIVE: Final = Disabled(0, None, compromised=False)
"""A key that isn't disabled."""


@dataclass(frozen=True, slots=True)
class OfNumber:
    """The keys of an agency's number.

    Attributes:
        version: how often keys were enrolled and disabled for it.
        live: id of the key that isn't disabled; a number has at most one.
        system: whether the live key is a system's.
        ever_decided: whether the officer of any of them, live or disabled, may or might sign decisions.
    """

    version: int
    live: bytes | None
    system: bool
    ever_decided: bool


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """The CNIC that is given as an officer's own.

    Attributes:
        key_id: of the key of ``value``.
        value: keyed hash; the same as it was given before, also after a rotation of the keys.
        has_another: whether its person has, or had, it beside another number of the caller's agency, whose key is live.
        seen: which keys there were for it.
    """

    key_id: int
    value: bytes
    has_another: bool
    seen: tuple[Seen, ...]


NO_OWN_NUMBER: Final = None, None
"""The columns of an officer's own number, of a system."""


def is_known(rows: DecidedRows, key_id: bytes) -> bool:
    """Tell whether any agency has, or ever had, that key: as an officer's, a system's or a focal person's."""
    return any(row["key_id"] == key_id for table in ("officer", "focal_person") for row in rows[table])


def of_number(call: Call, officer_number: str) -> OfNumber:
    """The keys of a number of the caller's agency. More than one live key is an error of the register."""
    keys = [
        officer
        for officer in call.officers.values()
        if (officer.agency_id, officer.officer_number) == (call.agency.agency_id, officer_number)
    ]
    live = [officer for officer in keys if not officer.disabled]
    if len(live) > 1:
        raise RuntimeError("a number has several live keys")
    return OfNumber(
        version=len(keys) + sum(officer.disabled for officer in keys),
        live=live[0].key_id if live else None,
        system=bool(live) and live[0].system,
        ever_decided=any(officer.decides for officer in keys),
    )


def own_number(call: Call, officer_number: str, values: Sequence[tuple[int, bytes]]) -> OwnNumber:
    """What the directory knows of a person who is to be enrolled.

    Args:
        call: of his focal person.
        officer_number: which he is to have.
        values: (key id, value) of his CNIC under every live key, the primary's first.
    """
    own, rows = (call.agency.agency_id, officer_number), call.decided["officer"]
    given = [value for _, value in values]
    known = [row for row in rows if row["own_number"] in given]
    first = min(known, key=lambda row: (row["enrolled_at"], row["key_id"]), default=None)
    key_id, value = (first["own_key_id"], first["own_number"]) if first else values[0]
    before = {row["own_number"] for row in rows if _number(row) == own and row["own_number"] is not None}
    numbers = {each: {_number(row) for row in rows if row["own_number"] == each} for each in before.union(given)}
    every = set().union(*numbers.values())
    live = {
        number: [not call.officers[row["key_id"]].disabled for row in rows if _number(row) == number]
        for number in every
    }
    return OwnNumber(
        key_id,
        value,
        any(
            agency_id == own[0] and (agency_id, number) != own and any(live[agency_id, number])
            for agency_id, number in every
        ),
        tuple(
            Seen(_OF_OWN, (each,), sum(len(live[number]) + live[number].count(False) for number in numbers[each]))
            for each in sorted(numbers)
        ),
    )


def _number(row: Mapping[str, Any]) -> tuple[str, str]:
    """Agency and number of a key."""
    return row["agency_id"], row["officer_number"]


def page(call: Call, *, after: bytes, limit: int) -> list[Enrolled]:
    """At most ``limit`` keys that the contract shows the caller, by number, the newest of a number first.

    Args:
        call: past the gate.
        after: the key behind which the page begins; empty: with the first one.
        limit: most of them.
    """
    enrolled_at = {row["key_id"]: row["enrolled_at"] for row in call.decided["officer"]}
    shown = sorted(
        (
            Enrolled(officer, enrolled_at[officer.key_id], disabled(call, officer.key_id).at)
            for officer in call.officers.values()
            if rows.shows(call.rows, rows.Said(own_agency=officer.agency_id), call.agency, call.officer)
        ),
        key=lambda each: (each.officer.officer_number, -each.enrolled_at.timestamp(), each.officer.key_id),
    )
    first = next((nth for nth, each in enumerate(shown, 1) if each.officer.key_id == after), 0)
    return shown[first : first + limit]


def enrolment(
    officer: Officer, before: OfNumber, own: OwnNumber | None, call: Call, enrolled_at: dt.datetime
) -> tuple[Row, RecordRef, tuple[Seen, ...]]:
    """The row of a key, what the ledger holds it to, and what it rests on.

    That is: nobody has that key yet, and the keys of the number, and of its person, are those ``before``.
    """
    kind = directory_pb2.KEY_KIND_SYSTEM if officer.system else directory_pb2.KEY_KIND_OFFICER
    row = Row(
        deciding.OFFICERS,
        (
            officer.key_id,
            officer.agency_id,
            officer.officer_number,
            officer.public_key,
            officer.jurisdiction,
            officer.grade,
            enrolled_at,
            call.access_id,
            int(kind),
            officer.decides,
            *((own.key_id, own.value) if own else NO_OWN_NUMBER),
            *signed_by(call),
        ),
    )
    seen = (
        Seen(_ENROLLED, (officer.key_id,), 0),
        Seen(_OF_NUMBER, (officer.agency_id, officer.officer_number), before.version),
        *(own.seen if own else ()),
    )
    return row, deciding.TABLES["officer"].ref(row), seen


def enrolled_of_late(call: Call) -> int:
    """How many keys the caller's agency has enrolled within the last minute."""
    since = call.now() - dt.timedelta(minutes=1)
    return sum(
        row["agency_id"] == call.agency.agency_id and row["enrolled_at"] > since for row in call.decided["officer"]
    )


def disabled_alone(call: Call) -> tuple[int, Seen]:
    """How many deciding officers the focal person has disabled alone within the last day, and that there is no other.

    What he has disabled that decides nothing, or earlier, is in the version that was seen too.
    """
    since = call.now() - dt.timedelta(days=1)
    alone = [
        row
        for row in call.decided["officer_disabled"]
        if row["decided_by"] == call.officer_key and row["seconded_by"] is None
    ]
    of_late = sum(row["disabled_at"] > since and call.officers[row["key_id"]].decides for row in alone)
    return of_late, Seen(_ALONE, (call.officer_key,), len(alone))


def signed_by(call: Call) -> tuple[bytes, bytes | None]:
    """Key ids of who has signed the call first, and second; None: nobody has."""
    return call.officer_key, call.focal_persons[1].key_id if len(call.focal_persons) > 1 else None


def disabling(
    key_id: bytes,
    reason: directory_pb2.DisableReason.ValueType,
    call: Call,
    at: dt.datetime,
    before: Disabled = LIVE,
) -> tuple[Row, RecordRef, Seen]:
    """The row that disables a key, what the ledger holds it to, and that it stands as it was read.

    Args:
        key_id: of the caller's own agency.
        reason: why.
        call: signed by whoever decides it.
        at: when.
        before: how it was disabled before.
    """
    row = Row(
        deciding.DISABLED_OFFICERS,
        (
            key_id,
            before.times + 1,
            call.agency.agency_id,
            int(reason),
            *signed_by(call),
            at,
            call.access_id,
        ),
    )
    return row, deciding.TABLES["officer_disabled"].ref(row), Seen(_DISABLED, (key_id,), before.times)


def disabled(call: Call, key_id: bytes) -> Disabled:
    """How a key was disabled."""
    if not call.officers[key_id].disabled:
        return LIVE
    found = [row for row in call.decided["officer_disabled"] if row["key_id"] == key_id]
    return Disabled(len(found), min(row["disabled_at"] for row in found), compromised=key_id in call.compromised)
