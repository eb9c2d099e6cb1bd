import pytest

from nsor_server.formats.checker import Checker
from nsor_server.policy import written_forms
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places


@pytest.fixture(scope="session")
def checker() -> Checker:
    """The checker with the packaged policy data."""
    return Checker(Places.load(), OffenceTable.load(), written_forms.load())
