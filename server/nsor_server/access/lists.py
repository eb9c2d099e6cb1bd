"""The rules of every List RPC, of which each page is kept by its own.

1. Rows: those of the caller's scope, which the officer's places narrow (``access/rows.py``), as part of the read.
2. Masked: no full CNIC and no whole name; whoever needs more opens one record, from a budget of its own.
3. No filter by person: a request names kinds, states and times.
4. Pages go on from the place at which the one before ended. The token of that place is sealed, so that nobody reads or
   makes one, and bound to method, agency, officer, purpose and filter.
5. What shows persons costs a budget of officer and agency (``policy/budgets.toml``), page by page.
6. Each page is an entry, whose sealed detail says what was listed, so that ``ledger verify`` makes it again.

``tests/access/test_lists.py`` walks the List RPCs of the contract. This module is rule 4.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.alerts import Alert, alert
from nsor_server.calls import Call
from nsor_server.storage.sealing import SealBroken, Sealing

_NAME: Final = "page-token"


def token(sealer: Sealing, call: Call, place: bytes, *asked_for: object) -> str:
    """The token of the page that goes on from a place.

    Args:
        sealer: seals it.
        call: past the gate; the token holds for its caller and officer.
        place: where the page ends.
        asked_for: the filter; numbers, texts and None.
    """
    sealed = sealer.seal(_NAME, _binding(call, asked_for), 0, place)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def place(sealer: Sealing, call: Call, page_token: str, *asked_for: object) -> bytes | None:
    """The place that a page goes on from; None: it is the first page.

    Raises:
        errors.InvalidFields: PAGE_TOKEN_INVALID: it isn't a token of this list, caller, officer and filter.
    """
    if not page_token:
        return None
    try:
        sealed = base64.urlsafe_b64decode(page_token + "=" * (-len(page_token) % 4))
        return sealer.open(_NAME, _binding(call, asked_for), 0, sealed)
    except (binascii.Error, SealBroken, ValueError):
        invalid = errors.Violation("page_token", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID)
        raise errors.InvalidFields(violations=(invalid,)) from None


def require_durable(size: int, durable: int) -> None:
    """See that a page is of no register of before.

    Args:
        size: how many entries there were when it was read.
        durable: how many this process knew to be durable before that.

    Raises:
        errors.Internal: there were fewer.
    """
    if size < durable:
        alert(Alert.ROW_CONTRADICTED, "ledger_head is one of before; run `nsor-server ledger verify`")
        raise errors.Internal


def _binding(call: Call, asked_for: tuple[object, ...]) -> bytes:
    """An officer is his number, as in his budget: a new key goes on with what the one before has begun."""
    officer = call.officer.officer_number if call.officer else None
    parts = (call.method, call.agency.agency_id, officer, int(call.purpose), *asked_for)
    return hashlib.sha256(repr(parts).encode()).digest()
