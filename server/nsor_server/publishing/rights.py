"""Who may fetch what of the log. Pure.

Checkpoints and hash tiles say nothing but how the log grows, and every receipt says that too: any active agency. Entry
bundles are the leaves, with agency, method, purpose and time of every access: those who oversee, and the agencies of
witnesses that the Special Committee has registered for it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from nsor.ledger.tlog_tiles import Bundle, Tile
from nsor.v1 import options_pb2
from nsor_server.calls import Agency

OVERSEERS: Final = frozenset({options_pb2.AGENCY_KIND_NPB, options_pb2.AGENCY_KIND_SPECIAL_COMMITTEE})
"""Kinds of agency that may fetch entries by themselves."""


def may_fetch(named: Tile | Bundle | None, agency: Agency, of_witnesses: Collection[str]) -> bool:
    """Whether an agency may fetch something.

    Args:
        named: a tile, a bundle, or the checkpoint (None).
        agency: active, by its certificate.
        of_witnesses: ids of the agencies that may have entries because of a witness.
    """
    return not isinstance(named, Bundle) or agency.kind in OVERSEERS or agency.agency_id in of_witnesses
