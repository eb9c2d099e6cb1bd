"""Agencies as operators enter them: from a file or from options, checked, stored by the owner's role and recorded.

The change, the new version of the directory and the ledger's entry are one transaction, which the caller commits.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psycopg

from nsor.v1 import options_pb2, types_pb2
from nsor_server.calls import Agency, Row
from nsor_server.config import OperatorError
from nsor_server.directory import agencies
from nsor_server.ledger import operator
from nsor_server.ledger.operator import now
from nsor_server.policy.places import Places
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

ADD: Final = "nsor-server/agency.add"
DISABLE: Final = "nsor-server/agency.disable"
ENABLE: Final = "nsor-server/agency.enable"
WHOLE_COUNTRY: Final = "PK"
KINDS: Final = tuple(
    name.removeprefix("AGENCY_KIND_") for name, number in options_pb2.AgencyKind.items() if number != 0
)
"""The names that a kind of agency may be given by."""
COURT_KINDS: Final = tuple(
    name.removeprefix("COURT_KIND_") for name, number in types_pb2.CourtKind.items() if number != 0
)
"""The names that a kind of court may be given by."""

_ID: Final = re.compile(r"[a-z][a-z0-9-]{1,62}", re.ASCII)


class AgencyError(OperatorError):
    """An agency can't be entered or changed so; nothing was."""


def checked(
    places: Places,
    *,
    agency_id: str,
    kind: str,
    name_en: str,
    name_ur: str,
    jurisdiction: Sequence[str],
    court_kinds: Sequence[str] = (),
) -> Agency:
    """An agency of these facts.

    Raises:
        AgencyError: says which fact is wrong and what is allowed.
    """
    if _ID.fullmatch(agency_id) is None:
        raise AgencyError("An agency's id is a letter, then 1 to 62 lower-case letters, digits or dashes.")
    if kind not in KINDS:
        raise AgencyError(f"{agency_id} has no kind that is known. Allowed: {', '.join(KINDS)}.")
    if not name_en.strip() or not name_ur.strip():
        raise AgencyError(f"{agency_id} needs a name in English and one in Urdu.")
    unknown = [place for place in jurisdiction if place != WHOLE_COUNTRY and not places.exists(place)]
    if unknown or not jurisdiction or len(set(jurisdiction)) != len(jurisdiction):
        raise AgencyError(
            f"{agency_id} needs different places of the place registry, such as PK-PB/LHR, or PK. "
            "`nsor places NAME` finds the code."
        )
    _check_court_kinds(agency_id, kind, court_kinds)
    return Agency(
        agency_id=agency_id,
        kind=options_pb2.AgencyKind.Value(f"AGENCY_KIND_{kind}"),
        jurisdiction=tuple(jurisdiction),
        enabled=True,
        name_en=name_en.strip(),
        name_ur=name_ur.strip(),
        court_kinds=tuple(types_pb2.CourtKind.Value(f"COURT_KIND_{court_kind}") for court_kind in court_kinds),
    )


def read(path: Path, places: Places) -> list[Agency]:
    """The agencies of a file like certs/agencies.toml.

    Raises:
        AgencyError: the file can't be read, an entry is wrong, or two have one id.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["agency"]
        found = [checked(places, **_facts(entry)) for entry in entries]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError):
        raise AgencyError(
            f"{path} is not a list of [[agency]] entries with id, kind, name.en, name.ur and jurisdiction,"
            " and for a court its court_kinds."
        ) from None
    if len({agency.agency_id for agency in found}) != len(found):
        raise AgencyError(f"{path} has two agencies with one id.")
    return found


def add(conn: psycopg.Connection, keyring: Keyring, wanted: Sequence[Agency]) -> list[Agency]:
    """Enter those that aren't there yet, and give them; one that is there unchanged stays as it is, also disabled.

    Raises:
        AgencyError: one is there with other facts.
    """
    _lock(conn)
    added: list[Agency] = []
    for agency in wanted:
        present = agencies.find(conn, agency.agency_id)
        if present is None:
            added.append(agency)
        elif replace(present, enabled=True) != agency:
            raise AgencyError(
                f"{agency.agency_id} is in the register with other facts; an agency isn't changed, but added."
            )
    if added:
        at = now(conn)
        rows = [_row(agency, at) for agency in added]
        _record(conn, keyring, ADD, "ADDED " + " ".join(agency.agency_id for agency in added), rows)
    return added


def disable(conn: psycopg.Connection, keyring: Keyring, agency_id: str) -> bool:
    """Disable an agency from its next call on; False when it was disabled before.

    Raises:
        AgencyError: there is no such agency.
    """
    return _set(conn, keyring, agency_id, enabled=False)


def enable(conn: psycopg.Connection, keyring: Keyring, agency_id: str) -> bool:
    """Let a disabled agency call again; False when it wasn't disabled.

    Raises:
        AgencyError: there is no such agency.
    """
    return _set(conn, keyring, agency_id, enabled=True)


def _set(conn: psycopg.Connection, keyring: Keyring, agency_id: str, *, enabled: bool) -> bool:
    """Add the next state of an agency, if it is another one than the newest."""
    _lock(conn)
    present = agencies.find(conn, agency_id)
    if present is None:
        raise AgencyError("There is no such agency. See: nsor-server agency list")
    if present.enabled == enabled:
        return False
    found = conn.execute("SELECT coalesce(max(version), 0) FROM agency_state WHERE agency_id = %s", (agency_id,))
    ((before,),) = found.fetchall()
    row = Row(deciding.AGENCY_STATES, (agency_id, before + 1, enabled, now(conn)))
    method, word = (ENABLE, "ENABLED") if enabled else (DISABLE, "DISABLED")
    _record(conn, keyring, method, f"{word} {agency_id}", [row])
    return True


def _check_court_kinds(agency_id: str, kind: str, court_kinds: Sequence[str]) -> None:
    """See that a court has its kinds and nobody else has any: a trial court must not be taken for an appellate one.

    Raises:
        AgencyError: says what is wrong and what is allowed.
    """
    if kind != "COURT":
        if court_kinds:
            raise AgencyError(f"{agency_id} is not a COURT, so that it has no kinds of court.")
        return
    if not court_kinds or len(set(court_kinds)) != len(court_kinds) or not set(court_kinds) <= set(COURT_KINDS):
        raise AgencyError(
            f"{agency_id} is a COURT and needs one or more different kinds of court. Allowed: {', '.join(COURT_KINDS)}."
        )


def _facts(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "agency_id": str(entry["id"]),
        "kind": str(entry["kind"]),
        "name_en": str(entry["name"]["en"]),
        "name_ur": str(entry["name"]["ur"]),
        "jurisdiction": [str(place) for place in entry["jurisdiction"]],
        "court_kinds": [str(court_kind) for court_kind in entry.get("court_kinds", ())],
    }


def _lock(conn: psycopg.Connection) -> None:
    """Take turns with other operators: of two that add one agency the second finds it."""
    conn.execute("LOCK TABLE agency IN SHARE ROW EXCLUSIVE MODE")


def _row(agency: Agency, added_at: dt.datetime) -> Row:
    return Row(
        deciding.AGENCIES,
        (
            agency.agency_id,
            agency.kind,
            agency.name_en,
            agency.name_ur,
            agency.jurisdiction,
            added_at,
            agency.court_kinds,
        ),
    )


def _record(conn: psycopg.Connection, keyring: Keyring, method: str, outcome: str, rows: Sequence[Row]) -> None:
    detail = record_pb2.AccessDetail(outcome=outcome)
    operator.record(conn, keyring, method=method, detail=detail, rows=rows)
