"""Who the bench's calls are about: synthetic people whose CNICs tell registered ones from others.

The generator makes at most a million people of one seed, some without a CNIC, and numbers of two seeds may meet. So
the bench numbers its people itself: the last digit but one of a CNIC is even for somebody whom the bench registers and
odd for somebody who is nowhere, which the bare echo can read as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from nsor.v1 import access_requests_pb2, registration_pb2, types_pb2
from nsor_synthetic import generate
from nsor_synthetic.story import access_request

FIRST = 1
"""Number of the first person: seven zeros in a CNIC are taken for a placeholder."""
FIRST_ENTERED = 2_000_000
"""Number of the first person whom a call enters; those before are seeded."""
MOST = FIRST_ENTERED - FIRST
"""Most people that can be seeded."""
MAX_SERIALS = 90_000
"""FIRs of a station in a year; the contract ends a little later."""
STATION = "PK-PB/LHR/PS-001"
_PUNJAB = "PK-PB"
_ADULT_YEARS = 20
_FIRST_DIGITS = "35202"


def registered_cnic(number: int) -> str:
    """The CNIC of the registered person of this number; its last digit is a man's, whoever it is."""
    return _cnic(2 * number)


def absent_cnic(number: int) -> str:
    """A CNIC that nobody has whom the bench registers."""
    return _cnic(2 * number + 1)


def document_number(number: int) -> str:
    """The number of the registered person's travel document; two people with one would hold each other back."""
    return f"ZZ{number:07d}"


def is_registered(cnic: str) -> bool:
    """Whether the bench registers the person, as far as the number tells."""
    return int(cnic[-2]) % 2 == 0


def orders(seed: int, first: int, count: int) -> Iterator[registration_pb2.CreateRegistrationRequest]:
    """Conviction orders of all Pakistan for the registered people of the numbers from ``first`` on."""
    for number, order in enumerate(generate(seed, count), first):
        _rename(order, number)
        yield order


def punjab_orders(seed: int, first: int, count: int) -> Iterator[registration_pb2.CreateRegistrationRequest]:
    """Conviction orders that Punjab's offices handle alone."""
    for number, order in enumerate(generate(seed, count, _PUNJAB), first):
        _rename(order, number)
        yield order


def access_requests(count: int, first: int) -> Iterator[access_requests_pb2.CreateAccessRequestRequest]:
    """Requests for access to one suspect each, in the same district, each of an FIR of its own."""
    for number, order in enumerate(punjab_orders(11, first, count), first):
        yield access_request(order, STATION, number % MAX_SERIALS + 1)


def _rename(order: registration_pb2.CreateRegistrationRequest, number: int) -> None:
    person = order.person
    person.cnic = registered_cnic(number)
    person.no_cnic_reason = types_pb2.NO_CNIC_REASON_UNSPECIFIED
    person.nationality = "PK"
    for document in person.travel_documents:
        document.number = document_number(number)
    # What somebody did under 18 no look-up shows, and the bench counts on whom it has registered.
    offences = (count.offence_date.year for conviction in order.convictions for count in conviction.counts)
    born = person.birth_date
    born.year, born.day = min(born.year, min(offences) - _ADULT_YEARS), min(born.day, 28)


def _cnic(number: int) -> str:
    return f"{_FIRST_DIGITS}{number:07d}1"
