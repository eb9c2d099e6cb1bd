"""Focal persons, as the register's operator enters and disables them: stored by the owner's role and recorded.

The change, the new version of the directory, the events and the ledger's entry are one transaction, which the caller
commits. The server's role can't write these tables.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import psycopg
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nsor.v1 import notification_pb2, options_pb2
from nsor_server.access import watched
from nsor_server.calls import Call, Row
from nsor_server.config import OperatorError
from nsor_server.directory import agencies, officers, rules
from nsor_server.errors import InvalidFields
from nsor_server.events import outbox
from nsor_server.formats import cnic
from nsor_server.formats.document_numbers import NumberForms
from nsor_server.formats.errors import FormatError
from nsor_server.ledger import operator
from nsor_server.storage import decided_rows, deciding
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2

ADD: Final = "nsor-server/agency.focal-person.add"
DISABLE: Final = "nsor-server/agency.focal-person.disable"
_MOST_AGENCIES: Final = 10_000


class FocalPersonError(OperatorError):
    """A focal person can't be entered or disabled so; nothing was."""


@dataclass(frozen=True, slots=True)
class FocalPerson:
    """A focal person as the register has it.

    Attributes:
        key_id: SHA-256 of the public key, 32 bytes.
        number: personal number within the agency, in its normal form.
        public_key: raw Ed25519 public key, 32 bytes.
        own: (key id, value) of his CNIC's keyed hash, under every live key; of one who is entered as it is stored.
        entered_at: when the key was entered; None before it is.
        disabled_at: when it was disabled; None while it is live.
    """

    key_id: bytes
    agency_id: str
    number: str
    public_key: bytes
    own: tuple[tuple[int, bytes], ...]
    entered_at: dt.datetime | None = None
    disabled_at: dt.datetime | None = None

    def is_human_of(self, other: FocalPerson) -> bool:
        """Tell whether both are one human, by the own CNIC."""
        return not set(self.own).isdisjoint(other.own)


@dataclass(frozen=True, slots=True)
class Forms:
    """What a focal person's facts are read by.

    Attributes:
        numbers: forms of officers' numbers.
        blind_index: of the keyring.
    """

    numbers: NumberForms
    blind_index: BlindIndex


def checked(forms: Forms, agency_id: str, number: str, own_number: str, public_key_pem: bytes) -> FocalPerson:
    """A focal person of these facts.

    Raises:
        FocalPersonError: says which fact is wrong and what is allowed.
    """
    try:
        written = forms.numbers.normalise(number)
    except FormatError:
        raise FocalPersonError(
            "A focal person's number is digits after a word that policy lists (written_forms), such as PB-1234."
        ) from None
    try:
        own = watched.own_values(forms.blind_index, cnic.normalise(own_number))
    except FormatError:
        raise FocalPersonError(f"The own CNIC of {written} is 13 digits, such as 35201-1234567-1.") from None
    try:
        key = serialization.load_pem_public_key(public_key_pem)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise FocalPersonError(
            f"The public key of {written} is no Ed25519 key in PEM. `nsor officer new-key FILE` writes one to FILE.pub."
        )
    raw = key.public_bytes_raw()
    try:
        rules.check_key(raw)
    except InvalidFields:
        raise FocalPersonError(f"Anybody could sign for the public key of {written}. Make another one.") from None
    return FocalPerson(rules.key_id(raw), agency_id, written, raw, tuple(own))


def read(path: Path, forms: Forms) -> list[FocalPerson]:
    """The focal persons of a file of [[focal_person]] entries with agency, number, own_number and public_key_file.

    Files are named as seen from the folder of the list.

    Raises:
        FocalPersonError: the file or a key can't be read, or an entry is wrong.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["focal_person"]
        return [_of_entry(path.parent, entry, forms) for entry in entries]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError):
        raise FocalPersonError(
            f"{path} is not a list of [[focal_person]] entries with agency, number, own_number and"
            " public_key_file, or one of the files can't be read."
        ) from None


def add(conn: psycopg.Connection, keyring: Keyring, wanted: Sequence[FocalPerson]) -> list[FocalPerson]:
    """Enter those that aren't there yet, and give them; one that is there unchanged stays as it is, also disabled.

    Raises:
        FocalPersonError: there is no such agency, the key is somebody else's, the number has a live key, or the human
            is another focal person of the agency.
    """
    _lock(conn)
    known = {person.key_id: person for person in find(conn)}
    added: list[FocalPerson] = []
    for person in wanted:
        present = known.get(person.key_id)
        if present is None:
            _check(conn, person, known.values())
            # One CNIC keeps the value that it was given first, so that it stays comparable after a rotation.
            first = next((each.own[:1] for each in known.values() if each.is_human_of(person)), person.own[:1])
            added.append(replace(person, own=first))
        elif (present.agency_id, present.number) != (person.agency_id, person.number):
            raise FocalPersonError(f"The key of {person.number} is in the register for another focal person.")
        known.setdefault(person.key_id, person)
    if added:
        at = operator.now(conn)
        rows = [
            Row(deciding.FOCAL_PERSONS, (each.key_id, each.agency_id, each.number, each.public_key, *each.own[0], at))
            for each in added
        ]
        _record(conn, keyring, ADD, rows, of=sorted({each.agency_id for each in added}))
    return added


def disable(conn: psycopg.Connection, keyring: Keyring, agency_id: str, number: str) -> bool:
    """Disable the live key of a focal person from the next call on; False when there is none that is live.

    Raises:
        FocalPersonError: the agency has, and had, no such focal person.
    """
    _lock(conn)
    wanted = number.strip().upper()
    keys = [each for each in find(conn, agency_id) if each.number == wanted]
    if not keys:
        raise FocalPersonError(
            f"{agency_id} has no such focal person. See: nsor-server agency focal-person list {agency_id}"
        )
    live = [each for each in keys if each.disabled_at is None]
    at = operator.now(conn)
    rows = [Row(deciding.DISABLED_FOCAL_PERSONS, (each.key_id, agency_id, at)) for each in live]
    if rows:
        _record(conn, keyring, DISABLE, rows, of=[agency_id])
    return bool(rows)


def find(conn: Connection, agency_id: str | None = None) -> list[FocalPerson]:
    """The focal persons of an agency, or of all, by agency and number, the newest key of a number first."""
    rows = conn.execute(
        """
        SELECT key_id, person.agency_id, officer_number, public_key, own_key_id, own_number, entered_at,
            disabled.disabled_at
        FROM focal_person AS person LEFT JOIN focal_person_disabled AS disabled USING (key_id)
        WHERE coalesce(person.agency_id = %s, true)
        ORDER BY person.agency_id, officer_number, entered_at DESC, key_id
        """,
        (agency_id,),
    )
    return [
        FocalPerson(bytes(key_id), agency, number, bytes(raw), ((own_key_id, bytes(own)),), *when)
        for key_id, agency, number, raw, own_key_id, own, *when in rows
    ]


def listed(call: Call) -> list[FocalPerson]:
    """Those of the caller's agency, as ``find``, by the directory that the call was gated by."""
    disabled = {row["key_id"]: row["disabled_at"] for row in call.decided["focal_person_disabled"]}
    found = (
        FocalPerson(
            row["key_id"],
            row["agency_id"],
            row["officer_number"],
            row["public_key"],
            ((row["own_key_id"], row["own_number"]),),
            row["entered_at"],
            disabled.get(row["key_id"]),
        )
        for row in call.decided["focal_person"]
        if row["agency_id"] == call.agency.agency_id
    )
    return sorted(found, key=_by_number)


def _by_number(person: FocalPerson) -> tuple[str, float, bytes]:
    """The newest key of a number first."""
    entered = 0.0 if person.entered_at is None else person.entered_at.timestamp()
    return person.number, -entered, person.key_id


def lacking(conn: Connection) -> dict[str, int]:
    """Agencies that may call and have too few focal persons to enrol who decides, and how many they lack."""
    humans = {(each.agency_id, each.own) for each in find(conn) if each.disabled_at is None}
    live = Counter(agency_id for agency_id, _ in humans)
    with_officers = options_pb2.AgencyGroup.DESCRIPTOR.values_by_number[options_pb2.AGENCY_GROUP_WITH_OFFICERS]
    kinds = set(with_officers.GetOptions().Extensions[options_pb2.kinds])
    short = {
        agency.agency_id: rules.FOCAL_PERSONS - live[agency.agency_id]
        for agency in agencies.page(conn, after="", limit=_MOST_AGENCIES)
        if agency.enabled and agency.kind in kinds
    }
    return {agency_id: number for agency_id, number in short.items() if number > 0}


def _of_entry(folder: Path, entry: Mapping[str, Any], forms: Forms) -> FocalPerson:
    pem = (folder / str(entry["public_key_file"])).read_bytes()
    return checked(forms, str(entry["agency"]), str(entry["number"]), str(entry["own_number"]), pem)


def _check(conn: psycopg.Connection, person: FocalPerson, known: Any) -> None:
    if agencies.find(conn, person.agency_id) is None:
        raise FocalPersonError("There is no such agency. See: nsor-server agency list")
    if officers.is_known(decided_rows.unproved(conn), person.key_id):
        raise FocalPersonError(
            f"The key of {person.number} is enrolled for an officer. A focal person needs a key that is nobody else's."
        )
    live = [each for each in known if each.agency_id == person.agency_id and each.disabled_at is None]
    if any(each.number == person.number for each in live):
        raise FocalPersonError(
            f"{person.number} of {person.agency_id} has a live key. Disable it first:"
            f" nsor-server agency focal-person disable {person.agency_id} --number {person.number}"
        )
    same = next((each.number for each in live if each.is_human_of(person)), None)
    if same is not None:
        raise FocalPersonError(
            f"{person.number} has the own CNIC of {same}, another focal person of {person.agency_id}."
            " Two must be two humans."
        )


def _lock(conn: psycopg.Connection) -> None:
    """Take the ledger's lock first: what officers' enrolments have committed is seen, and none comes between."""
    conn.execute("SELECT FROM ledger_head FOR UPDATE")


def _record(conn: psycopg.Connection, keyring: Keyring, method: str, rows: Sequence[Row], *, of: Sequence[str]) -> None:
    """Record the change, and owe an event to each agency that it is about and to NPB."""
    npb = [
        agency.agency_id
        for agency in agencies.page(conn, after="", limit=_MOST_AGENCIES)
        if agency.kind == options_pb2.AGENCY_KIND_NPB
    ]
    events = [
        row
        for agency_id in of
        for row in outbox.owed(
            notification_pb2.EVENT_KIND_FOCAL_PERSON_CHANGED, [agency_id, *npb], about_agency=agency_id
        )
    ]
    detail = record_pb2.AccessDetail(outcome=f"FOCAL_PERSONS {len(rows)} OF {' '.join(of)}")
    operator.record(conn, keyring, method=method, detail=detail, rows=[*rows, *events])
