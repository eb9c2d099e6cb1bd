"""Forgets who the passengers of old manifests were: their keys are deleted some days after they have ended."""

from __future__ import annotations

from typing import Final

from nsor_server.storage.deleting import Deleting
from nsor_server.storage.pool import Database

_DELETE: Final = """
DELETE FROM manifest_key WHERE manifest_id IN (
    SELECT manifest_id FROM manifest_key
    WHERE forgotten_at < now()
    ORDER BY forgotten_at
    LIMIT %s
)
"""


class ForgottenManifests(Deleting):
    """The thread that deletes the keys."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "forgotten-manifests", _DELETE)
