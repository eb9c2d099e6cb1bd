"""What a confirmed decision on a review changes: versions of claims, and of a registration that is withdrawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from nsor_server import errors
from nsor_server.calls import Call, RecordRef, Row, Seen
from nsor_server.formats.instants import to_us
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import claims, states
from nsor_server.registration import store as registrations
from nsor_server.registration.claims import Identifier
from nsor_server.registration.persons import joined, rules
from nsor_server.registration.persons.claimants import Claimants, Known
from nsor_server.registration.recalls import orders
from nsor_server.registration.transfers import events as transfer_events
from nsor_server.registration.transfers import rules as transfers
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2


class Changes:
    """Gathers the rows of one decision.

    Attributes:
        rows: that are to be added.
        refs: what the ledger holds them to.
        seen: what they rest on, besides what the claimants have read.
        persons: registrations that are of one person with others than before, of those that stand: whoever is shown
            one of them mustn't hear of what is archived.
    """

    def __init__(self, conn: Connection, claimants: Claimants, blind_index: BlindIndex, call: Call) -> None:
        self._conn, self._claimants, self._blind_index, self._call = conn, claimants, blind_index, call
        self._now = call.now()
        self.rows: list[Row] = []
        self.refs: list[RecordRef] = []
        self.seen: list[Seen] = []
        self.persons: list[Known] = []

    def decided(self, before: record_pb2.ReviewDecisionRecord, decision: int, shared: Collection[Identifier]) -> None:
        """Write what follows from a decision that is confirmed.

        Args:
            before: the version of it that was proposed.
            decision: what is confirmed.
            shared: the identifiers that both registrations have.

        Raises:
            errors.WrongState: a registration that is to be no longer withdrawn isn't.
        """
        pair = [self._get(before.earlier_registration_id), self._get(before.registration_id)]
        is_undone = decision == rules.REOPEN
        if before.decision == rules.MERGE:
            self._merge(before.review_number, pair, is_undone=is_undone)
        elif before.decision == rules.DISTINCT:
            self._dispute(before, pair, () if is_undone else shared)
        elif before.decision == rules.ENTERED_IN_ERROR:
            for each in pair:
                if each.registration_id in before.decided_registration_ids:
                    self._withdraw(each, is_so=not is_undone)

    def _merge(self, number: int, pair: list[Known], *, is_undone: bool) -> None:
        """Write the claims of all who are of the person, or were."""
        ids = {each.registration_id for each in pair}.union(*(each.person for each in pair))
        known = {each: self._get(each) for each in ids}
        following = {each: claims.following(one.claim) for each, one in known.items()}
        for each, other in (pair, pair[::-1]):
            merges = following[each.registration_id].merges
            if is_undone:
                left = [merge for merge in merges if merge.review_number != number]
                del merges[:]
                merges.extend(left)
            else:
                merges.add(review_number=number, registration_id=other.registration_id)
        for registration_id, claim in following.items():
            of_person = rules.person_of(
                registration_id, lambda one: [merge.registration_id for merge in following[one].merges]
            )
            in_order = sorted(of_person, key=lambda one: known[one].claimed_at)
            claim.person = b"".join(in_order) if len(in_order) > 1 else b""
        stand = {one for one, each in known.items() if each.confirmed}
        self.persons += (
            each
            for one, each in known.items()
            if (stand - {one}) & {*claims.person(each.claim)} != (stand - {one}) & {*claims.person(following[one])}
        )
        for each in known.values():
            self._add_claim(each, self._held_now(each, following))
            self.rows += orders.of_claim(each.claim.person, following[each.registration_id])
            self._join(each, number, known, claims.person(following[each.registration_id]), is_undone=is_undone)

    def _join(
        self, of: Known, number: int, known: Mapping[bytes, Known], person: list[bytes], *, is_undone: bool
    ) -> None:
        """Write what a merge, or its end, makes of a registration that stands.

        Args:
            of: the registration.
            number: of the review.
            known: all who are of the person, or were.
            person: the registrations of its person from now on; none: it is alone.
            is_undone: the merge is undone.
        """
        if not of.confirmed:
            return
        record, time_us = of.record, to_us(self._now)
        if is_undone:
            place = record.apart_place or record.responsible_place
            made = joined.parted(record, person or [of.registration_id], number, time_us, self._silence(place))
        else:
            first = next(known[each] for each in person if known[each].confirmed)
            if first.registration_id in {of.registration_id, *of.person}:
                return
            silence = self._silence(joined.station(first.record))
            made = joined.joined(record, first.record, joined.merge_id(number), time_us, silence)
        if made is not None:
            written = registrations.version_row(of.key, record, made, self._now)
            self.rows += [written.row, *transfer_events.of_version(self._call.agencies, record, made)]
            self.refs.append(written.ref)

    def _silence(self, place: str) -> list[record_pb2.TransferDeadline]:
        """When it is told that nobody answers a transfer to a place."""
        policy = policy_of(self._call)
        return transfers.of_silence(policy.deadlines, self._now, policy.places.province(place))

    def _dispute(
        self, before: record_pb2.ReviewDecisionRecord, pair: list[Known], shared: Collection[Identifier]
    ) -> None:
        """Write the claims of both: one that is disputed holds nobody back, and is held itself."""
        number, named = before.review_number, before.decided_registration_ids
        if not named:
            return
        following = {each.registration_id: claims.following(each.claim) for each in pair}
        for registration_id in named:
            disputed = following[registration_id].disputed
            left = [one for one in disputed if one.review_number != number]
            del disputed[:]
            disputed.extend(left)
            for one in sorted(shared, key=lambda each: (each.kind, each.text)):
                disputed.add(kind=one.kind, text=one.text, review_number=number)
        for each in pair:
            self._add_claim(each, self._held_now(each, following))

    def _held_now(self, of: Known, following: dict[bytes, record_pb2.ClaimRecord]) -> record_pb2.ClaimRecord:
        """A claim that says who is held, once all of the following ones are written."""
        as_of_now = of.with_claim(following[of.registration_id])

        def claiming(one: Identifier) -> list[Known]:
            found = self._claimants.claiming(one)
            return [each.with_claim(following.get(each.registration_id, each.claim)) for each in found]

        cnic_held, passport_held = rules.held(as_of_now, rules.holders(as_of_now, claiming))
        claim = following[of.registration_id]
        claim.cnic_held, claim.passport_held = cnic_held, passport_held
        return claim

    def _withdraw(self, of: Known, *, is_so: bool) -> None:
        if of.record.withdrawn == is_so:
            raise errors.WrongState
        following = states.withdrawn(of.record, is_so=is_so)
        written = registrations.version_row(of.key, of.record, following, self._now)
        self.rows.append(written.row)
        self.refs.append(written.ref)
        self.seen += claims.of_sealing(self._conn, self._blind_index, of.record, following)

    def _add_claim(self, of: Known, claim: record_pb2.ClaimRecord) -> None:
        written = claims.version_row(of.key, claim)
        self.rows += written.rows
        self.refs += written.refs

    def _get(self, registration_id: bytes) -> Known:
        found = self._claimants.get(registration_id)
        if found is None:
            raise errors.Internal
        return found
