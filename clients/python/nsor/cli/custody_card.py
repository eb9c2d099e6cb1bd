"""Whose custody a command is about: a card that is shown before anything is recorded, and what is recorded already."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, NamedTuple

from nsor.cli import screen
from nsor.cli.session import CONFIDENTIAL, Session

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import custody_pb2, types_pb2

ADMITTED: Final = "He is admitted already: {} is in charge, and nobody is to admit him."
SENT: Final = "He is sent to {} already, which hasn't admitted him yet."
SAYS_SO: Final = "The register says so already: {}."
_BY_CUSTODY: Final = frozenset({"ADMITTED", "TRANSFER_REFUSED", "TRANSFERRED", "RELEASE_EXPECTED"})
"""Of prisons alone. GetCustody shows them whom they are to admit, and the release that is expected."""
_BY_POLICE: Final = frozenset({"RECALLED"})
_STATE_AFTER: Final = {
    "RELEASED": "RELEASED",
    "BAILED": "ON_BAIL",
    "ESCAPED": "AT_LARGE",
    "DEPORTED": "DEPORTED",
    "DECEASED": "DECEASED",
}
"""Event, and where it says that the offender is."""


class Card(NamedTuple):
    """What is shown of an offender before something is recorded of him."""

    etag: str
    person: types_pb2.Person
    custody: types_pb2.Custody
    responsible_place: str
    receiving_agency: str
    expected: custody_pb2.ExpectedRelease | None


def read(client: Client, kind: str, registration_id: str) -> Card:
    """Read the card by what the caller is shown of such an event.

    A department that has let an offender go is shown his custody, but not his registration any more.
    """
    from nsor.errors import Refused  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    if kind in _BY_CUSTODY:
        return _of_custody(client, registration_id)
    try:
        asked = registration_pb2.GetRegistrationRequest(registration_id=registration_id)
        found = client.registration.get_registration(asked).message.registration
    except Refused as error:
        if error.reason != "NO_RECORD" or kind in _BY_POLICE:
            raise
        return _of_custody(client, registration_id)
    return Card(found.etag, found.person, found.custody, found.responsible_place, "", None)


def show(session: Session, card: Card, event: str, day: dt.date) -> None:
    """Show people whose custody it is: names and father, no number but the last digits of the CNIC.

    Args:
        session: of the command.
        card: as it was read.
        event: what is to be recorded, in words.
        day: on which it happened.
    """
    from nsor.cli import render  # noqa: PLC0415 - as above

    state = render.enum(card.custody.DESCRIPTOR.fields_by_name["state"], card.custody.state)
    official = [(each.name, each.relative_name) for each in card.person.names[:2]]
    expected = card.expected
    release = expected.release_date if expected else None
    rows = [
        ("name", " / ".join(name for name, _ in official)),
        ("father or husband", " / ".join(relative for _, relative in official if relative)),
        ("CNIC", f"...{card.person.cnic[-3:]}" if card.person.cnic else ""),
        ("custody", state),
        ("prison", card.custody.prisons_agency_id),
        ("to be admitted by", card.receiving_agency),
        ("station", card.responsible_place),
        ("release expected", f"{release.year:04}-{release.month:02}-{release.day:02}" if release else ""),
        ("to be recorded", f"{event}, {day}"),
    ]
    screen.echo(CONFIDENTIAL[session.language], err=True, fg="yellow")
    session.table("Whose custody it is", ("", ""), [row for row in rows if row[1]])


def said_already(card: Card, request: custody_pb2.RecordCustodyEventRequest) -> tuple[str, ...]:
    """What the register says already of what is to be recorded, a text and its values; empty: it is something new."""
    from nsor.v1 import custody_pb2, types_pb2  # noqa: PLC0415 - as above

    kind = custody_pb2.CustodyEventKind.Name(request.kind).removeprefix("CUSTODY_EVENT_KIND_")
    state = types_pb2.CustodyState.Name(card.custody.state).removeprefix("CUSTODY_STATE_")
    if kind == "ADMITTED" and state == "IN_CUSTODY" and not card.receiving_agency:
        return ADMITTED, card.custody.prisons_agency_id
    if kind == "TRANSFERRED" and card.receiving_agency == request.prisons_agency_id:
        return SENT, request.prisons_agency_id
    if state and _STATE_AFTER.get(kind) == state:
        return SAYS_SO, state.lower().replace("_", " ")
    return ()


def _of_custody(client: Client, registration_id: str) -> Card:
    from nsor.v1 import custody_pb2  # noqa: PLC0415 - as above

    found = client.registration.get_custody(custody_pb2.GetCustodyRequest(registration_id=registration_id)).message
    expected = found.expected_release if found.HasField("expected_release") else None
    return Card(found.etag, found.person, found.custody, "", found.receiving_agency_id, expected)
