"""What a service hands to the front door: for each of its methods a handler, with the types that it takes and gives.

Which method a handler serves follows from its request's type: in the contract no two methods share one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from google.protobuf.message import Message

from nsor_server.access.disclosures import FOUND_BY, FoundBy
from nsor_server.calls import Call, Outcome, Refusal, Seen
from nsor_server.errors import ApiError, Violation
from nsor_server.ledger.entry import StaleRead
from nsor_server.rpc.spending import Charge
from nsor_server.storage.pool import Connection
from nsor_server.storage.session import Rows, Step
from nsor_server.storage.v1 import record_pb2

Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)
P = TypeVar("P")
C = TypeVar("C")


def _never(_request: Message) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Unary(Generic[Q, A]):
    """A method that is answered with one message.

    Attributes:
        request: type of its requests.
        response: type of its answers.
        run: decides, on a connection that can only read and whose every statement sees what was committed before it;
            raises ApiError to refuse. It runs again when what it has read has changed meanwhile.
        again: for a request that was answered before and is sent again: the versions by which the caller may see now
            what the answer is about; raises ApiError when he may no longer. A method that changes rows of a narrowed
            scope doesn't start without it.
        charge: what of a request its price follows from; without it a call costs nothing, and a method that discloses
            doesn't start.
        rehearsal_costs: a call with ``validate_only`` costs as much as another: it does the same work.
        by_directory: it decides by the rows of the directory's snapshot, which mustn't be older than the call then.
        of_agency: a request is the agency's and not the officer's: whoever of it sends it again hears the first answer.
        shows: how many registrations an answer to a request may show, of a method whose disclosures are found by rows.
        case: of the grant that a request names, if it is the officer's, for the entry of a call that an empty bucket
            kept from running; else empty.
    """

    request: type[Q]
    response: type[A]
    run: Callable[[Call, Q, Connection], Outcome[A]]
    again: Callable[[Call, Q, Connection], Sequence[Seen]] | None = None
    charge: Callable[[Q], Charge] | None = None
    rehearsal_costs: bool = False
    by_directory: bool = False
    of_agency: bool = False
    shows: Callable[[Q], int] | None = None
    case: Callable[[Call, Q, Connection], str] | None = None


@dataclass(frozen=True, slots=True)
class Grouped(Generic[Q, A, P]):
    """A method whose calls the ledger's writer decides, many at a time, by what it reads under the head's lock.

    Attributes:
        prepare: all that depends on the request alone; raises ApiError to refuse.
        reads: the statements that read what ``decide`` needs, for all of a batch.
        decide: from what was prepared, what was read, and the instant of the entries, in microseconds since 1970: an
            outcome for each, or why there is none. One that fails doesn't touch its neighbours; for StaleRead it is
            prepared again.
        case: as of ``Unary``.
    """

    request: type[Q]
    response: type[A]
    prepare: Callable[[Call, Q], P]
    reads: Callable[[Sequence[P]], Sequence[Step]]
    decide: Callable[[Sequence[P], Sequence[Rows], int], Sequence[Outcome[A] | Refusal | StaleRead]]
    case: Callable[[Call, Q, Connection], str] | None = None


@dataclass(frozen=True, slots=True)
class Parted(Generic[Q, A]):
    """A method that decides many things by one signed call; each part is decided and recorded as another method's call.

    Attributes:
        request: type of its requests.
        response: type of its answers.
        part: type of the requests of its parts: of a unary method, which says what they cost and who may call it.
        parts: the requests of its parts, in order, each with a request id that follows from the call's and its place.
        joined: the outcome, from the answer or the refusal of each part; it adds no rows.
    """

    request: type[Q]
    response: type[A]
    part: type[Message]
    parts: Callable[[Q], Sequence[Message]]
    joined: Callable[[Call, Q, Sequence[Message | ApiError]], Outcome[A]]

    def taken(self) -> Unary[Q, A]:
        """What takes a call, before its parts: it reads nothing of the register, and keeps the request's hash."""

        def run(_call: Call, request: Q, _conn: Connection) -> Outcome[A]:
            validated = bool(getattr(request, "validate_only", False))
            return Outcome(self.response(), record_pb2.AccessDetail(outcome="VALIDATED" if validated else "TAKEN"))

        return Unary(self.request, self.response, run)


class StreamStep(NamedTuple):
    """One message of a stream.

    Attributes:
        outcome: without a receipt.
        cursor: where the stream goes on: behind where it was.
        more: whether there may be another one now. Otherwise nobody reads again until the stream is woken.
    """

    outcome: Outcome[Any]
    cursor: Any
    more: bool


@dataclass(frozen=True, slots=True)
class Streamed(Generic[Q, A, C]):
    """A method that is answered with a stream. Its front waits between reads, gates again, records and sends.

    Attributes:
        start: the cursor at which the stream begins.
        woken_by: what wakes the stream of a cursor: the key of what it waits for.
        after: the next message after a cursor; None if there is none yet.
        check: raises ApiError when the caller may no longer have the stream, by the directory that he was gated by;
            asked at each gating, also while the stream is silent.
    """

    request: type[Q]
    response: type[A]
    start: Callable[[Call, Q, Connection], C]
    woken_by: Callable[[C], str]
    after: Callable[[Call, C, Connection], StreamStep | None]
    check: Callable[[Call, C], None]


@dataclass(frozen=True, slots=True)
class Exchanged(Generic[Q, A]):
    """A method whose caller sends a stream of messages, each of which is answered by one, in their order.

    Each message is a call of its own: it is gated, has an entry and a receipt, and may run again as a unary one does.

    Attributes:
        run: as that of a unary method, for one message.
        answered: which of the fields that are wrong are told in the answer, instead of refusing the message.
        weight: as how many ordinary calls a message counts in a commit, whose time is everybody's.
        shows: as that of a unary method, of the answer to one message.
        charge: what of a message the price of a part of its answer follows from; None: it has no such part. That part
            is paid by what the answer shows of it, which its caller is told. The handler finds in ``Call.left`` how
            much that may be, and says in its outcome what it ``costs``.
        rows: as how many rows that are read running a message takes the pool; None: as its bytes say.
        checked_here: of which messages the checks take less time than another process would take to be asked for them.
    """

    request: type[Q]
    response: type[A]
    run: Callable[[Call, Q, Connection], Outcome[A]]
    answered: Callable[[Violation], bool]
    weight: Callable[[Q], int]
    shows: Callable[[Q], int] | None = None
    charge: Callable[[Q], Charge | None] | None = None
    rows: Callable[[Q], int] | None = None
    checked_here: Callable[[Q], bool] = _never


def check_shown(
    method: str, handler: Unary[Any, Any] | Exchanged[Any, Any], request: Message, outcome: Outcome[Any]
) -> None:
    """See that whoever is shown a registration can be found again: what isn't would be recalled by nobody.

    Raises:
        RuntimeError: an answer shows more than it has rows for, or its detail doesn't say which version it shows.
    """
    if len(outcome.shown) > (handler.shows(request) if handler.shows else 0):
        raise RuntimeError(f"an answer of {method} shows more registrations than its handler says")
    detail = outcome.detail
    is_said = detail.shown_version or detail.shown or not detail.classes_shown
    if not is_said and FOUND_BY.get(method) is FoundBy.NAMED:
        raise RuntimeError(f"an answer of {method} doesn't say which version of its registration it shows")


Handler: TypeAlias = (
    Unary[Any, Any] | Parted[Any, Any] | Grouped[Any, Any, Any] | Streamed[Any, Any, Any] | Exchanged[Any, Any]
)
