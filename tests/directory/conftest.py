from collections.abc import Iterator

import pytest

from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.services import Services


@pytest.fixture
def services(database: Database, keyring: Keyring) -> Iterator[Services]:
    with Services(database, keyring) as running:
        yield running
