"""`make demo`: from a conviction to an audited look-up, with every agency as a process of its own.

Prosecutions register convictions, courts confirm them, the police hear of them, an investigating officer asks, a
prosecutor grants, the officer looks up, and the Special Committee proves that the access was recorded. The people are
synthetic, made by the seeded generator; all else is real: certificates, PostgreSQL, traces, the ledger.
"""

from __future__ import annotations

import argparse
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
from rich.table import Table

from demo.running import AGENCIES, REPOSITORY, RunningRegister
from demo.stage import Stage, StoryBroke
from nsor.client import Client
from nsor.errors import NsorError
from nsor.v1 import directory_pb2, notification_pb2, oversight_pb2, registration_pb2
from nsor_synthetic import generate
from nsor_synthetic.story import access_request

Order = registration_pb2.CreateRegistrationRequest
STATION = "PK-PB/LHR/PS-001"


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
        with RunningRegister(folder, certs=arguments.certs) as register:
            stage = Stage(register, folder / "officers")
            tell(stage, arguments.count, arguments.seed)
            stage.console.rule()
            stage.tell(f"[bold green]The whole story in {time.monotonic() - started:.0f} s.[/] "
                       "`make serve` keeps a register running; `make help` lists the rest.")  # fmt: skip
    except StoryBroke as broke:
        sys.exit(f"The story broke: {broke}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tell(stage: Stage, count: int, seed: int) -> None:
    """All chapters, in order."""
    stage.tell(
        f"A register at {stage.register.address}: its own PostgreSQL, keys, ledger, and a certificate per agency."
    )
    units = write_orders(stage, count, seed)
    enrol(stage, units)
    registrations = register_convictions(stage, units)
    confirm(stage, units, registrations)
    hear(stage, units)
    known, unknown = suspects(units)
    grant = grant_access(stage, known, unknown)
    access_id, trace_id = look_up(stage, grant, known, unknown)
    strangers(stage)
    move(stage, units, registrations)
    stage.chapter("Ops see the look-up as a trace", told="Agency, method, purpose, outcome, access id. No person.")
    stage.operate("traces", "--trace-id", trace_id)
    prove(stage, access_id)


def write_orders(stage: Stage, count: int, seed: int) -> dict[str, Unit]:
    """The file of conviction orders, divided among the offices whose courts gave them."""
    stage.chapter(f"{count:,} synthetic conviction orders", told="Made by the seeded generator; they name nobody real.")
    units: dict[str, Unit] = {}
    for agency in tomllib.loads(AGENCIES.read_text())["agency"]:
        for place in agency["jurisdiction"]:
            unit = units.setdefault(place, Unit("", ""))
            unit.prosecution = agency["id"] if agency["kind"] == "PROSECUTION" else unit.prosecution
            unit.court = agency["id"] if agency["kind"] == "COURT" else unit.court
    for order in generate(seed, count):
        units[order.convictions[0].court_case.place_code.split("/")[0]].orders.append(order)
    units = {place: unit for place, unit in units.items() if unit.orders}
    table = Table("unit", "orders", "registered by", "confirmed by")
    for place, unit in sorted(units.items()):
        table.add_row(place, str(len(unit.orders)), unit.prosecution, unit.court)
        lines = (json.dumps(json_format.MessageToDict(order), ensure_ascii=False) for order in unit.orders)
        path = stage.register.folder / f"{unit.prosecution}.jsonl"
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o600)
    stage.console.print(table)
    return units


def enrol(stage: Stage, units: dict[str, Unit]) -> None:
    """Each agency's officer makes a key, and the agency enrols it."""
    stage.chapter(
        "Officers get keys", told="Each call that discloses or decides is signed by an officer of the agency."
    )
    stage.officers.mkdir(mode=0o700)
    agencies = ["punjab-police", "sindh-police"]
    agencies += [agency for unit in units.values() for agency in (unit.prosecution, unit.court)]
    for nth, agency in enumerate(agencies, 1):
        if nth == 2:
            stage.tell(f"\n...and so do the officers of {', '.join(agencies[1:])}.")
        key = str(stage.officers / f"{agency}.key")
        enrolment = ("--officer-key-file", key, "--number", f"DEMO-{nth}", "--grade", "17")
        stage.run(agency, "officer", "new-key", key, shown=nth == 1)
        stage.run(agency, "officer", "enrol", *enrolment, shown=nth == 1)


def register_convictions(stage: Stage, units: dict[str, Unit]) -> dict[str, str]:
    """Each prosecution enters its file; returns registration ids by request id."""
    stage.chapter(
        "Prosecutions register convictions",
        told="The answer is always 'accepted for review': it never tells whether the person was known.",
    )
    found: dict[str, str] = {}
    for unit in units.values():
        stage.run(unit.prosecution, "register", f"{unit.prosecution}.jsonl")
        results = stage.register.folder / f"{unit.prosecution}.jsonl.results.jsonl"
        for line in results.read_text().splitlines():
            row = json.loads(line)
            found[row["requestId"]] = row["registrationId"]
    if len(found) != sum(len(unit.orders) for unit in units.values()):
        raise StoryBroke("not every order was accepted")
    return found


def confirm(stage: Stage, units: dict[str, Unit], registrations: dict[str, str]) -> None:
    """Each court confirms from its own record: another agency and another officer than the one who entered."""
    stage.chapter("Courts confirm them", told="From their own record of case numbers; each confirmation is signed.")
    for unit in units.values():
        record = stage.register.folder / f"{unit.court}.jsonl"
        rows = (
            {"registrationId": registrations[o.request_id], "caseNumber": o.convictions[0].court_case.case_number}
            for o in unit.orders
        )
        record.write_text("".join(json.dumps(row) + "\n" for row in rows))
        stage.run(unit.court, "confirm", "--file", record.name)


def hear(stage: Stage, units: dict[str, Unit]) -> None:
    """The police and NPB hear of it, by events that name no person."""
    stage.chapter("The police hear of them", told="An event names a registration by its id, and no person.")
    table = Table("agency", "events", "of which", title="what each agency heard")
    for agency in ("punjab-police", "sindh-police", "punjab-prisons", "npb", units["PK-PB"].court):
        kinds: dict[str, int] = defaultdict(int)
        with stage.register.client(agency) as client:
            for event in client.events(quiet_seconds=1.5):
                kinds[registration_event(event.kind)] += 1
        table.add_row(agency, f"{sum(kinds.values())}", ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())))
    stage.console.print(table)


def suspects(units: dict[str, Unit]) -> tuple[Order, Order]:
    """A registered person, and one who isn't: of the generator's next seed."""
    known = next(order for order in units["PK-PB"].orders if order.person.cnic)
    registered = {order.person.cnic for unit in units.values() for order in unit.orders}
    unknown = next(o for o in generate(4242, 50) if o.person.cnic and o.person.cnic not in registered)
    return known, unknown


def grant_access(stage: Stage, known: Order, unknown: Order) -> str:
    """The investigating officer asks, the prosecutor of the district grants; returns the grant's id."""
    stage.chapter(
        "An investigating officer asks, a prosecutor grants",
        told="For the suspects named in one FIR; the prosecutor has 48 hours, and isn't the requester.",
    )
    request = access_request(known, STATION)
    request.suspects.append(access_request(unknown, STATION).suspects[0])
    path = stage.register.folder / "access-request.json"
    path.write_text(json_format.MessageToJson(request))
    path.chmod(0o600)
    asked = answer(stage.run("punjab-police", "access", "request", path.name, "--json"))
    request_id = asked["accessRequestId"]
    stage.run("punjab-prosecution", "access", "show", request_id)
    seen = answer(stage.run("punjab-prosecution", "access", "show", request_id, "--json", shown=False))
    etag = seen["accessRequest"]["etag"]
    granted = answer(stage.run("punjab-prosecution", "access", "approve", request_id, "--etag", etag, "--json"))
    grant = granted["grant"]
    stage.tell(f"granted: {grant['usesPerSubject']} use for each suspect, until {grant['expiry']['dueTime']}")
    return str(grant["grantId"])


def look_up(stage: Stage, grant: str, known: Order, unknown: Order) -> tuple[str, str]:
    """Found, no record, and a refused second use. Returns access id and trace id of the first."""
    stage.chapter("The officer looks up", told="The CNIC is typed or read from a file, never on the command line.")
    file = stage.register.folder / "suspect"
    file.write_text(known.person.cnic + "\n")
    file.chmod(0o600)
    trace_id = ""
    before = newest_access(stage)
    stage.run("punjab-police", "lookup", "--grant", grant, "--cnic-file", file.name)
    found = newest_access(stage)
    if found == before:
        raise StoryBroke("the look-up isn't in the ledger")
    access_id, trace_id = found
    stage.tell("\nThe second suspect isn't in the register. Neither would be one whom this call may not see:")
    stage.run("punjab-police", "lookup", "--grant", grant, stdin=unknown.person.cnic + "\n")
    stage.tell("\nThe grant was for one use:")
    stage.run("punjab-police", "lookup", "--grant", grant, "--cnic-file", file.name, expect=1)
    return access_id, trace_id


def newest_access(stage: Stage) -> tuple[str, str]:
    """Access id and trace id of the newest look-up by Punjab's police, as the agency's own review shows it."""
    with stage.register.client("punjab-police", state=stage.register.folder / "clients" / "review") as client:
        listed = client.oversight.list_accesses(oversight_pb2.ListAccessesRequest(page_size=50)).message.accesses
    look_ups = [access for access in listed if access.method.endswith("/LookUpRegistration")]
    return (look_ups[0].access_id, look_ups[0].trace_id) if look_ups else ("", "")


def strangers(stage: Stage) -> None:
    """Who has no place here gets nothing, and most of them are on the record."""
    stage.chapter("Strangers are refused")
    table = Table("who", "what they hear")
    cases = {
        "unknown": "a certificate of the right CA for an agency that isn't in the directory",
        "revoked": "a revoked certificate",
        "expired": "an expired certificate",
        "other-ca": "a certificate of another CA",
        "two-uris": "a certificate with two identities",
        "no-eku": "a certificate that isn't for clients",
    }
    for case, told in cases.items():
        try:
            with stranger(stage, case) as client:
                client.directory.list_agencies(directory_pb2.ListAgenciesRequest(), timeout_seconds=3)
            raise StoryBroke(f"{case} was answered")
        except NsorError as error:
            table.add_row(told, getattr(error, "reason", "") or type(error).__name__)
        except grpc.RpcError:
            table.add_row(told, "no connection")
    stage.console.print(table)


def stranger(stage: Stage, case: str) -> Client:
    """A client with one of the flawed certificates."""
    folder = stage.register.certs / "test"
    return Client(
        stage.register.address,
        certificate=folder / f"{case}.pem",
        key=folder / f"{case}.key",
        ca=stage.register.certs / "ca.pem",
        ledger_key=stage.register.ledger_key,
        state_dir=stage.register.folder / "clients" / case,
    )


def move(stage: Stage, units: dict[str, Unit], registrations: dict[str, str]) -> None:
    """An offender of Punjab tells that he moves to Karachi; Sindh's police hear of it."""
    stage.chapter(
        "An offender moves to another province",
        told="Punjab's police take the notice and stay responsible until Sindh's have accepted.",
    )
    mover = next(order for order in units["PK-PB"].orders if order.addresses[-1].place_code.startswith("PK-PB/"))
    judged = mover.convictions[-1].judgment_date
    today = {"year": judged.year, "month": judged.month, "day": judged.day}
    notice = {
        "registrationId": registrations[mover.request_id],
        "address": {"kind": "ADDRESS_KIND_CURRENT", "placeCode": "PK-SD/KHI", "houseNumber": "17"},
        "eventDate": today,
        "receivedDate": today,
        "receivingStation": STATION,
        "timing": "NOTICE_TIMING_HAPPENED",
    }
    path = stage.register.folder / "notice.json"
    path.write_text(json.dumps(notice))
    path.chmod(0o600)
    stage.run("sindh-police", "events", "--acknowledge", shown=False)  # so that the new one stands alone
    stage.run("punjab-police", "notice", path.name)
    stage.run("sindh-police", "events", "--wait", "2")


def prove(stage: Stage, access_id: str) -> None:
    """The Special Committee proves that the look-up was recorded, and the operator that the whole ledger is sound."""
    stage.chapter(
        "The Special Committee proves it",
        told="It sees that Punjab's police looked somebody up, when and for which purpose; never whom.",
    )
    stage.run("special-committee", "ledger", "accesses", "--access-id", access_id)
    stage.run("special-committee", "ledger", "verify")
    stage.run("punjab-police", "ledger", "verify")
    stage.tell("\nAnd the operator recomputes the whole ledger, opens every seal, and compares spans with entries:")
    stage.operate("ledger", "verify", "--spans")


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
