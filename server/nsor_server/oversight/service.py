"""OversightService on the wire: the list of accesses, checkpoints and proofs. No person is ever shown."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Final

from nsor.v1 import options_pb2, oversight_pb2
from nsor_server.access import cases, lists, witnesses
from nsor_server.access.disclosure import disclose
from nsor_server.alerts import Alert, alert
from nsor_server.calls import Call, Outcome
from nsor_server.formats.instants import from_us
from nsor_server.ledger import cosignatures, epoch, key_rotation, proofs
from nsor_server.ledger.detail import Details
from nsor_server.ledger.labels import Labels
from nsor_server.oversight import rules, store
from nsor_server.oversight.statistics import store as statistics
from nsor_server.oversight.statistics.rules import Month, MonthNotCounted
from nsor_server.oversight.witness_service import WitnessHandlers
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import A, Handler, Unary
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_INDEX_BYTES: Final = 8


class OversightService:
    """The access ledger, seen from outside."""

    def __init__(self, keyring: Keyring, durable: Callable[[], int]) -> None:
        """Prepare.

        Args:
            keyring: the keys of the ledger's details, and those that seal page tokens.
            durable: how many entries this process knows to be durable: no page is of a ledger that is shorter.
        """
        self._durable = durable
        self._details, self._labels = Details(keyring), Labels(keyring)
        self._sealer = Sealer(keyring)
        self._proofs = proofs.Proofs()
        self._witnesses = WitnessHandlers(keyring)

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(oversight_pb2.ListAccessesRequest, oversight_pb2.ListAccessesResponse, self.list_accesses),
            Unary(oversight_pb2.GetCheckpointRequest, oversight_pb2.GetCheckpointResponse, self.get_checkpoint),
            Unary(
                oversight_pb2.GetInclusionProofRequest,
                oversight_pb2.GetInclusionProofResponse,
                self.get_inclusion_proof,
            ),
            Unary(
                oversight_pb2.GetConsistencyProofRequest,
                oversight_pb2.GetConsistencyProofResponse,
                self.get_consistency_proof,
            ),
            Unary(oversight_pb2.GetStatisticsRequest, oversight_pb2.GetStatisticsResponse, self.get_statistics),
            Unary(oversight_pb2.GetBatchProofRequest, oversight_pb2.GetBatchProofResponse, self.get_batch_proof),
            *self._witnesses.handlers(),
        )

    def list_accesses(
        self, call: Call, request: oversight_pb2.ListAccessesRequest, conn: Connection
    ) -> Outcome[oversight_pb2.ListAccessesResponse]:
        """List accesses, the newest first.

        Entries only ever come in front, so that pages don't shift.

        Raises:
            Denied: another agency's accesses were asked for, and the contract shows the caller its own; or they were
                asked for by what isn't shown him.
            InvalidFields: the page token isn't of this list, the times are in the wrong order, or an officer is named
                without his agency.
            Internal: the ledger contradicts itself, or what this process knows of it.
        """
        rules.check_asks(request, call)
        officers = call.officers.values() if request.officer_number else ()
        wanted = rules.access_filter(call.agency, call.rows, request, officers=officers, case=_case(request))
        ended = lists.place(self._sealer, call, request.page_token, *wanted.asked_for())
        before = store.size(conn, self._durable()) if ended is None else int.from_bytes(ended, "big")
        size = request.page_size or rules.DEFAULT_PAGE
        details = self._details if rules.shows_detail(call.purpose) else None
        found, read_to = store.newest_first(
            conn, wanted, self._labels, before=before, most=size + 1, details=details, reads=rules.MOST_READ
        )
        page = found[:size]
        response = oversight_pb2.ListAccessesResponse(accesses=[_access(call, entry) for entry in page])
        last = page[-1].index if len(found) > size else read_to
        if last is not None:
            place = last.to_bytes(_INDEX_BYTES, "big")
            response.next_page_token = lists.token(self._sealer, call, place, *wanted.asked_for())
        listed = _listed(wanted, before, size + 1, store.hashed(found))
        return Outcome(disclose(response, call.purpose), record_pb2.AccessDetail(outcome="LISTED", listed=listed))

    def get_checkpoint(
        self, call: Call, request: oversight_pb2.GetCheckpointRequest, conn: Connection
    ) -> Outcome[oversight_pb2.GetCheckpointResponse]:
        """Give the newest checkpoint, or the first one of at least a size.

        Raises:
            ProofOutOfRange: the ledger hasn't had that size.
        """
        try:
            note = proofs.checkpoint(conn, request.min_tree_size)
        except proofs.NoSuchTree:
            raise rules.ProofOutOfRange from None
        cosigned = cosignatures.cosigned(conn, witnesses.that_count(call.decided))
        answer = oversight_pb2.GetCheckpointResponse(checkpoint=note, epochs=_epochs(conn), cosigned=cosigned)
        answer.rotations.extend(_rotations(conn))
        return _outcome(call, answer, "CHECKPOINT")

    def get_inclusion_proof(
        self, call: Call, request: oversight_pb2.GetInclusionProofRequest, conn: Connection
    ) -> Outcome[oversight_pb2.GetInclusionProofResponse]:
        """Prove that a leaf is in the tree of a size.

        Raises:
            ProofOutOfRange: there is no such leaf or no such tree.
        """
        try:
            proof = self._proofs.inclusion(conn, request.leaf_index, request.tree_size)
        except proofs.NoSuchTree:
            raise rules.ProofOutOfRange from None
        response = oversight_pb2.GetInclusionProofResponse(leaf_hash=proof.leaf_hash, hashes=proof.hashes)
        return _outcome(call, response, "PROOF")

    def get_consistency_proof(
        self, call: Call, request: oversight_pb2.GetConsistencyProofRequest, conn: Connection
    ) -> Outcome[oversight_pb2.GetConsistencyProofResponse]:
        """Prove that the tree of one size is a prefix of the tree of another.

        Raises:
            ProofOutOfRange: the sizes are in the wrong order, or the ledger hasn't had them.
        """
        try:
            hashes = self._proofs.consistency(conn, request.first_tree_size, request.second_tree_size)
        except proofs.NoSuchTree:
            raise rules.ProofOutOfRange from None
        return _outcome(call, oversight_pb2.GetConsistencyProofResponse(hashes=hashes), "PROOF")

    def get_statistics(
        self, call: Call, request: oversight_pb2.GetStatisticsRequest, conn: Connection
    ) -> Outcome[oversight_pb2.GetStatisticsResponse]:
        """Give a table of a month, as it was counted.

        Raises:
            MonthNotCounted: there is none of that month.
        """
        month = Month(request.year, request.month)
        stored = statistics.one(conn, month)
        call.looks_at(record_pb2.LOOKED_AT_KIND_STATISTICS, month.row_id, statistics.ONCE if stored else 0)
        if stored is None:
            raise MonthNotCounted
        response = oversight_pb2.GetStatisticsResponse(
            counts=[
                _count(each)
                for table in stored.record.tables
                if table.measure == request.measure
                for each in table.shown
            ],
            first_index=stored.first_index,
            stop_index=stored.stop_index,
        )
        response.count_time.FromDatetime(stored.counted_at)
        detail = record_pb2.AccessDetail(outcome="TABLE", rests_on=statistics.digest(month, stored.content))
        return Outcome(disclose(response, call.purpose), detail)

    def get_batch_proof(
        self, call: Call, request: oversight_pb2.GetBatchProofRequest, conn: Connection
    ) -> Outcome[oversight_pb2.GetBatchProofResponse]:
        """Prove many leaves and earlier trees in the tree of one size.

        Raises:
            ProofOutOfRange: there is no such leaf or no such tree.
        """
        try:
            hashes = self._proofs.batch(conn, request.leaf_indexes, request.earlier_sizes, request.tree_size)
        except proofs.NoSuchTree:
            raise rules.ProofOutOfRange from None
        return _outcome(call, oversight_pb2.GetBatchProofResponse(hashes=hashes), "PROOF")


def _epochs(conn: Connection) -> list[oversight_pb2.Epoch]:
    """What opened each epoch; none, with an alert, where a row says so that no entry has written."""
    try:
        found = epoch.openings(conn)
    except epoch.ForgedEpoch as error:
        alert(Alert.ROW_CONTRADICTED, "%s", error)
        return []
    return [
        oversight_pb2.Epoch(
            first_index=each.first_index,
            last_known=each.last_known,
            leaf=each.leaf,
            checkpoint=each.checkpoint,
            hashes=each.hashes,
        )
        for each in found
    ]


def _rotations(conn: Connection) -> list[oversight_pb2.KeyRotation]:
    """How the key was replaced; nothing, with an alert, where a row says so that no entry has written."""
    try:
        found = key_rotation.read(conn)
    except key_rotation.ForgedRotation as error:
        alert(Alert.ROW_CONTRADICTED, "%s", error)
        return []
    return [
        oversight_pb2.KeyRotation(
            first_index=each.first_index,
            previous_key=each.previous,
            key=each.key,
            leaf=each.leaf,
            checkpoint=each.checkpoint,
            hashes=each.hashes,
        )
        for each in found
    ]


def _case(request: oversight_pb2.ListAccessesRequest) -> str:
    """The case that a request names, as details name it."""
    if request.HasField("fir"):
        fir = request.fir
        return registrations.case_reference(
            record_pb2.Fir(police_station=fir.police_station, year=fir.year, serial=fir.serial)
        )
    if request.HasField("court_case"):
        return registrations.court_reference(request.court_case.place_code, request.court_case.case_number)
    return ""


def _listed(wanted: rules.Filter, before: int, most: int, found: bytes) -> record_pb2.ListedAccesses:
    """What the entry says of a page, so that ``ledger verify`` makes it again."""
    return record_pb2.ListedAccesses(
        agency=wanted.agency,
        outcome=wanted.outcome or 0,
        access_id=wanted.access_id.bytes if wanted.access_id else b"",
        start_us=wanted.start_us,
        end_us=wanted.end_us,
        before=before,
        most=most,
        sha256=found,
        of_officer=wanted.officer_keys is not None,
        officer_keys=wanted.officer_keys or (),
        case_reference=wanted.case,
        purpose=wanted.purpose or 0,
        reads=rules.MOST_READ,
        method=wanted.method,
    )


def _access(call: Call, entry: store.StoredAccess) -> oversight_pb2.Access:
    leaf, detail = entry.leaf, entry.detail
    return oversight_pb2.Access(
        index=entry.index,
        access_id=str(uuid.UUID(bytes=leaf.access_id)),
        access_time=from_us(leaf.time_us),
        agency_id=leaf.agency,
        method=leaf.method,
        purpose=options_pb2.Purpose.ValueType(leaf.purpose),
        outcome=oversight_pb2.AccessOutcome.ValueType(leaf.outcome),
        trace_id=leaf.trace_id.hex(),
        count=leaf.count,
        officer_number=detail.officer_number if detail else "",
        case_reference=cases.shown_case(call.agency, call.officer, leaf.purpose, detail.case_reference)
        if detail
        else "",
    )


def _count(shown: record_pb2.StatisticsShown) -> oversight_pb2.StatisticsCount:
    part, province, district, agency, purpose = (*shown.path, "", "", "", "", "")[:5]
    return oversight_pb2.StatisticsCount(
        part=part,
        province=province,
        district=district,
        agency_id=agency,
        purpose=options_pb2.Purpose.Value(f"PURPOSE_{purpose or 'UNSPECIFIED'}"),
        level=len(shown.path),
        count=shown.count,
        average_tenths=(20 * shown.total + shown.count) // (2 * shown.count) if shown.count else 0,
    )


def _outcome(call: Call, response: A, outcome: str) -> Outcome[A]:
    return Outcome(disclose(response, call.purpose), record_pb2.AccessDetail(outcome=outcome))
