"""The client imports into a real register, loses its line, and goes on."""

import itertools
import uuid
from collections.abc import Callable

from nsor.v1 import errors_pb2, registration_pb2
from nsor_synthetic import generate
from tests.e2e.agencies import Agencies


def test_an_import_that_was_given_up_goes_on_and_enters_nothing_twice(agencies: Agencies) -> None:
    client, import_id = agencies.client("punjab-prosecution"), str(uuid.uuid4())
    places = (order for order in generate(9, 1000) if order.convictions[0].court_case.place_code.startswith("PK-PB"))
    rows = [(number, order, number) for number, order in enumerate(itertools.islice(places, 250), 1)]
    first = itertools.islice(client.import_orders(import_id).send(rows), 120)
    ids = [each.finding.registration_id for each in first]  # the iterator is dropped here, in the middle of a stream
    again = [each.finding for each in client.import_orders(import_id).send(rows)]
    assert all(finding.registration_id for finding in again)
    assert [finding.registration_id for finding in again[:120]] == ids
    assert all(finding.stored_before for finding in again[:120])
    listed, token = [], ""
    while True:
        wanted = registration_pb2.ListImportFindingsRequest(import_id=import_id, page_token=token)
        page = client.registration.list_import_findings(wanted).message
        listed += [finding.registration_id for finding in page.findings]
        token = page.next_page_token
        if not token:
            break
    assert listed == [finding.registration_id for finding in again]


def test_what_is_wrong_with_a_row_names_field_and_rule_and_the_others_go_in(agencies: Agencies) -> None:
    # What clerks' files hold at their worst, to a real register.
    def changed(change: Callable[[registration_pb2.CreateRegistrationRequest], None]) -> None:
        order = next(orders)
        change(order)
        rows.append((len(rows) + 1, order, None))

    def rename(name: str) -> Callable[[registration_pb2.CreateRegistrationRequest], None]:
        return lambda order: setattr(order.person.names[0], "name", name)

    orders = (order for order in generate(23, 1000) if order.convictions[0].court_case.place_code.startswith("PK-PB"))
    rows: list[tuple[int, registration_pb2.CreateRegistrationRequest, None]] = []
    changed(lambda _: None)
    changed(rename("A" * 10_000))
    changed(rename("Lal \u202eKhan"))
    changed(lambda order: setattr(order.convictions[0].judgment_date, "year", 1990))
    changed(lambda order: setattr(order.person.birth_date, "year", 2025))
    changed(lambda _: None)
    found = [
        {
            (one.field, errors_pb2.FieldReason.Name(one.reason).removeprefix("FIELD_REASON_"))
            for one in each.finding.violations
        }
        for each in agencies.client("punjab-prosecution").import_orders(str(uuid.uuid4())).send(rows)
    ]
    assert [not each for each in found] == [True, False, False, False, False, True]
    assert ("person.names[0].name", "TOO_LONG") in found[1]
    assert ("person.names[0].name", "CONTROL_CHARACTER") in found[2]
    assert "DATE_ORDER" in {rule for _, rule in found[3]}
    assert "DATE_ORDER" in {rule for _, rule in found[4]}
