"""What other agencies feel of an attack: calls of four of them, one after another on a connection of each."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import grpc

from nsor.v1 import directory_pb2
from tests.e2e.agencies import Agencies

LIST = "nsor.v1.DirectoryService/ListAgencies"
NAMES = ("npb", "punjab-police", "kp-police", "punjab-prosecution")


@dataclass(slots=True)
class Felt:
    """What they felt.

    Attributes:
        seconds: of each call that was answered well.
        failures: what the others came to, and how often.
    """

    seconds: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def p99(self) -> float:
        """Seconds."""
        return sorted(self.seconds)[len(self.seconds) * 99 // 100] if self.seconds else 0.0

    def row(self) -> str:
        """For people."""
        failed = ", ".join(f"{count} {name}" for name, count in self.failures.items()) or "none failed"
        return f"{len(self.seconds):6} answered, {failed}; p99 {self.p99 * 1e3:.0f} ms"


def feel(agencies: Agencies, seconds: float) -> Felt:
    """Call for so long."""
    felt, lock, end = Felt(), threading.Lock(), time.monotonic() + seconds

    def run(name: str) -> None:
        caller = agencies.raw(name)
        while (began := time.monotonic()) < end:
            answered = caller.call(LIST, directory_pb2.ListAgenciesRequest())
            with lock:
                if answered.code is grpc.StatusCode.OK:
                    felt.seconds.append(time.monotonic() - began)
                else:
                    felt.failures[f"{answered.code.name} {answered.reason}".strip()] += 1

    threads = [threading.Thread(target=run, args=(name,)) for name in NAMES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return felt
