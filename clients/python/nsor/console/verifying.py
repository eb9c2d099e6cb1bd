# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""The own verification of the ledger, begun by a button: it runs beside the pages, one at a time.

What it found is kept by the client (`nsor.last_verification`).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from nsor.advice import Words
from nsor.client import Client
from nsor.errors import NsorError


@dataclass(frozen=True, slots=True)
class State:
    """How a verification stands.

    Attributes:
        running: it isn't over.
        done: steps that are proved.
        total: of how many; 0: it isn't known yet.
        error: why it ended without a result of its own, or with which failure.
    """

    running: bool = False
    done: int = 0
    total: int = 0
    error: NsorError | None = None


class Verification:
    """Verifies the ledger as `nsor ledger verify` does.

    Args:
        client: of whoever verifies; its proofs are kept in its state folder.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._state = State()
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> State:
        """Now."""
        with self._lock:
            return self._state

    def begin(self) -> bool:
        """Begin one; False: one runs."""
        with self._lock:
            if self._state.running:
                return False
            self._state = State(running=True)
        self._thread = threading.Thread(target=self._run, name="verification", daemon=True)
        self._thread.start()
        return True

    def _run(self) -> None:
        try:
            self._client.verify_ledger(progress=self._proved)
        except NsorError as error:
            self._set(State(error=error))
        except Exception as error:  # noqa: BLE001 - a page that says it runs on would be wrong, and begin none any more
            self._set(State(error=_ended_by(error)))
        else:
            self._set(State())

    def _proved(self, done: int, total: int) -> None:
        self._set(State(running=True, done=done, total=total))

    def _set(self, state: State) -> None:
        with self._lock:
            self._state = state


def _ended_by(error: Exception) -> NsorError:
    """What is said of an error that isn't about the ledger, such as a full disk: its type, and no more."""
    name = type(error).__name__
    return NsorError(
        "VERIFICATION_ENDED",
        Words(f"The verification ended before it was over ({name}).", f"تصدیق مکمل ہونے سے پہلے ختم ہو گئی ({name})۔"),
        next_step=Words(
            "Run `nsor ledger verify` on this computer: it says more.",
            "اس کمپیوٹر پر `nsor ledger verify` چلائیں: وہ مزید بتاتا ہے۔",
        ),
    )
