"""Which offence table has judged a count stands beside it; another one judges none anew."""

import uuid

from nsor.v1 import access_requests_pb2, registration_pb2, types_pb2
from nsor_server.policy import source
from nsor_server.policy.offences import OffenceTable
from nsor_server.registration import rejudged
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_synthetic import examples
from tests import policies
from tests.agencies import LAHORE_COURT, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION
from tests.calls import call_of
from tests.orders import Created, conviction, day, order
from tests.services import Services

WITHOUT_BASES = (
    source.packaged("offences.toml").read_bytes().replace(b's2h = true\nprincipal_in = ["II"]', b"s2h = true")
)


def judged_by(services: Services, created: Created) -> list[tuple[int, int]]:
    shown = services.get(created.registration_id, NPB)
    return [(each.offence_table_version, each.counts[0].legal_basis) for each in shown.convictions]


def test_a_count_keeps_the_table_that_judged_it_and_only_npb_is_shown_which(services: Services) -> None:
    first = services.create(order())
    services.confirm(first)
    policies.replace(services.database, services.keyring, "offences", WITHOUT_BASES)
    second = services.create(order())
    assert judged_by(services, first) == [(1, types_pb2.LEGAL_BASIS_BOTH)]
    assert judged_by(services, second) == [(2, types_pb2.LEGAL_BASIS_S2H)]
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT):
        shown = services.get(first.registration_id, agency)
        assert shown.convictions[0].counts[0].legal_basis == types_pb2.LEGAL_BASIS_BOTH
        assert shown.convictions[0].offence_table_version == 0


def test_what_a_caller_says_of_the_version_is_not_believed(services: Services) -> None:
    request = order()
    request.convictions[0].offence_table_version = 99
    assert judged_by(services, services.create(request))[0][0] == 1


def test_an_access_request_keeps_the_table_by_which_its_fir_is_one_under_the_act(services: Services) -> None:
    asked = (r for r in examples.requests(5) if isinstance(r, access_requests_pb2.CreateAccessRequestRequest))
    request = next(asked)
    request.request_id = str(uuid.uuid4())
    found = services.ask(call_of(PUNJAB_POLICE), request).response
    key = uuid.UUID(found.access_request_id)
    sealed = services.one("SELECT sealed FROM access_request_version WHERE access_request_id = %s", key)
    opened = Sealer(services.keyring).open("access_request_version", key.bytes, 1, bytes(sealed))
    assert record_pb2.AccessRequestRecord.FromString(opened).offence_table_version == 1


def test_what_is_sealed_is_not_gone_through(services: Services) -> None:
    # Its id would tell the operator what two officers of NPB alone are shown.
    open_one, sealed = services.create(order()), services.create(order())
    services.confirm(sealed)
    services.judge_all(sealed, "SET_ASIDE")
    nothing = OffenceTable(())
    with services.database.reading() as conn:
        found = list(rejudged.otherwise(conn, services.sealer, nothing))
    assert [registration_id for registration_id, _ in found] == [open_one.key.bytes]


def test_counts_are_told_by_their_places_among_those_that_stand(services: Services) -> None:
    request = order()
    request.convictions[0].counts.extend([request.convictions[0].counts[0]] * 2)
    request.convictions[0].counts[0].offence_date.CopyFrom(day(2021, 8, 1))
    created = services.create(request)
    services.confirm(created)
    (shown,) = services.get(created.registration_id, NPB).convictions
    conviction_id = uuid.UUID(shown.conviction_id).bytes
    fallen = registration_pb2.JudgedCount(offence_code="PPC-376", offence_date=day(2021, 8, 1))
    services.judge(shown, "SET_ASIDE", counts=[fallen])
    with services.database.reading() as conn:
        ((_, found),) = rejudged.otherwise(conn, services.sealer, OffenceTable(()))
    assert found == [rejudged.Rejudged(conviction_id, (1, 2))]
    assert len(services.get(created.registration_id, NPB).convictions[0].counts) == 2


def test_a_conviction_that_is_added_is_judged_by_the_table_of_its_day(services: Services) -> None:
    created = services.create(order())
    services.confirm(created)
    policies.replace(services.database, services.keyring, "offences", WITHOUT_BASES)
    services.add_conviction(created, conviction(case_number="Sessions Case No. 7/2023"))
    assert judged_by(services, created) == [(1, types_pb2.LEGAL_BASIS_BOTH), (2, types_pb2.LEGAL_BASIS_S2H)]
