"""Chapters of the border: a flight is screened; a departure of which nobody has told; a duty explains itself."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Collection
from typing import Final

from certs import focal_persons
from demo import adults
from demo.narration import Narration, StoryBroke
from nsor.cli import passengers
from nsor.cli.movements import COLUMNS
from nsor.v1 import registration_pb2, types_pb2

STATION: Final = "PK-PB/LHR/PS-001"
FIA: Final = "fia-immigration"
NPB: Final = "npb"
PASSENGERS: Final = 800
_REGISTERED_ROW: Final = 412
_ALERT: Final = "DEPARTURE_WITHOUT_NOTICE"
_OVERDUE: Final = ("DUTY_OVERDUE", "DUTY_ESCALATED", "DUTY_REFERRED")
Order = registration_pb2.CreateRegistrationRequest


def free(orders: list[Order], without: Collection[str]) -> tuple[Order, Order]:
    """Two adults with a CNIC who are free and live in Punjab, other than some.

    Raises:
        StoryBroke: there are none.
    """
    released = types_pb2.CUSTODY_STATE_RELEASED
    found = [
        each
        for each in orders
        if each.person.cnic and each.person.cnic not in without
        if each.custody.state == released and each.addresses[-1].place_code.startswith("PK-PB/")
        if adults.did(each)
    ]
    if len(found) < 2:
        raise StoryBroke("no two people of Punjab are free")
    return found[-2], found[-1]


def flight(narration: Narration, registered: Order, registration_id: str) -> None:
    """FIA screens the passengers of a flight, one of whom is registered.

    Args:
        narration: of the story.
        registered: his order.
        registration_id: his registration.
    """
    narration.chapter(
        "FIA screens the passengers of a flight",
        text="Each is looked for by document and date of birth together. Whoever is found is checked by an officer.",
    )
    _enrol(narration)
    path = narration.register.folder / "pk301.csv"
    path.touch(0o600)
    born = registered.person.birth_date
    with path.open("w", encoding="utf-8") as file:
        table = csv.DictWriter(file, passengers.COLUMNS)
        table.writeheader()
        for row in range(1, PASSENGERS + 1):
            own = {
                "document_number": f"XQ{row:07d}",
                "document_country": "PK",
                "birth_date": f"07.06.{1950 + row % 50}",
            }
            if row == _REGISTERED_ROW:
                own = {"identity_number": registered.person.cnic, "birth_date": f"{born.day}.{born.month}.{born.year}"}
            table.writerow({"row": str(row), **own})
    leaves = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=8)).strftime("%d.%m.%Y %H:%M")  # 3 hours ahead, in Pakistan
    which = ("--crossing", "LAHORE_AIRPORT", "--direction", "departure", "--carrier", "PK", "--number", "301")
    narration.run(FIA, "screen", path.name, *which, "--time", leaves)
    with path.with_suffix(".screened.csv").open(encoding="utf-8-sig", newline="") as file:
        found = [each for each in csv.DictReader(file) if each["outcome"] == "CHECK"]
    if [(each["row"], each["registration_id"]) for each in found] != [(str(_REGISTERED_ROW), registration_id)]:
        raise StoryBroke("not he alone was found who is registered")
    narration.say("\nAny row can be proved by itself, without the other passengers, to whoever has the ledger's key:")
    proof = narration.run(FIA, "screen", path.name, *which, "--time", leaves, "--prove", "7", shown=False)
    proved = narration.register.folder / "row7.proof"
    proved.touch(0o600)
    proved.write_text(proof[proof.index("{") :], encoding="utf-8")
    narration.run(NPB, "screen", "--check-proof", proved.name)


def departure(narration: Narration, numbers: tuple[str, str], registration_id: str) -> None:
    """FIA reports two travellers in one file; the police hear of the one who is registered and hadn't told.

    Args:
        narration: of the story.
        numbers: of somebody whom the register doesn't know, and of the other one.
        registration_id: the other one's.
    """
    narration.chapter(
        "FIA reports a departure without notice",
        text="A port reports everybody who leaves. The answer is the same for all; it is never a ban.",
    )
    left = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)
    path = narration.register.folder / "border.csv"
    path.touch(0o600)
    with path.open("w", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for number in numbers:
            table.writerow(
                {
                    "identity_number": number,
                    "direction": "DEPARTURE",
                    "border_crossing": "LAHORE_AIRPORT",
                    "movement_time": left.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "country": "AE",
                    "carrier_code": "PK",
                }
            )
    narration.run("punjab-police", "events", "--acknowledge", shown=False)  # so that the new one stands alone
    narration.run(FIA, "movement", "report", path.name)
    narration.say(
        "\nWhom they have met is found at the next time for reviews. The police and NPB hear of it; FIA doesn't:"
    )
    _hear(narration, registration_id, (_ALERT,))
    shown = json.loads(narration.run("punjab-police", "show", registration_id, "--json", shown=False))
    if "movements" not in shown.get("answer", shown)["registration"]:
        raise StoryBroke("the departure isn't part of the record")


def overdue(narration: Narration, registration_id: str) -> None:
    """Somebody has told of a journey and isn't back: what he owes explains itself."""
    narration.chapter(
        "An overdue duty explains itself",
        text="He told that he would be back a month ago. The rule and its source stand beside what he owes.",
    )
    today = dt.datetime.now(dt.UTC).date()
    left, back = (_day(today - dt.timedelta(days=days)) for days in (50, 40))
    leg = {"country": "SA", "departureDate": left, "arrivalDate": left, "mode": "TRAVEL_MODE_AIR"}
    notice = {
        "registrationId": registration_id,
        "travel": {
            "legs": [leg],
            "purpose": "TRAVEL_PURPOSE_PILGRIMAGE",
            "document": {"number": "ZZ0000001", "country": "PK"},
            "returnDate": back,
        },
        "eventDate": left,
        "receivedDate": left,
        "receivingStation": STATION,
        "timing": "NOTICE_TIMING_HAPPENED",
    }
    path = narration.register.folder / "journey.json"
    path.write_text(json.dumps(notice))
    path.chmod(0o600)
    narration.run("punjab-police", "events", "--acknowledge", shown=False)
    narration.run("punjab-police", "notice", path.name)
    _hear(narration, registration_id, _OVERDUE)
    narration.run("punjab-police", "duties", "--of", registration_id)


def _enrol(narration: Narration) -> None:
    """The port's officer gets a key."""
    key = str(narration.officers / f"{FIA}.key")
    narration.run(FIA, "officer", "new-key", key, shown=False)
    names = ("--focal-key-file", "--second-focal-key-file")
    files = focal_persons.files(narration.register.certs, FIA)
    signed = [part for pair in zip(names, map(str, files), strict=False) for part in pair]
    number = "BELT-200"
    enrolment = ("--officer-key-file", key, "--number", number, "--grade", "17", "--decides")
    own = f"{focal_persons.own_number(FIA, number)}\n"
    narration.run(FIA, "officer", "enrol", *enrolment, *signed, shown=False, stdin=own)


def _hear(narration: Narration, registration_id: str, kinds: tuple[str, ...]) -> None:
    """Wait until Punjab's police have an event of one of some kinds, of a registration, and show what is there.

    Raises:
        StoryBroke: none came.
    """

    def told() -> bool | None:
        lines = narration.run("punjab-police", "events", "--wait", "1", "--json", shown=False).splitlines()
        events = [json.loads(line) for line in lines]
        is_told = any(
            each.get("registration_id") == registration_id
            and str(each.get("kind")).removeprefix("EVENT_KIND_") in kinds
            for each in events
        )
        return is_told or None

    narration.waited_for(told, f"nobody was told {' or '.join(kinds)}")
    narration.run("punjab-police", "events", "--wait", "1")


def _day(day: dt.date) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "day": day.day}
