"""An import of conviction orders: messages of rows, each answer checked, none lost when the line breaks.

What wasn't answered is sent again on another stream under the same import id: the register gives a row that it has
stored its finding again, so that nothing is entered twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from nsor.connection import Connection, read_message
from nsor.errors import NsorError, ReceiptWrong
from nsor.exchange import MOST_BYTES, Exchange, Message
from nsor.v1 import registration_pb2

METHOD: Final = "nsor.v1.RegistrationService/ImportRegistrations"
BLOCK: Final = 25
"""Row numbers of a block: the rows of a message are of one."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A finding of a row, with the proof of the message that it came in.

    Attributes:
        tag: what the row was handed in with.
        finding: what became of the row.
        access_id: of the message's entry in the ledger.
        index: of that entry.
        origin: of the ledger's checkpoint that came with it.
    """

    tag: Any
    finding: registration_pb2.ImportFinding
    access_id: str
    index: int
    origin: str


class Import:
    """One import.

    Args:
        connection: how to reach the register.
        import_id: the same whenever this file is sent.
        validate_only: a rehearsal: nothing is entered.
        give_up_seconds: how long to keep trying without an answer before giving up.
        on_reconnect: hears why, each time before connecting again.
        before_sending: called before a message is sent for the first time.
    """

    def __init__(
        self,
        connection: Connection,
        import_id: str,
        *,
        validate_only: bool = False,
        give_up_seconds: float = 300.0,
        on_reconnect: Callable[[NsorError | None], None] | None = None,
        before_sending: Callable[[], None] = lambda: None,
    ) -> None:
        self._import_id = import_id
        self._validate_only = validate_only
        self._exchange = Exchange(
            connection,
            METHOD,
            give_up_seconds=give_up_seconds,
            on_reconnect=on_reconnect,
            before_sending=before_sending,
        )

    def send(self, rows: Iterable[tuple[int, registration_pb2.CreateRegistrationRequest, Any]]) -> Iterator[Answered]:
        """Send rows, each with its number and a tag; gives their findings in order.

        Rows are taken as they are needed, so that a file of any length takes the same memory.

        Raises:
            Refused: the register takes no rows from this caller, or not as they are numbered.
            Unreachable: it was away for longer than ``give_up_seconds``.
            ProofFailed: a receipt is missing or wrong.
        """
        for reply in self._exchange.send(self._messages(rows)):
            found = read_message(registration_pb2.ImportRegistrationsResponse, reply.body).findings
            if len(found) != len(reply.tag):
                raise ReceiptWrong("findings")
            proof = reply.proof
            for tag, finding in zip(reply.tag, found, strict=True):
                yield Answered(tag, finding, proof.access_id, proof.index, proof.checkpoint.origin)

    def _messages(
        self, rows: Iterable[tuple[int, registration_pb2.CreateRegistrationRequest, Any]]
    ) -> Iterator[Message]:
        """Rows that may go together: ascending numbers of one block."""
        message, size, last = self._empty(), 0, 0
        tags: list[Any] = []
        for number, order, tag in rows:
            bytes_of_row = order.ByteSize() + 16
            apart = (number - 1) // BLOCK != (last - 1) // BLOCK or number <= last or size + bytes_of_row > MOST_BYTES
            if tags and apart:
                yield Message(message.SerializeToString(), tags)
                message, size, tags = self._empty(), 0, []
            message.rows.add(row=number, order=order)
            tags.append(tag)
            size, last = size + bytes_of_row, number
        if tags:
            yield Message(message.SerializeToString(), tags)

    def _empty(self) -> registration_pb2.ImportRegistrationsRequest:
        return registration_pb2.ImportRegistrationsRequest(import_id=self._import_id, validate_only=self._validate_only)
