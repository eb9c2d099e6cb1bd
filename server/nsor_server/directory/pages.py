"""Pages of the lists of agencies, of keys and of consumers, of the directory that the gate saw.

A token names the last row shown.

Of agencies it is a digest, since ids are longer than a token may be; of keys and consumers it is the id. None is ever
deleted, so a token stays good while others are added.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Call, Consumer
from nsor_server.directory import consumers, officers

DEFAULT_SIZE: Final = 100
_TOKEN_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Page:
    """Agencies in the order of their ids, and the token of the next page, or an empty one at the end."""

    agencies: list[Agency]
    next_page_token: str


def read_agencies(call: Call, *, page_size: int, page_token: str) -> Page:
    """The page of all agencies that a token names, or the first one.

    Raises:
        errors.InvalidFields: OUT_OF_RANGE, or PAGE_TOKEN_INVALID for a token that isn't of this list.
    """
    limit = _size(page_size)
    after = _last_shown(call, page_token) if page_token else ""
    found = [agency for agency_id, agency in sorted(call.agencies.items()) if agency_id > after]
    more = len(found) > limit
    return Page(found[:limit], token(found[limit - 1].agency_id) if more else "")


@dataclass(frozen=True, slots=True)
class OfficersPage:
    """Keys in the order of their numbers, and the token of the next page, or an empty one at the end."""

    officers: list[officers.Enrolled]
    next_page_token: str


def read_officers(call: Call, *, page_size: int, page_token: str) -> OfficersPage:
    """The page of the caller's own keys that a token names, or the first one.

    Raises:
        errors.InvalidFields: OUT_OF_RANGE, or PAGE_TOKEN_INVALID for a token that isn't of this list.
    """
    limit = _size(page_size)
    found = officers.page(call, after=_last_key(call, page_token), limit=limit + 1)
    more = len(found) > limit
    return OfficersPage(found[:limit], found[limit - 1].officer.key_id.hex() if more else "")


@dataclass(frozen=True, slots=True)
class ConsumersPage:
    """Consumers in the order of their names, and the token of the next page, or an empty one at the end."""

    consumers: list[Consumer]
    next_page_token: str


def read_consumers(call: Call, *, page_size: int, page_token: str) -> ConsumersPage:
    """The page of the caller's own consumers that a token names, or the first one.

    Raises:
        errors.InvalidFields: OUT_OF_RANGE, or PAGE_TOKEN_INVALID for a token that isn't of this list.
    """
    limit, after = _size(page_size), ""
    if page_token:
        named = [each.name for each in consumers.of_agency(call) if each.consumer_id.hex() == page_token]
        if not named:
            raise _wrong_token()
        (after,) = named
    found = consumers.page(call, after=after, limit=limit + 1)
    more = len(found) > limit
    return ConsumersPage(found[:limit], found[limit - 1].consumer_id.hex() if more else "")


def token(agency_id: str) -> str:
    """The token of the page after an agency."""
    return hashlib.sha256(agency_id.encode()).digest()[:_TOKEN_BYTES].hex()


def _size(page_size: int) -> int:
    if page_size < 0:
        raise errors.InvalidFields(violations=(errors.Violation("page_size", errors_pb2.FIELD_REASON_OUT_OF_RANGE),))
    return page_size or DEFAULT_SIZE


def _last_key(call: Call, page_token: str) -> bytes:
    """Id of the last key shown, or empty; it must be one of the caller's own agency."""
    if not page_token:
        return b""
    try:
        key_id = bytes.fromhex(page_token)
    except ValueError:
        raise _wrong_token() from None
    known = call.officers.get(key_id)
    if known is None or known.agency_id != call.agency.agency_id:
        raise _wrong_token()
    return key_id


def _wrong_token() -> errors.InvalidFields:
    wrong = errors.Violation("page_token", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID)
    return errors.InvalidFields(violations=(wrong,))


def _last_shown(call: Call, page_token: str) -> str:
    last = next((agency_id for agency_id in call.agencies if token(agency_id) == page_token), None)
    if last is None:
        raise _wrong_token()
    return last
