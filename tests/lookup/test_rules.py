"""What opens the register for an investigation, by the rules alone: the check of a request's form comes before them."""

import pytest

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.lookup.requests import rules
from nsor_server.policy.offences import OffenceTable
from tests.access.requests import application
from tests.orders import day

OFFENCES = OffenceTable.load()


@pytest.mark.parametrize(("fir_day", "opens"), [(17, False), (18, True), (19, True)])
def test_a_section_opens_the_register_from_the_day_on_which_it_was_law(fir_day: int, opens: bool) -> None:
    # PECA came into force on 18 August 2016: an FIR from before can't be under it.
    request = application()
    request.fir.fir_date.CopyFrom(day(2016, 8, fir_day))
    request.annexure_a.offence_codes[:] = ["PECA-21"]
    if opens:
        rules.check_access_request(request, OFFENCES)
        return
    with pytest.raises(errors.InvalidFields) as refused:
        rules.check_access_request(request, OFFENCES)
    assert refused.value.reason == errors_pb2.ERROR_REASON_OFFENCE_NOT_REGISTRABLE
