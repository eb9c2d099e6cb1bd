import pytest
from tests.calls import Desk

from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer


@pytest.fixture
def desk(database: Database, sealer: Sealer, blind_index: BlindIndex) -> Desk:
    return Desk(database, sealer, blind_index)
