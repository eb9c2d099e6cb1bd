"""Reviews on the wire: listed, shown side by side, and ended by two officers of NPB."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from nsor.v1 import notification_pb2, options_pb2, reviews_pb2
from nsor_server import errors
from nsor_server.access import decisions, lists
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, Seen, Shown
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import to_us
from nsor_server.formats.uuids import raw
from nsor_server.ledger import rests_on
from nsor_server.policy.deadlines import SECOND_OFFICER
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import review_store
from nsor_server.registration import rules as registration_rules
from nsor_server.registration import store as registrations
from nsor_server.registration.claims import Identifier
from nsor_server.registration.persons import events, messages, rules, shown, store
from nsor_server.registration.persons.changes import Changes
from nsor_server.registration.persons.claimants import Claimants, Known
from nsor_server.registration.review_store import StoredReview
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_GONE: Final = (registrations.SEALED, registrations.ERASED)
"""States in which NPB isn't shown a registration in a review either."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """A review with all that a decision on it rests on.

    Attributes:
        review: as it was written.
        decision: how far NPB is with it.
        registration: the later one.
        earlier: the one that was confirmed first.
        etag: changes with each of these.
        claimants: has read them.
    """

    review: StoredReview
    decision: record_pb2.ReviewDecisionRecord
    registration: Known
    earlier: Known
    etag: str
    claimants: Claimants

    @property
    def pair(self) -> tuple[Known, Known]:
        """Both, the one that was confirmed first before the other."""
        return self.earlier, self.registration

    @property
    def sealed(self) -> set[bytes]:
        """Those that are sealed, or to be erased."""
        return {each.registration_id for each in self.pair if each.state in _GONE}

    @property
    def shown(self) -> list[Known]:
        """Those that NPB is shown: one at least."""
        return [each for each in self.pair if each.registration_id not in self.sealed]


class Reviews:
    """Lists and shows reviews, and ends them."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer = sealer
        self._blind_index = blind_index

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                reviews_pb2.ListReviewsRequest,
                reviews_pb2.ListReviewsResponse,
                self.list_reviews,
                charge=lambda request: Charge(request.page_token),
            ),
            Unary(
                reviews_pb2.GetReviewRequest,
                reviews_pb2.GetReviewResponse,
                self.get_review,
                charge=lambda request: Charge(str(request.review_number)),
                shows=lambda _request: 2,
            ),
            Unary(
                reviews_pb2.ProposeReviewDecisionRequest,
                reviews_pb2.ProposeReviewDecisionResponse,
                self.propose_review_decision,
            ),
            Unary(
                reviews_pb2.ConfirmReviewDecisionRequest,
                reviews_pb2.ConfirmReviewDecisionResponse,
                self.confirm_review_decision,
                self._confirmed_again,
            ),
        )

    def list_reviews(
        self, call: Call, request: reviews_pb2.ListReviewsRequest, conn: Connection
    ) -> Outcome[reviews_pb2.ListReviewsResponse]:
        """List reviews, the newest first; new ones come in front, so that pages don't shift.

        One of a registration that is sealed isn't listed: a single officer doesn't hear of it. Pages are then shorter.

        Raises:
            errors.InvalidFields: PAGE_TOKEN_INVALID.
            errors.Internal: a review isn't what was written at its time, or one is missing between two.
        """
        ended = lists.place(self._sealer, call, request.page_token)
        before = None if ended is None else int.from_bytes(ended, "big")
        size = request.page_size or registration_rules.DEFAULT_PAGE
        found = review_store.page(conn, self._sealer, before=before, most=size + 1)
        both = [(each, (each.earlier_registration_id, each.registration_id)) for each in found[:size]]
        ids = itertools.chain.from_iterable(ids for _, ids in both)
        sealed, seen = registrations.sealed_among(conn, ids, states=_GONE)
        decided = store.heads(conn, self._sealer, [each for each, _ in both])
        listed = [each for each, ids in both if rules.is_shown(decided.get(each.number), ids, sealed)]
        answer = reviews_pb2.ListReviewsResponse(
            reviews=[messages.review(each, decided.get(each.number), call, sealed) for each in listed]
        )
        if len(found) > size:
            answer.next_page_token = lists.token(self._sealer, call, found[size - 1].number.to_bytes(8, "big"))
        versions = {each.number: decided[each.number].version if each.number in decided else 0 for each, _ in both}
        detail = record_pb2.AccessDetail(
            outcome="LISTED",
            subjects=[each.registration_id for each in listed if each.registration_id not in sealed],
            classes_shown=classes_shown(answer.DESCRIPTOR, call.purpose),
            rests_on=rests_on.digest((rests_on.number(each.number), versions[each.number]) for each in listed),
            listed_below=before,
            listed_most=size,
        )
        seen = [*seen, *(Seen(store.HEADS, (nth,), version) for nth, version in versions.items())]
        if before is None:
            seen.append(Seen(review_store.LAST_REVIEW, (), found[0].number if found else 0))
        return Outcome(disclose(answer, call.purpose), detail, seen=seen)

    def get_review(
        self, call: Call, request: reviews_pb2.GetReviewRequest, conn: Connection
    ) -> Outcome[reviews_pb2.GetReviewResponse]:
        """Show both registrations of a review side by side.

        Raises:
            errors.NoRecord: there is no such review, or it isn't shown: ``rules.is_shown``.
        """
        opened = self._open(call, conn, request.review_number)
        answer = reviews_pb2.GetReviewResponse(
            review=messages.review(opened.review, opened.decision, call, opened.sealed),
            etag=opened.etag,
        )
        parts = (answer.earlier_registration, answer.registration)
        for part, each in zip(parts, opened.pair, strict=True):
            if each in opened.shown:
                part.CopyFrom(messages.reviewed(each, opened.claimants.others(each.claim)))
        detail = record_pb2.AccessDetail(
            outcome="FOUND",
            subjects=[each.registration_id for each in opened.shown],
            shown_version=opened.shown[0].record.version,
            shown_together=shown.digest([each.record for each in opened.shown]),
            classes_shown=classes_shown(answer.DESCRIPTOR, call.purpose),
            rests_on=rests_on.digest(_read(opened)),
            listed_below=opened.review.number + 1,
            listed_most=1,
        )
        seen = [store.seen(opened.decision), *opened.claimants.seen()]
        both = [Shown(each.registration_id, each.record.version) for each in opened.shown]
        return Outcome(disclose(answer, call.purpose), detail, seen=seen, shown=both)

    def propose_review_decision(
        self, call: Call, request: reviews_pb2.ProposeReviewDecisionRequest, conn: Connection
    ) -> Outcome[reviews_pb2.ProposeReviewDecisionResponse]:
        """Propose how a review ends, or that it is opened again; it changes no registration.

        Raises:
            errors.InvalidFields: the decision names another number of registrations, or others than the review's.
            errors.NoRecord: as ``get_review``.
            errors.EtagMismatch: the officer has seen something else.
            errors.WrongState: the decision can't be made of this review, or of these registrations.
        """
        rules.check_named(request.decision, request.decided_registration_ids)
        if request.validate_only:
            return Outcome(reviews_pb2.ProposeReviewDecisionResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        opened = self._open(call, conn, request.review_number)
        if request.etag != opened.etag:
            raise errors.EtagMismatch
        rules.check_proposable(request.decision, opened.decision.state)
        named = [raw(each) for each in request.decided_registration_ids]
        if request.decision != rules.REOPEN:
            rules.check_decision(request.decision, named, opened.pair, shared=bool(_shared(opened)))
        until = policy_of(call).deadlines.due(SECOND_OFFICER, call.now()).due
        following = rules.proposed(opened.decision, request.decision, named, call.officer_key, to_us(until))
        row, ref = store.version_row(self._sealer, following)
        answer = reviews_pb2.ProposeReviewDecisionResponse(state=reviews_pb2.ReviewState.ValueType(following.state))
        npb = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)
        told = outbox.owed(notification_pb2.EVENT_KIND_REVIEW_DECISION_PROPOSED, npb)
        seen = [store.seen(opened.decision), *opened.claimants.seen()]
        return Outcome(disclose(answer, call.purpose), _detail("PROPOSED", opened), (row, *told), (ref,), seen)

    def confirm_review_decision(
        self, call: Call, request: reviews_pb2.ConfirmReviewDecisionRequest, conn: Connection
    ) -> Outcome[reviews_pb2.ConfirmReviewDecisionResponse]:
        """Confirm how a review ends, or that it is opened again, and write what follows from it.

        Raises:
            errors.NoRecord: as ``get_review``.
            errors.Denied: SECOND_PERSON_REQUIRED.
            errors.EtagMismatch: the officer has seen something else.
            errors.WrongState: that isn't proposed, its time is over, or these registrations don't allow it any more.
        """
        if request.validate_only:
            return Outcome(reviews_pb2.ConfirmReviewDecisionResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        opened = self._proposed(call, request, conn)
        before = opened.decision
        shared = _shared(opened)
        if request.decision != rules.REOPEN:
            rules.check_decision(request.decision, before.decided_registration_ids, opened.pair, shared=bool(shared))
        following = rules.confirmed(before, call.officer_key)
        row, ref = store.version_row(self._sealer, following)
        changes = Changes(conn, opened.claimants, self._blind_index, call)
        changes.decided(before, request.decision, shared)
        answer = reviews_pb2.ConfirmReviewDecisionResponse(state=reviews_pb2.ReviewState.ValueType(following.state))
        return Outcome(
            disclose(answer, call.purpose),
            _detail("CONFIRMED", opened),
            (row, *changes.rows, *events.owed(call, changes.persons)),
            (ref, *changes.refs),
            [store.seen(before), *opened.claimants.seen(), *changes.seen],
        )

    def _proposed(self, call: Call, request: reviews_pb2.ConfirmReviewDecisionRequest, conn: Connection) -> _Opened:
        """A review of which another officer has proposed how it ends.

        Raises:
            errors.NoRecord, errors.Denied, errors.EtagMismatch, errors.WrongState: as ``confirm_review_decision``.
        """
        opened = self._open(call, conn, request.review_number)
        decisions.check_acts(
            call,
            [decisions.Act("", opened.decision.proposed_by_key)],
            etag_is_current=request.etag == opened.etag,
            open_state=rules.is_confirmable(opened.decision, request.decision, to_us(call.now())),
        )
        return opened

    def _confirmed_again(
        self, call: Call, request: reviews_pb2.ConfirmReviewDecisionRequest, conn: Connection
    ) -> Sequence[Seen]:
        opened = self._proposed(call, request, conn)
        return (store.seen(opened.decision), *opened.claimants.seen())

    def _open(self, call: Call, conn: Connection, number: int) -> _Opened:
        """A review as it stands.

        Raises:
            errors.NoRecord: there is none of that number, or it isn't shown.
            errors.Internal: something isn't what was sealed.
        """
        found = review_store.page(conn, self._sealer, before=number + 1, most=1)
        is_there = bool(found) and found[0].number == number
        call.looks_at(record_pb2.LOOKED_AT_KIND_REVIEW, rests_on.number(number), int(is_there))
        if not is_there:
            raise errors.NoRecord
        review, claimants = found[0], Claimants(conn, self._sealer, self._blind_index)
        earlier = _claimant(call, claimants, review.earlier_registration_id)
        registration = _claimant(call, claimants, review.registration_id)
        decision = store.head(conn, self._sealer, review)
        call.looks_at(record_pb2.LOOKED_AT_KIND_REVIEW_DECISION, rests_on.number(number), decision.version)
        etag = _etag(decision, (earlier, registration))
        opened = _Opened(review, decision, registration, earlier, etag, claimants)
        if not rules.is_shown(decision, [each.registration_id for each in opened.pair], opened.sealed):
            raise errors.NoRecord
        return opened


def _claimant(call: Call, claimants: Claimants, registration_id: bytes) -> Known:
    """A registration of a review.

    Raises:
        errors.NoRecord: no court has confirmed it.
        errors.Internal: it isn't what was sealed.
    """
    found = claimants.get(registration_id)
    if found is None:
        call.looks_at(record_pb2.LOOKED_AT_KIND_CLAIM, registration_id, 0)
        raise errors.NoRecord
    call.looks_at(record_pb2.LOOKED_AT_KIND_REGISTRATION_ITSELF, registration_id, found.row.version)
    return found


def _read(opened: _Opened) -> Iterator[tuple[bytes, int]]:
    """What is told again of a review that is shown, beside the versions of both: how far it is, and both claims."""
    yield rests_on.number(opened.review.number), opened.decision.version
    for each in opened.pair:
        yield each.registration_id, each.claim.version
        yield from ((other.registration_id, other.claim.version) for other in opened.claimants.others(each.claim))


def _shared(opened: _Opened) -> frozenset[Identifier]:
    """The identifiers that both have now."""
    return opened.earlier.current & opened.registration.current


def _etag(decision: record_pb2.ReviewDecisionRecord, pair: tuple[Known, Known]) -> str:
    """Of everything that an officer is shown: the versions of the decision, the registrations and their claims."""
    hashed = hashlib.sha256(decision.version.to_bytes(8, "big"))
    for each in pair:
        hashed.update(hashlib.sha256(each.row.sealed).digest() + each.claim.version.to_bytes(8, "big"))
    return hashed.hexdigest()[:16]


def _detail(outcome: str, opened: _Opened) -> record_pb2.AccessDetail:
    return record_pb2.AccessDetail(outcome=outcome, subjects=[each.registration_id for each in opened.shown])
