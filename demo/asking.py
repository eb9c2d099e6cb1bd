"""Chapters of access: a request is returned, the next one granted in part; look-ups on the grant, and a search by name.

The officer's FIR names four suspects: two by number, one by name alone, and one whom the prosecutor leaves out.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Collection
from typing import Final, NamedTuple

from google.protobuf import json_format

from demo import adults
from demo.narration import Narration, StoryBroke
from nsor.v1 import access_requests_pb2, grants_pb2, oversight_pb2, registration_pb2, types_pb2
from nsor_synthetic import generate
from nsor_synthetic.names import elements
from nsor_synthetic.story import access_request

STATION: Final = "PK-PB/LHR/PS-001"
_POLICE: Final = "punjab-police"
_PROSECUTION: Final = "punjab-prosecution"
_REQUEST: Final = "access-request.json"
_CANDIDATE: Final = re.compile(r"--candidate (\S+?)`", re.ASCII)
_WORDS: Final = 2
"""Of a name by which somebody is searched for: one word fits many."""
Order = registration_pb2.CreateRegistrationRequest
Request = access_requests_pb2.CreateAccessRequestRequest


class Suspects(NamedTuple):
    """The suspects of the officer's FIR, in its order.

    Attributes:
        known: registered; the FIR has his CNIC.
        unknown: not registered; the FIR has his CNIC.
        unnumbered: registered in Roman letters; the FIR has his name in Urdu, and no number.
        urdu: that name, with his father's.
        left_out: whom the prosecutor doesn't grant.
    """

    known: Order
    unknown: Order
    unnumbered: Order
    urdu: types_pb2.SearchedName
    left_out: Order


class LookedUp(NamedTuple):
    """The first look-up: its access id and its trace id."""

    access_id: str
    trace_id: str


def suspects(registered: list[Order], everybody: Collection[Order], others: Collection[Order]) -> Suspects:
    """Choose them.

    Args:
        registered: the orders of Punjab.
        everybody: the orders of all.
        others: of whom the story tells something else.

    Raises:
        StoryBroke: nobody is registered in Roman letters whose name the tables have in Urdu.
    """
    known = next(order for order in registered if order.person.cnic)
    numbers = {order.person.cnic for order in everybody}
    unknown, left_out, *_ = (o for o in generate(4242, 50) if o.person.cnic and o.person.cnic not in numbers)
    for order in registered:
        written = _in_urdu(order)
        if written is not None and order not in (known, *others) and _may_be_candidate(order):
            return Suspects(known, unknown, order, written, left_out)
    raise StoryBroke("nobody is registered in Roman letters alone")


def returned(narration: Narration, those: Suspects) -> None:
    """The prosecutor returns a request: something is missing from its documents."""
    narration.chapter(
        "A prosecutor returns a request",
        text="An officer asks for the suspects named in one FIR. A prosecutor, never the officer himself, has 48 hours "
        "(policy) to decide; he begins his day with what waits for him. Here the copy of the FIR is missing.",
    )
    _write(narration, those)
    narration.run(_POLICE, "access", "request", _REQUEST)
    narration.run(_PROSECUTION, "inbox")
    request_id = _waiting(narration)
    decision = ("access", "return", request_id[:8], "--reason", "documents-incomplete")
    narration.run(_PROSECUTION, *decision, stdin="y\n")
    narration.say("\nThe officer sees it where his day begins:")
    narration.run(_POLICE, "inbox")


def granted(narration: Narration, those: Suspects) -> None:
    """He asks again; the prosecutor grants a part."""
    narration.chapter(
        "A prosecutor grants a part",
        text="The officer asks again, with the copy. The prosecutor grants three of the four suspects, two classes of "
        "fields, one look-up of each, for three days: less than policy allows, never more.",
    )
    _write(narration, those, copy_number="FC-12/2025")
    narration.run(_POLICE, "access", "request", _REQUEST)
    request_id = _waiting(narration)
    until = (dt.datetime.now(dt.UTC) + dt.timedelta(days=3)).strftime("%d.%m.%Y")
    part = ("--only", "1,2,3", "--classes", "identity,conviction", "--uses", "1", "--until", until)
    narration.run(_PROSECUTION, "access", "approve", request_id[:8], *part, stdin="y\n")


def look_up(narration: Narration, those: Suspects) -> LookedUp:
    """Found, no record, a refused second use, and a refused suspect."""
    narration.chapter(
        "The officer looks up",
        text="A CNIC is typed or read from a file, never on the command line. His grant is found by the FIR. What "
        "isn't granted isn't shown: no address, no FIR of the old case.",
    )
    fir = fir_of(access_request(those.known, STATION))
    before = _newest(narration)
    narration.run(_POLICE, "lookup", *fir, "--cnic-file", "suspect-1")
    found = _newest(narration)
    if found == before:
        raise StoryBroke("the look-up isn't in the ledger")
    narration.say("\nThe second suspect isn't in the register. Neither would be one whom this call may not see:")
    narration.run(_POLICE, "lookup", *fir, "--cnic-file", "suspect-2")
    narration.say("\nA second use is refused: the grant was for one look-up of each:")
    narration.run(_POLICE, "lookup", *fir, "--cnic-file", "suspect-1", expect=1)
    narration.say("\nSo is the suspect whom the prosecutor left out, whether or not he is registered:")
    narration.run(_POLICE, "lookup", *fir, "--cnic-file", "suspect-4", expect=1)
    return found


def search(narration: Narration, those: Suspects, registration_id: str) -> None:
    """The suspect without a number is searched for by his name in Urdu, and looked up as a candidate."""
    name, born = those.urdu, those.unnumbered.person.birth_date.year
    narration.chapter(
        "A suspect without a number is searched for by name",
        text="The FIR has his name in Urdu, and the register in Roman letters. Candidates are masked, 20 at most, each "
        f"with the reasons why.\n\nBorn in {born}: {name.name} ولد {name.relative_name}",
    )
    fir = fir_of(access_request(those.known, STATION))
    printed = narration.run(_POLICE, "search", *fir, "--subject", "3")
    chosen = _CANDIDATE.search(printed)
    if chosen is None:
        raise StoryBroke("he isn't found by his name")
    narration.say("\nThe command that looks the first one up stands below the list. It uses the grant:")
    if registration_id not in narration.run(_POLICE, "lookup", *fir, "--candidate", chosen[1]):
        raise StoryBroke("somebody else was found by his name")


def ask_again(narration: Narration, known: Order) -> tuple[str, ...]:
    """Ask for one person in another FIR, unseen, and have it granted whole; returns the option that names the FIR."""
    request = access_request(known, STATION, serial=2)
    request.request_id = ""  # the command gives each its own
    _keep(narration, request)
    narration.run(_POLICE, "access", "request", _REQUEST, "--json", shown=False)
    request_id = _waiting(narration)
    narration.run(_PROSECUTION, "access", "approve", request_id, shown=False, stdin="y\n")
    return fir_of(request)


def fir_of(request: Request) -> tuple[str, ...]:
    """The option that names an FIR."""
    fir, day = request.fir, request.fir.fir_date
    date = f"{day.year}-{day.month:02d}-{day.day:02d}"
    return ("--fir", fir.police_station, str(fir.year), str(fir.serial), date)


def _write(narration: Narration, those: Suspects, *, copy_number: str = "") -> Request:
    """The officer's request, as the file that he hands in."""
    request = access_request(those.known, STATION)
    request.request_id = ""  # the command gives each its own
    request.suspects.append(access_request(those.unknown, STATION).suspects[0])
    request.suspects.append(
        grants_pb2.Suspect(name=those.urdu, birth_year=those.unnumbered.person.birth_date.year),
    )
    request.suspects.append(access_request(those.left_out, STATION).suspects[0])
    request.annexure_a.fir_copy_number = copy_number or request.annexure_a.fir_copy_number
    _keep(narration, request)
    for number, suspect in enumerate(request.suspects, 1):
        path = narration.register.folder / f"suspect-{number}"
        path.touch(0o600)
        path.write_text(f"{suspect.cnic}\n")
    return request


def _keep(narration: Narration, request: Request) -> None:
    path = narration.register.folder / _REQUEST
    path.touch(0o600)
    path.write_text(json_format.MessageToJson(request, ensure_ascii=False))


def _waiting(narration: Narration) -> str:
    """The id of the one access request that waits for the prosecutor; its first digits are enough for him after it."""
    narration.run(_PROSECUTION, "inbox", shown=False)
    lines = narration.run(_PROSECUTION, "inbox", "--json", shown=False).splitlines()
    ids = [each["access_request_id"] for each in map(json.loads, lines) if "access_request_id" in each]
    if len(ids) != 1:
        raise StoryBroke("not the one access request waits for its prosecutor")
    return str(ids[0])


def _newest(narration: Narration) -> LookedUp:
    """The newest look-up by Punjab's police, as the agency's own review shows it."""
    with narration.register.client(_POLICE, state=narration.register.folder / "clients" / "review") as client:
        listed = client.oversight.list_accesses(oversight_pb2.ListAccessesRequest(page_size=50)).message.accesses
    look_ups = [access for access in listed if access.method.endswith("/LookUpRegistration")]
    return LookedUp(look_ups[0].access_id, look_ups[0].trace_id) if look_ups else LookedUp("", "")


def _may_be_candidate(order: Order) -> bool:
    """Whether he may stand in a list of candidates: no juvenile does, and nobody who is handled with more care."""
    return not order.heightened_handling and adults.did(order)


def _in_urdu(order: Order) -> types_pb2.SearchedName | None:
    """The name of an order in Urdu, where it is in Roman letters alone and each of its words has a usual spelling."""
    official = [each for each in order.person.names if each.kind == types_pb2.NAME_KIND_OFFICIAL]
    if len(official) != 1 or not official[0].name.isascii() or len(official[0].name.split()) != _WORDS:
        return None
    spelled = {roman.casefold(): each.urdu[0] for each in elements() for roman in each.roman}
    name, relative = (
        [spelled.get(word.casefold(), "") for word in text.split()]
        for text in (official[0].name, official[0].relative_name)
    )
    if not all(name) or not all(relative) or not relative:
        return None
    return types_pb2.SearchedName(
        name=" ".join(name),
        relative_name=" ".join(relative),
        relation=official[0].relation,
    )
