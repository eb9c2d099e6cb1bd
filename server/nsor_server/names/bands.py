"""From which strength on a candidate is likely, or possible; `docs/performance.md` says how well that tells apart."""

from __future__ import annotations

from typing import Final

from nsor_server.names.card import Bands

BANDS: Final = Bands(likely=0.79, possible=0.3)
