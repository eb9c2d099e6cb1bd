"""The index in a process of its own, as the register uses it.

One thread speaks with the process, so that whoever asks waits no longer than he wants to: a question that he has left
is answered to nobody, and the process isn't ended for it. It is ended when it doesn't answer at all.
"""

from __future__ import annotations

import contextlib
import math
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from nsor_server.names.card import Bands, Candidate, Found, Person
from nsor_server.names.messages import Add, Answer, Born, Compare, Find, Message, Remove, Search
from nsor_server.sockets import receive, send

MEMORY_BYTES: Final = 4 << 30
"""Address space that the process may use; a million cards need a seventh of it."""
ANSWER_SECONDS: Final = 60.0
"""Longest that an answer may take, whoever waits for it: all arrays may have to be made again first."""
_STOP_SECONDS: Final = 5.0


class NamesUnavailable(Exception):
    """The process has ended, or doesn't answer; a new one is empty and has to be filled again."""


class NamesLate(Exception):
    """The answer hasn't come by the deadline of whoever asked; the process goes on."""


@dataclass(slots=True, eq=False)
class _Question:
    """A question, and who waits for its answer.

    Attributes:
        message: what is asked; None: nobody waits any more, and it takes no memory while another one hangs.
        answers: takes the answer; None: there is none, and never will be.
    """

    message: Message | None
    answers: queue.SimpleQueue[Answer | None] = field(default_factory=queue.SimpleQueue)


class NameProcess:
    """A process that holds an index. Threads may share it; their questions are answered one after the other."""

    def __init__(self, memory_bytes: int = MEMORY_BYTES, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._decoder = msgspec.msgpack.Decoder(Answer)
        self._questions: queue.SimpleQueue[_Question | None] = queue.SimpleQueue()
        self._entering = threading.Lock()
        self._ended = False
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
        self._thread = threading.Thread(target=self._run, name="names", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it was found to be gone, or not to answer."""
        return self._ended

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

    def born(
        self, people: Sequence[Person], limit: int, least_strength: float, deadline: float = math.inf
    ) -> list[list[Candidate]]:
        """For each of the people who was born on the same day and is alike by both names, as ``NameIndex.born``.

        Raises:
            NamesUnavailable, NamesLate: as ``search``.
        """
        return self._ask(Born(list(people), limit, least_strength), deadline).candidates

    def search(self, person: Person, limit: int, bands: Bands, deadline: float = math.inf) -> Found:
        """Who is most alike, each with his band, and how many others fit as well, as ``NameIndex.search``.

        Args:
            person: who is looked for.
            limit: how many at most are answered.
            bands: how alike somebody has to be.
            deadline: until when to wait, ``time.monotonic``.

        Raises:
            NamesUnavailable: the process is gone.
            NamesLate: there is no answer by then.
        """
        return self._found(Search(person, limit, bands), deadline)

    def compare(
        self,
        person: Person,
        limit: int,
        bands: Bands,
        cards: Sequence[tuple[bytes, Person]],
        deadline: float = math.inf,
    ) -> Found:
        """Who of some others is most alike, as ``NameIndex.compare``; they aren't kept.

        Raises:
            NamesUnavailable, NamesLate: as ``search``.
        """
        return self._found(Compare(person, limit, bands, list(cards)), deadline)

    def stop(self) -> None:
        """End the process."""
        self._questions.put(None)
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join()
        self._connection.close()

    def _found(self, message: Search | Compare, deadline: float) -> Found:
        found = self._ask(message, deadline).found
        if found is None:
            raise NamesUnavailable
        return found

    def _ask(self, message: Message, deadline: float = math.inf) -> Answer:
        question = _Question(message)
        with self._entering:
            if self._ended:
                raise NamesUnavailable
            self._questions.put(question)
        try:
            waits = None if deadline == math.inf else max(0.0, deadline - time.monotonic())
            answer = question.answers.get(timeout=waits)
        except queue.Empty:
            question.message = None
            raise NamesLate from None
        if answer is None:
            raise NamesUnavailable
        return answer

    def _run(self) -> None:
        """Ask the process what threads want to know, until it ends or doesn't answer."""
        question = self._questions.get()
        while question is not None:
            message = question.message
            if message is not None:
                answer = self._answer(message)
                if answer is None:
                    break
                question.answers.put(answer)
            question = self._questions.get()
        with self._entering:
            self._ended = True
        with contextlib.suppress(queue.Empty):
            while True:
                if question is not None:
                    question.answers.put(None)
                question = self._questions.get_nowait()

    def _answer(self, message: Message) -> Answer | None:
        try:
            send(self._connection, message)
            return receive(self._connection, self._decoder)
        except (OSError, EOFError, ValueError):
            self._process.kill()  # what is left in the pipe belongs to no question any more
            return None
