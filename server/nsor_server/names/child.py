"""The process that holds the index: it gets names, and answers with ids. It has no key, no database and no network.

It runs below everything else (nice), may use only so much memory, leaves no core file, and is the first that the kernel
ends when memory is short. It ends when the register does, since nobody writes to it any more.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
import socket
import sys
from pathlib import Path
from typing import Final

import msgspec

from nsor_server.names.card import Candidate
from nsor_server.names.index import NameIndex
from nsor_server.names.messages import Add, Answer, Born, Compare, Find, Message, Remove, Search
from nsor_server.sockets import receive, send

NICE: Final = 15
_NOT_DUMPABLE: Final = 4
"""PR_SET_DUMPABLE of prctl(2): no core file, and no other process of the user reads its memory."""


def main(descriptor: int, memory_bytes: int) -> None:
    """Answer until nobody asks any more.

    Args:
        descriptor: of the socket over which it is asked.
        memory_bytes: most address space that it may use.
    """
    _confine(memory_bytes)
    # Nothing here goes in circles. To look for some goes through all words: 40 ms and more in the middle of a search.
    gc.disable()
    index = NameIndex()
    decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)
    with socket.socket(fileno=descriptor) as connection, contextlib.suppress(EOFError, OSError):
        while True:
            send(connection, _answer(index, receive(connection, decoder)))


def _answer(index: NameIndex, message: Message) -> Answer:
    candidates: list[list[Candidate]] = []
    found = None
    match message:
        case Add(cards=cards):
            index.add_all(cards)
        case Remove(card_ids=card_ids):
            for card_id in card_ids:
                index.remove(card_id)
        case Find(people=people, limit=limit, least_strength=strength, least_rarity=rarity):
            candidates = index.candidates_of(people, limit, strength, rarity)
        case Born(people=people, limit=limit, least_strength=strength):
            candidates = index.born(people, limit, strength)
        case Search(person=person, limit=limit, bands=bands):
            found = index.search(person, limit, bands)
        case Compare(person=person, limit=limit, bands=bands, cards=cards):
            found = index.compare(person, limit, bands, cards)
    return Answer(len(index), candidates, found)


def _confine(memory_bytes: int) -> None:
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_NOT_DUMPABLE, 0, 0, 0, 0)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
