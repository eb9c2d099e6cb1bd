"""`make demo`: from a conviction to an audited look-up, with every agency as a process of its own.

Prosecutions register convictions, courts confirm them, the police hear of them, an investigating officer asks, a
prosecutor returns and grants, the officer looks up and searches by name, a conviction falls and whoever saw it is told,
somebody moves, travels and is screened, a child is taken, and the Special Committee proves that it was recorded.
The people are synthetic, made by the seeded generator; all else is real: certificates, PostgreSQL, traces, the ledger.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format
from google.type import date_pb2
from rich.table import Table

from certs import focal_persons
from demo import adults, asking, border, browser, emergency, outside, recall, unusual
from demo.narration import Narration, StoryBroke
from demo.running import AGENCIES, POLICY, REPOSITORY, RunningRegister
from nsor.client import Client
from nsor.errors import NsorError
from nsor.officer import OfficerKey
from nsor.v1 import directory_pb2, notification_pb2, registration_pb2, types_pb2
from nsor_synthetic import generate

Order = registration_pb2.CreateRegistrationRequest
HIGH_COURT = "lahore-high-court"
SHIPPED_POLICY = REPOSITORY / "server" / "nsor_server" / "policy"
UNTIL_THE_APPEAL = dt.timedelta(days=90)


@dataclass
class Unit:
    """A province or territory: who registers there, who confirms, and the orders of its courts."""

    prosecution: str
    court: str
    orders: list[Order] = field(default_factory=list)


def main() -> None:
    """Tell the story; exits 0 when every step ended as it must."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="conviction orders")
    parser.add_argument("--seed", type=int, default=7, help="of the generator")
    parser.add_argument("--certs", type=Path, default=REPOSITORY / "certs" / "dev", help="development certificates")
    arguments = parser.parse_args()
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="nsor-demo-"))
    try:
        settings = {"NSOR_POLICY_DIR": str(policy_of(folder))}
        with RunningRegister(folder, certs=arguments.certs, settings=settings) as register:
            narration = Narration(register, folder / "officers")
            run_story(narration, arguments.count, arguments.seed)
            narration.console.rule()
            narration.say(f"[bold green]The whole story in {time.monotonic() - started:.0f} s.[/] "
                       "`make serve` keeps a register running; `make help` lists the rest.")  # fmt: skip
    except StoryBroke as broke:
        sys.exit(f"The story broke: {broke}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def policy_of(folder: Path) -> Path:
    """The demonstration's policy, with a time for reviews each minute instead of each hour."""
    folder /= "policy"
    shutil.copytree(POLICY, folder)
    reviews = (SHIPPED_POLICY / "reviews.toml").read_text()
    (folder / "reviews.toml").write_text(reviews.replace("every_minutes = 60", "every_minutes = 1"))
    return folder


def run_story(narration: Narration, count: int, seed: int) -> None:
    """All chapters, in order."""
    narration.say(
        f"A register at {narration.register.address}: its own PostgreSQL, keys, ledger, and a certificate per agency."
    )
    outside.kept(narration)
    units, twice = write_orders(narration, count, seed)
    enrol(narration, units)
    registrations = register_convictions(narration, units)
    confirm(narration, units, registrations)
    hear(narration, units)
    those = asking.suspects(units["PK-PB"].orders, [order for unit in units.values() for order in unit.orders], twice)
    asking.returned(narration, those)
    asking.granted(narration, those)
    access_id, trace_id = asking.look_up(narration, those)
    asking.search(narration, those, registrations[those.unnumbered.request_id])
    strangers(narration)
    set_aside(narration, those.known)
    resolve(narration, [registrations[order.request_id] for order in twice])
    recall.recalled(narration, access_id)
    move(narration, units, registrations, those.known)
    leaving, owing = border.free(
        units["PK-PB"].orders, {each.person.cnic for each in (those.known, those.unnumbered, *twice)}
    )
    border.flight(narration, leaving, registrations[leaving.request_id])
    border.departure(narration, (those.unknown.person.cnic, leaving.person.cnic), registrations[leaving.request_id])
    border.overdue(narration, registrations[owing.request_id])
    emergency.emergency(narration, owing.person.cnic)
    unusual.unusual(narration)
    narration.chapter("Ops see the look-up as a trace", text="Agency, method, purpose, outcome, access id. No person.")
    narration.operate("traces", "--trace-id", trace_id)
    prove(narration, access_id)
    browser.trace(narration, trace_id, access_id)


def write_orders(narration: Narration, count: int, seed: int) -> tuple[dict[str, Unit], tuple[Order, Order]]:
    """The file of conviction orders, divided among the offices whose courts gave them; and two of one person."""
    narration.chapter(
        f"{count:,} synthetic conviction orders", text="Made by the seeded generator; they name nobody real."
    )
    units: dict[str, Unit] = {}
    for agency in tomllib.loads(AGENCIES.read_text())["agency"]:
        for place in agency["jurisdiction"]:
            unit = units.setdefault(place, Unit("", ""))
            unit.prosecution = agency["id"] if agency["kind"] == "PROSECUTION" else unit.prosecution
            unit.court = agency["id"] if "SPECIAL_COURT" in agency.get("court_kinds", ()) else unit.court
    for order in generate(seed, count):
        units[order.convictions[0].court_case.place_code.split("/")[0]].orders.append(order)
    units = {place: unit for place, unit in units.items() if unit.orders}
    twice = enter_twice(units["PK-PB"].orders, units["PK-SD"].orders)
    table = Table("unit", "orders", "registered by", "confirmed by")
    for place, unit in sorted(units.items()):
        table.add_row(place, str(len(unit.orders)), unit.prosecution, unit.court)
        lines = (json.dumps(json_format.MessageToDict(order), ensure_ascii=False) for order in unit.orders)
        path = narration.register.folder / f"{unit.prosecution}.jsonl"
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o600)
    narration.console.print(table)
    return units, twice


def enter_twice(orders: list[Order], others: list[Order]) -> tuple[Order, Order]:
    """Have an order of one province be about a person of another; who enters one doesn't hear of the other."""
    for first in (order for order in reversed(orders) if order.person.cnic and adults.did(order)):
        for second in others:
            if adults.did(second, first.person):
                second.person.CopyFrom(first.person)
                return first, second
    raise StoryBroke("no two orders can be of one person")


def enrol(narration: Narration, units: dict[str, Unit]) -> None:
    """Each agency's officer makes a key, and the agency enrols it."""
    narration.chapter(
        "Officers get keys",
        text="Whatever discloses or decides is an officer's call. His focal person enrols him, at a court two, and "
        "types the number of his own card: whoever looks himself up is noticed.",
    )
    narration.officers.mkdir(mode=0o700)
    agencies = ["punjab-police", "sindh-police", HIGH_COURT]
    agencies += [agency for unit in units.values() for agency in (unit.prosecution, unit.court)]
    for nth, agency in enumerate(agencies, 1):
        if nth == 2:
            narration.say(f"\n...and so do the officers of {', '.join(agencies[1:])}.")
        key = str(narration.officers / f"{agency}.key")
        number = f"BELT-{nth}"
        enrolment = ("--officer-key-file", key, "--number", number, "--grade", "17", "--decides")
        names = ("--focal-key-file", "--second-focal-key-file")
        files = focal_persons.files(narration.register.certs, agency)
        signed = [part for pair in zip(names, map(str, files), strict=False) for part in pair]
        narration.run(agency, "officer", "new-key", key, shown=nth == 1)
        own = f"{focal_persons.own_number(agency, number)}\n"
        narration.run(agency, "officer", "enrol", *enrolment, *signed, shown=nth == 1, stdin=own)


def register_convictions(narration: Narration, units: dict[str, Unit]) -> dict[str, str]:
    """Each prosecution enters its file; returns registration ids by request id."""
    narration.chapter(
        "Prosecutions register convictions",
        text="The answer is always 'accepted for review': it never tells whether the person was known.",
    )
    found: dict[str, str] = {}
    for unit in units.values():
        narration.run(unit.prosecution, "import", f"{unit.prosecution}.jsonl")
        results = narration.register.folder / f"{unit.prosecution}.jsonl.results.jsonl"
        for line in results.read_text().splitlines():
            row = json.loads(line)
            found[row["request_id"]] = row["registration_id"]
    if len(found) != sum(len(unit.orders) for unit in units.values()):
        raise StoryBroke("not every order was accepted")
    return found


def confirm(narration: Narration, units: dict[str, Unit], registrations: dict[str, str]) -> None:
    """Each court confirms from its own record: another agency and another officer than the one who entered."""
    narration.chapter("Courts confirm them", text="From their own record of cases; each confirmation is signed.")
    for unit in units.values():
        record = narration.register.folder / f"{unit.court}.jsonl"
        rows = (
            {
                "registration_id": registrations[order.request_id],
                "case_number": first.court_case.case_number,
                "judgment_date": json_format.MessageToDict(first.judgment_date),
            }
            for order in unit.orders
            for first in order.convictions[:1]
        )
        record.write_text("".join(json.dumps(row) + "\n" for row in rows))
        narration.run(unit.court, "confirm", "--file", record.name)


def hear(narration: Narration, units: dict[str, Unit]) -> None:
    """The police and NPB hear of it, by events that name no person."""
    narration.chapter("The police hear of them", text="An event names a registration by its id, and no person.")
    table = Table("agency", "events", "of which", title="what each agency heard")
    for agency in ("punjab-police", "sindh-police", "punjab-prisons", "npb", units["PK-PB"].court):
        kinds: dict[str, int] = defaultdict(int)
        system = OfficerKey.generate()
        narration.register.enrol(agency, system, "SYSTEM-1", system=True)
        with narration.register.client(agency, officer=system) as client:
            for event in client.events(quiet_seconds=1.5):
                kinds[registration_event(event.kind)] += 1
        table.add_row(
            agency,
            f"{sum(kinds.values()):,}",
            "; ".join(f"{kind}: {kinds[kind]:,}" for kind in sorted(kinds, key=lambda kind: -kinds[kind])),
        )
    narration.console.print(table)


def set_aside(narration: Narration, known: Order) -> None:
    """The High Court sets the conviction aside; the police who had looked him up can no longer see him."""
    narration.chapter(
        "The High Court sets the conviction aside",
        text="Its registry names the trial by court, case and day. What was set aside is sealed in the same commit.",
    )
    (conviction,) = known.convictions
    judged = dt.date(conviction.judgment_date.year, conviction.judgment_date.month, conviction.judgment_date.day)
    ordered = min(judged + UNTIL_THE_APPEAL, dt.datetime.now(dt.UTC).date())
    judgment = registration_pb2.RecordJudgmentRequest(
        trial=registration_pb2.TrialJudgment(
            court_kind=conviction.court_case.court_kind,
            place_code=conviction.court_case.place_code,
            case_number=conviction.court_case.case_number,
            judgment_date=conviction.judgment_date,
        ),
        kind=registration_pb2.JUDGMENT_KIND_SET_ASIDE,
        court_kind=types_pb2.COURT_KIND_HIGH_COURT,
        order_number=f"Crl. Appeal No. 77/{ordered.year}",
        order_date=date_pb2.Date(year=ordered.year, month=ordered.month, day=ordered.day),
    )
    path = narration.register.folder / "judgment.json"
    path.write_text(json_format.MessageToJson(judgment))
    path.chmod(0o600)
    narration.run(HIGH_COURT, "judgment", "record", path.name)
    narration.say("\nThe officer who had found him asks once more, with the grant of another FIR:")
    fir = asking.ask_again(narration, known)
    if "No record" not in narration.run("punjab-police", "lookup", *fir, "--cnic-file", "suspect-1"):
        raise StoryBroke("what was set aside is still shown")


def resolve(narration: Narration, twice: list[str]) -> None:
    """Two officers of NPB find that two records are of one person, and merge them."""
    narration.chapter(
        "NPB finds one person in two records",
        text="Two provinces entered him under one CNIC, and neither was told: reviews are written at fixed times.",
    )
    keys = [str(narration.officers / f"{name}.key") for name in ("npb", "npb-second")]
    one, other = map(str, focal_persons.files(narration.register.certs, "npb"))
    for nth, key in enumerate(keys):
        number = f"BELT-{100 + nth}"
        enrolment = ("--officer-key-file", key, "--number", number, "--grade", "18", "--decides")
        narration.run("npb", "officer", "new-key", key, shown=False)
        signed = ("--focal-key-file", one, "--second-focal-key-file", other)
        own = f"{focal_persons.own_number('npb', number)}\n"
        narration.run("npb", "officer", "enrol", *enrolment, *signed, shown=False, stdin=own)
    number = narration.waited_for(lambda: reviewed(narration, twice), "no review was written")
    narration.run("npb", "review", "show", number)
    narration.run("npb", "review", "merge", number)
    narration.say("\nAnother officer compares them too, and signs:")
    narration.run("npb", "--officer-key", keys[1], "review", "merge", number, "--confirm")
    shown = answer(narration.run("npb", "show", twice[0], "--json", shown=False))["registration"]
    if len(shown["convictions"]) < len(twice):
        raise StoryBroke("what was merged isn't shown as one")


def reviewed(narration: Narration, pair: list[str]) -> str | None:
    """The number of the review of two registrations; None: there is none yet."""
    for line in narration.run("npb", "reviews", "--all", "--json", shown=False).splitlines():
        review = json.loads(line)
        if {review["registration_id"], review["earlier_registration_id"]} == set(pair):
            return str(int(review["number"]))
    return None


def strangers(narration: Narration) -> None:
    """Who has no place here gets nothing, and most of them are on the record."""
    narration.chapter("Strangers are refused")
    table = Table("who", "what they hear")
    cases = {
        "unknown": "a certificate of the right CA for an agency that isn't in the directory",
        "revoked": "a revoked certificate",
        "expired": "an expired certificate",
        "other-ca": "a certificate of another CA",
        "two-uris": "a certificate with two identities",
        "no-eku": "a certificate that isn't for clients",
    }
    for case, meaning in cases.items():
        try:
            with stranger(narration, case) as client:
                client.directory.list_agencies(directory_pb2.ListAgenciesRequest(), timeout_seconds=3)
            raise StoryBroke(f"{case} was answered")
        except NsorError as error:
            table.add_row(meaning, getattr(error, "reason", "") or type(error).__name__)
        except grpc.RpcError:
            table.add_row(meaning, "no connection")
    narration.console.print(table)


def stranger(narration: Narration, case: str) -> Client:
    """A client with one of the flawed certificates."""
    folder = narration.register.certs / "test"
    return Client(
        narration.register.address,
        certificate=folder / f"{case}.pem",
        key=folder / f"{case}.key",
        ca=narration.register.certs / "ca.pem",
        ledger_key=narration.register.ledger_key,
        state_dir=narration.register.folder / "clients" / case,
    )


def move(narration: Narration, units: dict[str, Unit], registrations: dict[str, str], sealed: Order) -> None:
    """Another offender of Punjab tells that he has moved to Karachi; Sindh's police hear of it and take him on."""
    narration.chapter(
        "An offender moves to another province",
        text="Punjab's police take the notice and stay responsible until Sindh's have accepted.",
    )
    others = (order for order in units["PK-PB"].orders if order.person.cnic != sealed.person.cnic)
    mover = next(order for order in others if order.addresses[-1].place_code.startswith("PK-PB/"))
    judged = mover.convictions[-1].judgment_date
    today = {"year": judged.year, "month": judged.month, "day": judged.day}
    notice = {
        "registrationId": registrations[mover.request_id],
        "address": {"kind": "ADDRESS_KIND_CURRENT", "placeCode": "PK-SD/KHI", "houseNumber": "17"},
        "eventDate": today,
        "receivedDate": today,
        "receivingStation": asking.STATION,
        "timing": "NOTICE_TIMING_HAPPENED",
    }
    path = narration.register.folder / "notice.json"
    path.write_text(json.dumps(notice))
    path.chmod(0o600)
    narration.run("sindh-police", "events", "--acknowledge", shown=False)  # so that the new one stands alone
    narration.run("punjab-police", "notice", path.name)
    narration.run("sindh-police", "events", "--wait", "2")
    narration.run("sindh-police", "transfers")
    narration.run("sindh-police", "transfers", "accept", registrations[mover.request_id], "--yes")


def prove(narration: Narration, access_id: str) -> None:
    """The Special Committee proves that the look-up was recorded, and the operator that the whole ledger is sound."""
    narration.chapter(
        "The Special Committee proves it",
        text="It sees that Punjab's police looked somebody up, when and for which purpose; never whom.",
    )
    narration.run("special-committee", "ledger", "accesses", "--access-id", access_id)
    narration.run("punjab-police", "ledger", "verify")
    narration.say("\nAnd the operator recomputes the whole ledger, opens every seal, and compares spans with entries:")
    narration.operate("ledger", "verify", "--spans")
    outside.mirrored(narration, narration.register.folder / "log")


def registration_event(kind: int) -> str:
    """What happened, in words."""
    return notification_pb2.EventKind.Name(kind).removeprefix("EVENT_KIND_").replace("_", " ").lower()  # type: ignore[arg-type]  # a number of the enum


def answer(printed: str) -> dict[str, Any]:
    """The message of a command's JSON answer."""
    document: dict[str, Any] = json.loads(printed)
    message: dict[str, Any] = document.get("answer", document)
    return message


if __name__ == "__main__":
    main()
