"""The recalls' part of LookupService: what an agency is told otherwise now, and that an officer has read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from nsor.v1 import options_pb2, recalls_pb2
from nsor_server import errors
from nsor_server.access import cases, lists, rows
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome, Seen
from nsor_server.formats.instants import from_us, to_us
from nsor_server.formats.uuids import raw
from nsor_server.ledger import rests_on
from nsor_server.ledger.detail import DetailError
from nsor_server.ledger.leaf import LeafError
from nsor_server.lookup.recalls import messages, rules, store
from nsor_server.lookup.recalls.told import Finder, NamedAccess
from nsor_server.lookup.screening import store as screening
from nsor_server.lookup.screening.rules import Declared
from nsor_server.policy.loaded import policy_of
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_DEFAULT_PAGE: Final = 50


class Recalls:
    """Lists recalls, and takes acknowledgements."""

    def __init__(self, keyring: Keyring, durable: Callable[[], int]) -> None:
        """``durable`` gives how many entries this process knows to be durable: no page is of a register before them."""
        self._sealer, self._finder = Sealer(keyring), Finder(keyring)
        self._durable = durable

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(recalls_pb2.ListRecallsRequest, recalls_pb2.ListRecallsResponse, self.list_recalls),
            Unary(
                recalls_pb2.AcknowledgeRecallRequest,
                recalls_pb2.AcknowledgeRecallResponse,
                self.acknowledge_recall,
                self._acknowledged_again,
            ),
        )

    def list_recalls(
        self, call: Call, request: recalls_pb2.ListRecallsRequest, conn: Connection
    ) -> Outcome[recalls_pb2.ListRecallsResponse]:
        """List the recalls of the caller's agency, or of all, that are open, or were acknowledged.

        Raises:
            errors.InvalidFields: PAGE_TOKEN_INVALID.
            errors.Internal: the list contradicts the register, or is one of before.
        """
        after = lists.place(self._sealer, call, request.page_token, request.acknowledged) or b""
        size, durable = request.page_size or _DEFAULT_PAGE, self._durable()
        read = store.page(conn, self._sealer, call, after=after, acknowledged=request.acknowledged, most=size + 1)
        lists.require_durable(read.size, durable)
        fitting = rules.on_page([len(each.record.entries) for each in read.recalls], size)
        shown, deadlines = read.recalls[:fitting], policy_of(call).deadlines
        accesses = self._accesses(conn, {entry for each in shown for entry in each.record.entries})
        declarations = self._declarations(conn, accesses.values())
        response = recalls_pb2.ListRecallsResponse(
            recalls=[messages.message(call, each, accesses, declarations, deadlines) for each in shown]
        )
        if len(read.recalls) > fitting:
            last = shown[-1].record.recall_id
            response.next_page_token = lists.token(self._sealer, call, last, request.acknowledged)
        listed = record_pb2.ListedRecalls(
            agency=None if call.rows == options_pb2.ROW_SCOPE_ALL else call.agency.agency_id,
            before=read.size,
            after=after,
            most=size + 1,
            acknowledged=request.acknowledged,
            found=rests_on.digest((each.record.recall_id, 1) for each in read.recalls),
        )
        detail = record_pb2.AccessDetail(outcome="LISTED", listed_recalls=listed)
        return Outcome(disclose(response, call.purpose), detail)

    def acknowledge_recall(
        self, call: Call, request: recalls_pb2.AcknowledgeRecallRequest, conn: Connection
    ) -> Outcome[recalls_pb2.AcknowledgeRecallResponse]:
        """Take down that an officer has read a recall, and what he did; a second time changes nothing.

        He acts where the case of the recalled accesses is, or where their manifest crosses: whoever takes it down
        elsewhere hides it from those who have the file.

        Raises:
            errors.NoRecord: it isn't there, or is another agency's.
            errors.Denied: OUTSIDE_JURISDICTION.
        """
        if request.validate_only:
            return Outcome(recalls_pb2.AcknowledgeRecallResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        recall = self._own(call, request.recall_id, conn)
        before, subjects = recall.acknowledged, [recall.record.recall_id]
        if before is not None:
            answer = recalls_pb2.AcknowledgeRecallResponse(acknowledge_time=from_us(before.time_us))
            detail = record_pb2.AccessDetail(outcome="ACKNOWLEDGED_BEFORE", subjects=subjects)
            return Outcome(disclose(answer, call.purpose), detail, seen=(recall.seen,))
        record = record_pb2.RecallAcknowledgementRecord(
            recall_id=recall.record.recall_id,
            agency=call.agency.agency_id,
            officer_key=call.officer_key,
            measure=request.measure,
            time_us=to_us(call.now()),
        )
        row, ref = store.acknowledgement_row(self._sealer, record)
        answer = recalls_pb2.AcknowledgeRecallResponse(acknowledge_time=from_us(record.time_us))
        detail = record_pb2.AccessDetail(outcome="ACKNOWLEDGED", subjects=subjects)
        return Outcome(disclose(answer, call.purpose), detail, (row,), (ref,), (recall.seen,))

    def _acknowledged_again(
        self, call: Call, request: recalls_pb2.AcknowledgeRecallRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        return (self._own(call, request.recall_id, conn).seen,)

    def _own(self, call: Call, recall_id: str, conn: Connection) -> store.Recall:
        found = store.one(conn, self._sealer, raw(recall_id), call)
        if found is None:
            raise errors.NoRecord
        newest = found.record.entries[-1]
        access = self._read(conn, {newest}).get(newest)  # none, of a record that was erased: its details are gone
        place = cases.place_of(access.case_reference) if access else None
        if access and access.manifest_id:
            place = self._declarations(conn, [access])[access.manifest_id].place
        if place is not None:
            rows.require_within(call.agency, call.officer, [place])
        return found

    def _declarations(self, conn: Connection, accesses: Iterable[NamedAccess]) -> dict[bytes, Declared]:
        """The manifests of accesses, by their ids.

        Raises:
            errors.Internal: one is gone, or isn't what its id says.
        """
        manifests = {each.manifest_id for each in accesses} - {b""}
        found = screening.declarations(conn, manifests)
        if found.keys() != manifests:
            raise contradicted(screening.TABLE, "a row of %s that an access names is gone")
        return found

    def _accesses(self, conn: Connection, entries: set[int]) -> dict[int, NamedAccess]:
        """The accesses that recalls name.

        Raises:
            errors.Internal: one isn't what was hashed or sealed, or is gone.
        """
        found = self._read(conn, entries)
        if found.keys() != entries:
            raise contradicted(store.RECALLS, "an access that %s names is gone, or isn't what was sealed")
        return found

    def _read(self, conn: Connection, entries: set[int]) -> dict[int, NamedAccess]:
        """Those of the accesses that are there.

        Raises:
            errors.Internal: one isn't what was hashed or sealed.
        """
        try:
            return self._finder.accesses(conn, entries)
        except (DetailError, LeafError):
            raise contradicted(store.RECALLS, "an access that %s names isn't what was sealed") from None
