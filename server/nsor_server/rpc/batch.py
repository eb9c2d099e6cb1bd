"""What goes through the group commit: look-ups, and the bare entries of refusals.

``decide`` runs in the ledger's writer thread, under the head's lock, and may run again for the same items when a
batch fails. Whatever can be done outside of it is done before.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from nsor.v1 import lookup_pb2
from nsor_server.errors import ApiError
from nsor_server.ledger.entry import Entry, Head
from nsor_server.lookup.batch import Decider, LookUp
from nsor_server.rpc import entries, status
from nsor_server.rpc.admission import Admission, Admitted
from nsor_server.rpc.calls import Connection
from nsor_server.tracing.spans import BatchSpan, CallSpan, Tracing


@dataclass(slots=True)
class Asked:
    """A look-up, and once it is decided its answer or its error.

    Attributes:
        admitted: the call.
        look_up: what the service has prepared of it.
        access_id: of its entry, whoever gives up waiting for it meanwhile.
        answer: the bytes to be sent: the response, or the google.rpc.Status of ``error``.
        commit: the span of the commit that holds its entry.
    """

    admitted: Admitted
    look_up: LookUp
    answer: bytes = b""
    error: ApiError | None = None
    commit: BatchSpan | None = None
    access_id: uuid.UUID = field(init=False)

    def __post_init__(self) -> None:
        self.access_id = self.admitted.call.access_id


@dataclass(slots=True)
class Noted:
    """An entry that is ready to be written."""

    entry: Entry
    span: CallSpan | None
    commit: BatchSpan | None = None


Item = Asked | Noted


def prepare(decider: Decider, admitted: Admitted) -> LookUp:
    """What the service prepares of a look-up.

    Raises:
        ApiError: as ``Decider.prepare``.
    """
    request = admitted.request
    if not isinstance(request, lookup_pb2.LookUpRegistrationRequest):
        raise TypeError("not a look-up")
    return decider.prepare(admitted.call, request)


class Batches:
    """Decides batches of the group commit."""

    def __init__(self, admission: Admission, decider: Decider, texts: status.Texts, tracing: Tracing) -> None:
        self._admission = admission
        self._decider = decider
        self._texts = texts
        self._tracing = tracing

    def decide(self, conn: Connection, items: Sequence[Item], head: Head) -> list[Entry | Exception]:
        """The entries of these items, in their order."""
        spans = [item.admitted.arrival.span if isinstance(item, Asked) else item.span for item in items]
        there = [span for span in spans if span is not None]
        commit = self._tracing.commit(there) if there else None
        asked = [item for item in items if isinstance(item, Asked)]
        for each in asked:
            each.error = None
            self._gate_again(conn, each, head)
        found = self._look_up(conn, [item for item in asked if item.error is None], head)
        decided: list[Entry | Exception] = []
        for item in items:
            item.commit = commit
            if isinstance(item, Noted):
                decided.append(item.entry)
            else:
                decided.append(found.get(id(item)) or self._refused(item))
        return decided

    def _gate_again(self, conn: Connection, item: Asked, head: Head) -> None:
        """A call that was gated by another version of the directory than the head's is gated by this one."""
        if item.admitted.call.directory_version == head.directory_version:
            return
        directory = self._admission.directory
        if directory.current.version != head.directory_version:
            directory.reload(conn)
        try:
            item.admitted.call = self._admission.admit_by(
                item.admitted.arrival, item.admitted.rule, item.admitted.request, directory.current
            )
            item.admitted.call.access_id = item.access_id
            item.look_up = prepare(self._decider, item.admitted)
        except ApiError as error:
            item.error = error

    def _look_up(self, conn: Connection, ready: Sequence[Asked], head: Head) -> dict[int, Entry]:
        if not ready:
            return {}
        outcomes = self._decider.decide(conn, [item.look_up for item in ready], head.now_us)
        found = {}
        for item, outcome in zip(ready, outcomes, strict=True):
            if isinstance(outcome, ApiError):
                item.error = outcome
                continue
            item.answer = outcome.response.SerializeToString()
            found[id(item)] = entries.answered(
                item.admitted.arrival, item.admitted.call, outcome, item.answer, access_id=item.access_id
            )
        return found

    def _refused(self, item: Asked) -> Entry:
        if item.error is None:
            raise RuntimeError("a look-up was neither answered nor refused")
        item.answer = status.status(item.error, self._texts, str(item.access_id)).SerializeToString()
        return entries.refused(item.admitted.arrival, item.error, item.answer, access_id=item.access_id)
