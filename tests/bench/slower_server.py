"""`nsor-server`, but that an answer about every other person takes longer: the control of ``equivalence.py``.

A measurement that doesn't find this has found nothing. It is a program of the bench: the server has no such switch.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from nsor_server.__main__ import main
from nsor_server.lookup import batch
from nsor_server.lookup.look_up import LookUp
from tests.bench import alike, unshown

_SLOW: Final = frozenset(unshown.cnics(unshown.Kind.ALSO_ABSENT))
_answer: Final = batch.Decider._answer


def _slower(decider: batch.Decider, of_batch: Any, item: LookUp, *read: Any) -> Any:
    ends = time.perf_counter() + alike.CONTROL_US / 1e6
    slow = item.subject is not None and item.subject.text in _SLOW
    while slow and time.perf_counter() < ends:
        pass
    return _answer(decider, of_batch, item, *read)


if __name__ == "__main__":
    setattr(batch.Decider, "_answer", _slower)  # noqa: B010 - a method, which can't be assigned
    main()
