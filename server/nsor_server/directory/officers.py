"""Keys of officers and systems in PostgreSQL: enrolled once, disabled once, and neither ever taken back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from nsor.v1 import directory_pb2, options_pb2
from nsor_server.access import rows
from nsor_server.calls import Call, Officer, RecordRef, Row, Seen, Versions
from nsor_server.storage import arrays, deciding
from nsor_server.storage.pool import Connection
from nsor_server.storage.session import ask

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


def is_known(conn: Connection, key_id: bytes) -> bool:
    """Tell whether any agency has, or ever had, that key: as an officer's, a system's or a focal person's."""
    row = conn.execute(
        "SELECT FROM officer WHERE key_id = %(key)s UNION ALL SELECT FROM focal_person WHERE key_id = %(key)s",
        {"key": key_id},
    ).fetchone()
    return row is not None


def of_number(conn: Connection, agency_id: str, officer_number: str) -> OfNumber:
    """The keys of a number. More than one live key is an error of the register."""
    rows = conn.execute(
        """
        SELECT key_id, decides, kind,
            EXISTS (SELECT FROM officer_disabled AS disabled WHERE disabled.key_id = officer.key_id)
        FROM officer
        WHERE agency_id = %s AND officer_number = %s
        """,
        (agency_id, officer_number),
    ).fetchall()
    live = [
        (bytes(key_id), kind == directory_pb2.KEY_KIND_SYSTEM) for key_id, _, kind, disabled in rows if not disabled
    ]
    if len(live) > 1:
        raise RuntimeError("a number has several live keys")
    live_key, system = live[0] if live else (None, False)
    return OfNumber(
        version=len(rows) + sum(disabled for *_, disabled in rows),
        live=live_key,
        system=system,
        ever_decided=any(decides for _, decides, *_ in rows),
    )


_PAGE: Final = rows.statements(
    "officers listed",
    """
    SELECT o.key_id, o.agency_id, o.officer_number, o.public_key, o.jurisdiction, o.grade, o.decides, o.kind,
        o.enrolled_at, disabled.disabled_at
    FROM officer AS o LEFT JOIN officer_disabled AS disabled ON disabled.key_id = o.key_id AND disabled.version = 1
    WHERE {rows} AND coalesce(
        (SELECT (o.officer_number, -extract(epoch FROM o.enrolled_at), o.key_id)
            > (last.officer_number, -extract(epoch FROM last.enrolled_at), last.key_id)
         FROM officer AS last WHERE last.key_id = $5::bytea AND last.agency_id = o.agency_id),
        octet_length($5::bytea) = 0)
    ORDER BY o.officer_number, o.enrolled_at DESC, o.key_id
    LIMIT $6::bigint
    """,
    rows.Columns(own_agency="o.agency_id"),
    (options_pb2.ROW_SCOPE_OWN_AGENCY,),
)
"""By the scope that the contract gives the caller: the keys behind one of them, or the first ones."""


def page(conn: Connection, call: Call, *, after: bytes, limit: int) -> list[Enrolled]:
    """At most ``limit`` keys that follow the key ``after``, by number, the newest of a number first."""
    found = ask(conn, _PAGE[call.rows], *rows.parameters(call.agency, call.officer), after, arrays.integer(limit))
    return [
        Enrolled(
            Officer(
                key_id=bytes(key_id),
                agency_id=agency_id,
                officer_number=number,
                public_key=bytes(public_key),
                jurisdiction=tuple(jurisdiction),
                grade=grade,
                disabled=disabled_at is not None,
                decides=decides,
                system=kind == directory_pb2.KEY_KIND_SYSTEM,
            ),
            enrolled_at,
            disabled_at,
        )
        for (
            key_id,
            agency_id,
            number,
            public_key,
            jurisdiction,
            grade,
            decides,
            kind,
            enrolled_at,
            disabled_at,
        ) in found
    ]


def enrolment(
    officer: Officer, before: OfNumber, access_id: bytes, enrolled_at: dt.datetime
) -> tuple[Row, RecordRef, tuple[Seen, ...]]:
    """The row of a key, what the ledger holds it to, and what it rests on.

    That is: nobody has that key yet, and the keys of the number are those ``before``.
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
            access_id,
            int(kind),
            officer.decides,
        ),
    )
    seen = (
        Seen(_ENROLLED, (officer.key_id,), 0),
        Seen(_OF_NUMBER, (officer.agency_id, officer.officer_number), before.version),
    )
    return row, deciding.TABLES["officer"].ref(row), seen


def enrolled_of_late(conn: Connection, agency_id: str) -> int:
    """How many keys the agency has enrolled within the last minute."""
    ((count,),) = conn.execute(
        "SELECT count(*) FROM officer WHERE agency_id = %s AND enrolled_at > now() - interval '1 minute'", (agency_id,)
    ).fetchall()
    return int(count)


def decides(conn: Connection, key_id: bytes) -> bool:
    """Tell whether the key is a deciding officer's, also when it is disabled."""
    return conn.execute("SELECT FROM officer WHERE key_id = %s AND decides", (key_id,)).fetchone() is not None


def disabled_alone(conn: Connection, focal_person: bytes) -> tuple[int, Seen]:
    """How many deciding officers a focal person has disabled alone within the last day, and that no further one was."""
    ((ever, of_late),) = conn.execute(
        "SELECT count(*), count(*) FILTER (WHERE o.decides AND d.disabled_at > now() - interval '1 day')"
        " FROM officer_disabled AS d JOIN officer AS o USING (key_id)"
        " WHERE d.decided_by = %s AND d.seconded_by IS NULL",
        (focal_person,),
    ).fetchall()
    return int(of_late), Seen(_ALONE, (focal_person,), ever)


def is_of(conn: Connection, key_id: bytes, agency_id: str) -> bool:
    """Tell whether the key was enrolled by the agency."""
    row = conn.execute("SELECT FROM officer WHERE key_id = %s AND agency_id = %s", (key_id, agency_id)).fetchone()
    return row is not None


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
            call.officer_key,
            call.focal_persons[1].key_id if len(call.focal_persons) > 1 else None,
            at,
            call.access_id,
        ),
    )
    return row, deciding.TABLES["officer_disabled"].ref(row), Seen(_DISABLED, (key_id,), before.times)


def compromised(conn: Connection) -> frozenset[bytes]:
    """The keys that were disabled as compromised, of any agency."""
    reason = int(directory_pb2.DISABLE_REASON_KEY_COMPROMISED)
    rows = conn.execute("SELECT key_id FROM officer_disabled WHERE reason = %s", (reason,))
    return frozenset(bytes(key_id) for (key_id,) in rows)


def disabled(conn: Connection, key_id: bytes) -> Disabled:
    """How a key was disabled."""
    ((times, at, compromised),) = conn.execute(
        "SELECT count(*), min(disabled_at), coalesce(bool_or(reason = %s), false) FROM officer_disabled"
        " WHERE key_id = %s",
        (int(directory_pb2.DISABLE_REASON_KEY_COMPROMISED), key_id),
    ).fetchall()
    return Disabled(times, at, compromised)
