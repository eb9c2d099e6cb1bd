"""What a verification holds in memory grows with the people of the register, and not with the entries."""

import uuid

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import lookup_pb2, options_pb2, types_pb2
from nsor_server.calls import Officer
from nsor_server.ledger.stored import Concerns, OfEntries
from nsor_server.registration.closure import erasures
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_server.verification import contents
from nsor_server.verification.details import OfDetails
from nsor_server.verification.report import Report
from tests.agencies import FIA_IMMIGRATION, officer_of
from tests.calls import call_of
from tests.held import held, held_bytes
from tests.orders import cnic, order
from tests.services import Services

ROUND = 12
PEOPLE = 16
MOST_BYTES = 11_000
"""Of a registration with one conviction that was confirmed, while the register is this small: Python's tables have room
then for as many again. With 4,550 of them a process holds 6.6 kB for each."""


class _Holding:
    """Asks all comparisons about each entry, and counts what they hold after it."""

    def __init__(self, *parts: OfEntries) -> None:
        self.concerns = Concerns(every=True)
        self._parts = parts
        self.held: list[int] = []

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        for each in self._parts:
            each.entry(index, leaf, detail)
        self.held.append(held(self._parts))

    def finish(self) -> None:
        for each in self._parts:
            each.finish()


def looks_up(services: Services, officer: Officer, number: str) -> None:
    request = lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=options_pb2.PURPOSE_BORDER_CONTROL,
        cnic=number,
        basis=lookup_pb2.LookUpBasis(travel_document=types_pb2.TravelDocument(number="AB1234567", country="PK")),
    )
    services.ask(call_of(FIA_IMMIGRATION, officer), request)


def test_look_ups_of_people_who_were_looked_up_before_leave_nothing_behind(services: Services) -> None:
    # Else a ledger of a hundred million look-ups couldn't be verified at all.
    known, unknown = cnic(), cnic()
    services.confirmed(order(known))
    officer = services.enrolled(officer_of(FIA_IMMIGRATION))
    for number in (known, unknown) * ROUND:
        looks_up(services, officer, number)
    report = Report()
    with services.database.connect() as conn, conn.transaction():
        erased = erasures.erased(conn, Sealer(services.keyring))
        holding = _Holding(
            contents.of_details(conn, services.keyring, report),
            contents.of_registrations(conn, services.keyring, report, erased),
        )
        OfDetails(conn, services.keyring, report, of_entries=holding).run()
        holding.finish()
    assert report.findings == []
    first, last = holding.held[-2 * (ROUND - 1)], holding.held[-1]
    assert (len(holding.held) > 2 * ROUND, holding.held[0] < first) == (True, True)
    assert last == first


def test_a_registration_leaves_little_behind(services: Services) -> None:
    # What is held of one is as long in memory as the verification runs, in the process that tells them again.
    report, held = Report(), list[int]()
    for _ in range(2):
        for _ in range(PEOPLE):
            services.confirmed(order())
        with services.database.connect() as conn, conn.transaction():
            erased = erasures.erased(conn, Sealer(services.keyring))
            told = contents.of_registrations(conn, services.keyring, report, erased)
            OfDetails(conn, services.keyring, report, of_entries=told).run()
            held.append(held_bytes(told))
            told.finish()
    assert report.findings == []
    assert (held[1] - held[0]) / PEOPLE < MOST_BYTES
