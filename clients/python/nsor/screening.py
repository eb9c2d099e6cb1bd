"""The passengers of a manifest, screened: messages of rows, each answer checked, none lost when the line breaks.

What wasn't answered is sent again under the same row numbers, which costs nothing for some minutes (policy). The
register says of each message by which tree it has recorded its rows; this makes that tree again from what was sent and
what was answered, so that each row can be proved later by itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from nsor.connection import Connection, read_message
from nsor.errors import NsorError, ReceiptWrong
from nsor.exchange import MOST_BYTES, Exchange, Message, Reply
from nsor.ledger import merkle, screened
from nsor.ledger.screened import BLOCK
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import screening_pb2

METHOD: Final = "nsor.v1.LookupService/ScreenManifest"
_FOUND: Final = screening_pb2.SCREENING_OUTCOME_FOUND
_ALIKE: Final = screening_pb2.SCREENING_OUTCOME_ALIKE
_NO_RECORD: Final = screening_pb2.SCREENING_OUTCOME_NO_RECORD
_COMPARED: Final = (screening_pb2.NAMES_COMPARED_UNSPECIFIED, screening_pb2.NAMES_COMPARED_DONE)
_WORDS: Final[Mapping[int, str]] = {_FOUND: screened.FOUND, _ALIKE: screened.ALIKE}
_SEND_AGAIN: Final = screening_pb2.SCREENING_OUTCOME_SEND_AGAIN
Row = tuple[screening_pb2.ManifestRow, Any]
"""A row, and what its answer is given back with."""


class RowProof(NamedTuple):
    """What proves a row that was screened.

    Attributes:
        salt: the row's own.
        position: of the row among those of its message that were screened.
        hashes: of all of these; its own is the one at the position.
        root: that of their tree, which the entry has.
        outcome: the word by which the tree has what became of it.
    """

    salt: bytes
    position: int
    hashes: Sequence[bytes]
    root: bytes
    outcome: str


class Screened(NamedTuple):
    """What became of a row, with the proof of the message that it came in.

    Attributes:
        tag: what the row was handed in with.
        row: what became of it.
        hit: who it is; None: his documents are nobody's of the register.
        alike: who is alike by names and the day of birth, masked; None: nobody.
        proof: of the row; None: it was refused.
        access_id: of the message's entry in the ledger.
        index: of that entry.
        origin: of the ledger's checkpoint that came with it.
    """

    tag: Any
    row: screening_pb2.ScreenedRow
    hit: screening_pb2.ScreeningHit | None
    alike: screening_pb2.ScreeningCandidate | None
    proof: RowProof | None
    access_id: str
    index: int  # type: ignore[assignment]  # of the entry: nobody looks for a place in this tuple
    origin: str


class Screening:
    """Screens passengers of one manifest.

    Args:
        connection: how to reach the register.
        manifest_id: the manifest.
        give_up_seconds: how long to keep trying without an answer before giving up.
        on_reconnect: hears why, each time before connecting again.
    """

    def __init__(
        self,
        connection: Connection,
        manifest_id: str,
        *,
        give_up_seconds: float = 300.0,
        on_reconnect: Callable[[NsorError | None], None] | None = None,
    ) -> None:
        self._manifest_id = manifest_id
        self._exchange = Exchange(connection, METHOD, give_up_seconds=give_up_seconds, on_reconnect=on_reconnect)

    def send(self, rows: Iterable[Row]) -> Iterator[Screened]:
        """Send rows, each with a tag; gives what became of each. Those that an answer can't hold are sent again.

        Documents are in their normal form: 13 digits, or capitals and digits; names are composed (NFC) and have single
        spaces. Otherwise the tree of the answer isn't that of what was sent.

        Raises:
            Refused: the manifest isn't the caller's, or is over.
            Unreachable: the register was away for longer than ``give_up_seconds``.
            ProofFailed: a receipt is missing or wrong, or the answer isn't to these rows.
        """
        left: list[Row] = list(rows)
        while left:
            again: list[Row] = []
            for reply in self._exchange.send(self._messages(left)):
                for each, one in zip(reply.tag, _answered(reply), strict=True):
                    if one.row.outcome == _SEND_AGAIN:
                        again.append(each)
                    else:
                        yield one
            left = again

    def _messages(self, rows: Iterable[Row]) -> Iterator[Message]:
        """Rows that may go together: those of one block, as many as a message holds."""
        for _, of_block in itertools.groupby(rows, lambda each: (each[0].row - 1) // BLOCK):
            while sent := list(itertools.islice(of_block, BLOCK)):
                yield from self._message(sent)

    def _message(self, sent: list[Row]) -> Iterator[Message]:
        message = screening_pb2.ScreenManifestRequest(manifest_id=self._manifest_id, rows=[row for row, _ in sent])
        encoded = message.SerializeToString()
        if len(encoded) <= MOST_BYTES or len(sent) == 1:
            yield Message(encoded, sent)
        else:
            middle = len(sent) // 2
            yield from self._message(sent[:middle])
            yield from self._message(sent[middle:])


def documents(row: screening_pb2.ManifestRow) -> str:
    """What a passenger shows, and his names, in the words of the tree."""
    number = row.identity_number
    words = [f"cnic {number}"] if number else []
    if row.HasField("shown_document"):
        shown = row.shown_document
        words.append(f"document {shown.country} {shown.number} {shown.kind:d}")
    if row.HasField("names"):
        words.append(f"names {screened.names_hash(row.names.name, row.names.relative_name).hex()}")
    return " ".join(words)


def birth_date(row: screening_pb2.ManifestRow) -> str:
    """A passenger's date of birth, likewise."""
    born = row.birth_date
    return "%04d-%02d-%02d" % (born.year, born.month, born.day)  # noqa: UP031 - twice as fast, and it is each row's


def _answered(reply: Reply) -> Iterator[Screened]:
    """What became of each row of a message.

    Raises:
        ReceiptWrong: the answer is to other rows.
    """
    answer = read_message(screening_pb2.ScreenManifestResponse, reply.body)
    answered = list(answer.rows)
    numbers, outcomes = [each.row for each in answered], [each.outcome for each in answered]
    if numbers != [row.row for row, _ in reply.tag]:
        raise ReceiptWrong("rows")
    hits = {each.row: each for each in answer.hits}
    alike = {each.row: each for each in answer.alike}
    words = [_in_tree(said, outcome) for said, outcome in zip(answered, outcomes, strict=True)]
    in_tree = [
        (number, documents(row), birth_date(row), word)
        for number, (row, _), word in zip(numbers, reply.tag, words, strict=True)
        if word is not None
    ]
    hashes = screened.row_hashes(answer.salt, in_tree)
    root, proof = merkle.root_of(hashes), reply.proof
    if (
        not root == answer.rows_root == leaf_pb2.Leaf.FromString(proof.leaf).rows_root
        or {number for number, outcome in zip(numbers, outcomes, strict=True) if outcome == _FOUND} != hits.keys()
        or {number for number, outcome in zip(numbers, outcomes, strict=True) if outcome == _ALIKE} != alike.keys()
    ):
        raise ReceiptWrong("rows_root")
    access_id, index, origin = proof.access_id, proof.index, proof.checkpoint.origin
    own_salt, positions = screened.row_salts(answer.salt), itertools.count()
    for number, (_, tag), said, word in zip(numbers, reply.tag, answered, words, strict=True):
        of_row = None if word is None else RowProof(own_salt(number), next(positions), hashes, root, word)
        yield Screened(tag, said, hits.get(number), alike.get(number), of_row, access_id, index, origin)


def _in_tree(said: screening_pb2.ScreenedRow, outcome: int) -> str | None:
    """The word by which the tree has what became of a row; None: it isn't in the tree."""
    if outcome == _NO_RECORD:
        return screened.NO_RECORD if said.names in _COMPARED else screened.NAMES_NOT_COMPARED
    return _WORDS.get(outcome)
