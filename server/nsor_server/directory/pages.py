"""Pages of the list of agencies. A token is a digest of the last id shown: ids are longer than a token may be.

Agencies are never deleted, so a token stays good while others are added.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.calls import Agency
from nsor_server.directory import agencies
from nsor_server.storage.pool import Connection

DEFAULT_SIZE: Final = 100
_TOKEN_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Page:
    """Agencies in the order of their ids, and the token of the next page, or an empty one at the end."""

    agencies: list[Agency]
    next_page_token: str


def read(conn: Connection, *, page_size: int, page_token: str) -> Page:
    """The page that a token names, or the first one.

    Raises:
        errors.InvalidFields: OUT_OF_RANGE, or PAGE_TOKEN_INVALID for a token that isn't of this list.
    """
    if page_size < 0:
        raise errors.InvalidFields(violations=(errors.Violation("page_size", errors_pb2.FIELD_REASON_OUT_OF_RANGE),))
    limit = page_size or DEFAULT_SIZE
    found = agencies.page(conn, after=_last_shown(conn, page_token) if page_token else "", limit=limit + 1)
    more = len(found) > limit
    return Page(found[:limit], token(found[limit - 1].agency_id) if more else "")


def token(agency_id: str) -> str:
    """The token of the page after an agency."""
    return hashlib.sha256(agency_id.encode()).digest()[:_TOKEN_BYTES].hex()


def _last_shown(conn: Connection, page_token: str) -> str:
    row = conn.execute(
        "SELECT agency_id FROM agency WHERE left(encode(sha256(convert_to(agency_id, 'UTF8')), 'hex'), %s) = %s",
        (2 * _TOKEN_BYTES, page_token),
    ).fetchone()
    if row is None:
        wrong = errors.Violation("page_token", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID)
        raise errors.InvalidFields(violations=(wrong,))
    return str(row[0])
