"""Who may fetch what of the log. Pure.

Checkpoints and hash tiles say nothing but how the log grows, and every receipt says that too: any active agency. Entry
bundles are the leaves, with agency, method, purpose and time of every access: those who oversee.
"""

from __future__ import annotations

from typing import Final

from nsor.ledger.tlog_tiles import Bundle, Tile
from nsor.v1 import options_pb2
from nsor_server.calls import Agency

OVERSEERS: Final = frozenset({options_pb2.AGENCY_KIND_NPB, options_pb2.AGENCY_KIND_SPECIAL_COMMITTEE})
"""Kinds of agency that may fetch entries by themselves."""


def may_fetch(named: Tile | Bundle | None, agency: Agency) -> bool:
    """Whether an agency may fetch something.

    Args:
        named: a tile, a bundle, or the checkpoint (None).
        agency: active, by its certificate.
    """
    return not isinstance(named, Bundle) or agency.kind in OVERSEERS
