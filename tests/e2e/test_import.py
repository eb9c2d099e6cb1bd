"""The client imports into a real register, loses its line, and goes on."""

import itertools
import uuid

import pytest

from nsor.v1 import registration_pb2
from nsor_synthetic import generate
from tests.e2e.agencies import Agencies

pytestmark = pytest.mark.xdist_group("register")


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
