import pytest

from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from tests.calls import Desk


@pytest.fixture
def desk(database: Database, sealer: Sealer, blind_index: BlindIndex) -> Desk:
    return Desk(database, sealer, blind_index)
