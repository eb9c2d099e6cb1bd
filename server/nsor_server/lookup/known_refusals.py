"""Look-ups that this process knows to be refused, whoever they ask for: nobody is read for them.

All that a look-up needs is read at once, under the lock of the ledger's head: the person, too, though it may turn out
that there is no budget for it, or that its grant doesn't name him. Somebody who is registered takes some microseconds
more, and without a budget a refusal costs nothing: whoever sent it a thousand times would learn by the time of it
whether a person is registered.

What is known is a hint. Where it turns out to be wrong, the look-up is read again, whole.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from nsor_server.lookup.batch_store import Wanted

_MOST: Final = 65_536
"""Of all that is known; what was learnt first is forgotten first."""


class KnownRefusals:
    """Until when what is refused. Threads may share it.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def learn(self, key: bytes, seconds: float) -> None:
        """Know for some seconds that what has this key is refused."""
        with self._lock:
            self._until[key] = self._clock() + seconds
            self._until.move_to_end(key)
            if len(self._until) > _MOST:
                self._until.popitem(last=False)

    def knows(self, *keys: bytes) -> bool:
        """Whether what has one of these keys is refused now."""
        now = self._clock()
        return any(self._until.get(key, now) > now for key in keys)


def of_request(wanted: Wanted) -> bytes:
    """What a repeated request is known by; no account's id is as long."""
    return wanted.request_id + wanted.agency_id.encode()


def on_grant(wanted: Wanted, officer_key: bytes) -> bytes:
    """What a look-up of one person by one officer on one grant is known by."""
    person = wanted.blinds[0][1] if wanted.blinds else wanted.candidate or b""
    return officer_key + wanted.grant_id + person
