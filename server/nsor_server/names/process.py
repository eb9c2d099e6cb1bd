"""The index in a process of its own, as the register uses it."""

from __future__ import annotations

import contextlib
import math
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Final

import msgspec

from nsor_server.names.card import Bands, Candidate, Found, Person
from nsor_server.names.messages import Add, Answer, Born, Compare, Find, Message, Remove, Search
from nsor_server.sockets import receive, send

MEMORY_BYTES: Final = 4 << 30
"""Address space that the process may use; a million cards need a seventh of it."""
ANSWER_SECONDS: Final = 60.0
"""Longest that an answer may take: all arrays may have to be made again first."""
_STOP_SECONDS: Final = 5.0


class NamesUnavailable(Exception):
    """The process has ended, or doesn't answer; a new one is empty and has to be filled again."""


class NameProcess:
    """A process that holds an index. Threads take turns."""

    def __init__(self, memory_bytes: int = MEMORY_BYTES, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._turn = threading.Lock()
        self._decoder = msgspec.msgpack.Decoder(Answer)
        ours, theirs = socket.socketpair()
        ours.settimeout(answer_seconds)
        self._connection = ours
        with theirs:
            module = f"{__package__}.child"
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-I", "-m", module, str(theirs.fileno()), str(memory_bytes)],
                env={"OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # a traceback could quote what it was given
                pass_fds=(theirs.fileno(),),
            )

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def add(self, cards: Sequence[tuple[bytes, Person]]) -> int:
        """Add or replace cards; tells how many there are now.

        Raises:
            NamesUnavailable: the process is gone.
        """
        return self._ask(Add(list(cards))).cards

    def remove(self, card_ids: Sequence[bytes]) -> int:
        """Forget cards; tells how many there are now.

        Raises:
            NamesUnavailable: the process is gone.
        """
        return self._ask(Remove(list(card_ids))).cards

    def candidates(
        self, people: Sequence[Person], limit: int, least_strength: float = 0.0, least_rarity: float = -math.inf
    ) -> list[list[Candidate]]:
        """For each of the people who is most alike, the most alike first, as ``NameIndex.candidates_of``.

        Raises:
            NamesUnavailable: the process is gone.
        """
        return self._ask(Find(list(people), limit, least_strength, least_rarity)).candidates

    def born(self, people: Sequence[Person], limit: int, least_strength: float) -> list[list[Candidate]]:
        """For each of the people who was born on the same day and is alike by both names, as ``NameIndex.born``.

        Raises:
            NamesUnavailable: the process is gone.
        """
        return self._ask(Born(list(people), limit, least_strength)).candidates

    def search(self, person: Person, limit: int, bands: Bands) -> Found:
        """Who is most alike, each with his band, and how many others fit as well, as ``NameIndex.search``.

        Raises:
            NamesUnavailable: the process is gone.
        """
        return self._found(Search(person, limit, bands))

    def compare(self, person: Person, limit: int, bands: Bands, cards: Sequence[tuple[bytes, Person]]) -> Found:
        """Who of some others is most alike, as ``NameIndex.compare``; they aren't kept.

        Raises:
            NamesUnavailable: the process is gone.
        """
        return self._found(Compare(person, limit, bands, list(cards)))

    def stop(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._connection.close()

    def _found(self, message: Search | Compare) -> Found:
        found = self._ask(message).found
        if found is None:
            raise NamesUnavailable
        return found

    def _ask(self, message: Message) -> Answer:
        with self._turn:
            try:
                send(self._connection, message)
                return receive(self._connection, self._decoder)
            except (OSError, EOFError, ValueError) as error:
                self._process.kill()  # what is left in the pipe belongs to no question any more
                raise NamesUnavailable from error
