"""A register that has what a server's first start enters: the agencies and the policy."""

from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests import deciding, policies
from tests.agencies import AGENCIES
from tests.calls import ORIGIN


def fill(database: Database, keyring: Keyring) -> None:
    """Enter the agencies and the policy, as a server's first start does."""
    with database.owner() as owner, owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO agency (agency_id, kind, name_en, name_ur, jurisdiction, court_kinds)"
            " VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [(a.agency_id, a.kind, a.name_en, a.name_ur, list(a.jurisdiction), list(a.court_kinds)) for a in AGENCIES],
        )
        deciding.record(owner, keyring, ORIGIN)
    policies.enter(database, keyring, ORIGIN)
