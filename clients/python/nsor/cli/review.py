"""`nsor review`: NPB compares the two registrations of a review, and two of its officers end it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from nsor.cli.pending import REASONS, how_ended
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.v1 import reviews_pb2

_WHICH = {"later": (False,), "earlier": (True,), "both": (False, True)}
"""What is typed -> whether it is the one that was confirmed first."""
_CNIC = "CNIC"
_confirm = click.option("--confirm", "second", is_flag=True, help="Confirm what another officer has proposed.")


@click.group()
def review() -> None:
    """Compare the two registrations of a review, and end it. It takes two officers: one proposes, another confirms."""


@review.command()
@click.argument("number", type=click.IntRange(1))
@common
def show(session: Session, number: int) -> None:
    """Show both registrations side by side: what is the same, and what differs. CNICs are masked."""
    with session.client(officer=True) as client:
        found = client.registration.get_review(_asking(number))
    if session.as_json:
        session.answer(found, title="Review", confidential=True)
        return
    answer = found.message
    _compare(session, answer)
    for line in _next_steps(answer.review):
        session.say(*line)


@review.command()
@click.argument("number", type=click.IntRange(1))
@_confirm
@common
def merge(session: Session, number: int, second: bool) -> None:
    """Both are of one person: they are shown as one. You sign."""
    _decide(session, number, "MERGE", (), second=second)


@review.command()
@click.argument("number", type=click.IntRange(1))
@click.option(
    "--disputed",
    type=click.Choice([*_WHICH, "none"]),
    default="later",
    show_default=True,
    help="In which of the two the number that both have is marked as disputed; none: of a likely duplicate.",
)
@_confirm
@common
def distinct(session: Session, number: int, disputed: str, second: bool) -> None:
    """They are two persons. A number that both have is disputed, and finds nobody where it is. You sign."""
    _decide(session, number, "DISTINCT", _WHICH.get(disputed, ()), second=second)


@review.command()
@click.argument("number", type=click.IntRange(1))
@click.option("--withdraw", type=click.Choice(["later", "earlier"]), help="Which of the two was entered in error.")
@_confirm
@common
def error(session: Session, number: int, withdraw: str | None, second: bool) -> None:
    """One of them was entered in error: from then on it is NO_RECORD to everybody. You sign."""
    if not withdraw and not second:
        raise WrongUse("Say which one: --withdraw later, or --withdraw earlier.")
    _decide(session, number, "ENTERED_IN_ERROR", _WHICH[withdraw or "later"], second=second)


@review.command()
@click.argument("number", type=click.IntRange(1))
@_confirm
@common
def undo(session: Session, number: int, second: bool) -> None:
    """Take back what was decided: the review is open again. You sign."""
    _decide(session, number, "REOPEN", (), second=second)


@review.command()
@click.argument("number", type=click.IntRange(1))
@click.option("--reason", required=True, type=click.Choice(REASONS), help="Why.")
@common
def refuse(session: Session, number: int, reason: str) -> None:
    """Refuse what another officer has proposed; you sign. The review is what it was before."""
    from nsor.v1 import proposals_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    request = proposals_pb2.RefuseProposalRequest(
        request_id=str(uuid.uuid4()),
        review_number=number,
        reason=proposals_pb2.ProposalRefusal.Value(f"PROPOSAL_REFUSAL_{reason.upper().replace('-', '_')}"),
    )
    with session.client(officer=True) as client:
        session.answer(client.registration.refuse_proposal(request), title="Refused")


@review.command()
@click.argument("number", type=click.IntRange(1))
@common
def withdraw(session: Session, number: int) -> None:
    """Withdraw what you have proposed; you sign. The review is what it was before."""
    from nsor.v1 import proposals_pb2  # noqa: PLC0415 - as above

    request = proposals_pb2.WithdrawProposalRequest(request_id=str(uuid.uuid4()), review_number=number)
    with session.client(officer=True) as client:
        session.answer(client.registration.withdraw_proposal(request), title="Withdrawn")


def _asking(number: int) -> reviews_pb2.GetReviewRequest:
    from nsor.v1 import reviews_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    return reviews_pb2.GetReviewRequest(review_number=number)


def _decide(session: Session, number: int, name: str, which: Sequence[bool], *, second: bool) -> None:
    """Propose a decision, or confirm it: of the review as it stands now, which whoever signs has compared."""
    from nsor.v1 import reviews_pb2  # noqa: PLC0415 - as above

    decision = reviews_pb2.ReviewDecision.Value(f"REVIEW_DECISION_{name}")
    request_id = str(uuid.uuid4())
    with session.client(officer=True) as client:
        found = client.registration.get_review(_asking(number)).message
        ids = [(found.earlier_registration if each else found.registration).registration_id for each in which]
        if not session.as_json:
            _compare(session, found)
            if _is_so(found.review, name, ids, confirming=second):
                session.say("That stands already: nothing was sent.")
                for line in _next_steps(found.review):
                    session.say(*line)
                return
        if second:
            confirming = reviews_pb2.ConfirmReviewDecisionRequest(
                request_id=request_id, review_number=number, etag=found.etag, decision=decision
            )
            session.answer(client.registration.confirm_review_decision(confirming), title="Confirmed")
            return
        proposing = reviews_pb2.ProposeReviewDecisionRequest(
            request_id=request_id,
            review_number=number,
            etag=found.etag,
            decision=decision,
            decided_registration_ids=ids,
        )
        session.answer(client.registration.propose_review_decision(proposing), title="Proposed")
    if not session.as_json:
        session.say("Another officer confirms it: `nsor review {} {} --confirm`", _COMMANDS[name], number)


def _is_so(found: reviews_pb2.Review, name: str, ids: Sequence[str], *, confirming: bool) -> bool:
    """Whether a review stands as this decision would leave it: the register shows it to whoever may decide."""
    from nsor.v1 import reviews_pb2  # noqa: PLC0415 - as above

    if _is_late(found):
        return False
    if name == "REOPEN":
        return not confirming and found.state == reviews_pb2.REVIEW_STATE_REOPENING_PROPOSED
    states = {reviews_pb2.REVIEW_STATE_DECIDED} | (set() if confirming else {reviews_pb2.REVIEW_STATE_PROPOSED})
    of_the_same = confirming or set(ids) == set(found.decided_registration_ids)
    return found.state in states and _decision(found) == name and of_the_same


def _is_late(found: reviews_pb2.Review) -> bool:
    """Whether what is proposed can't be confirmed any more: it is proposed again."""
    from nsor.v1 import proposals_pb2  # noqa: PLC0415 - as above

    return found.proposal_state in {proposals_pb2.PROPOSAL_STATE_EXPIRED, proposals_pb2.PROPOSAL_STATE_OUTDATED}


_COMMANDS = {"MERGE": "merge", "DISTINCT": "distinct", "ENTERED_IN_ERROR": "error", "REOPEN": "undo"}


def _next_steps(found: reviews_pb2.Review) -> Iterator[tuple[str, ...]]:
    """What may be done now: texts with their values."""
    from nsor.v1 import reviews_pb2  # noqa: PLC0415 - as above

    decision, number = _decision(found), str(found.number)
    for each in found.ended_proposals:
        what = reviews_pb2.ReviewDecision.Name(each.decision).removeprefix("REVIEW_DECISION_")
        yield "Proposed before: {}. {}", what, how_ended(each.proposal)
    if _is_late(found):
        yield ("What is proposed can't be confirmed any more: it can be proposed again.",)
        return
    if found.state == reviews_pb2.REVIEW_STATE_PROPOSED:
        yield (
            "Proposed: {}. Another officer confirms it: `nsor review {} {} --confirm`",
            *(decision, _COMMANDS[decision], number),
        )
    elif found.state == reviews_pb2.REVIEW_STATE_DECIDED:
        yield "Decided: {}. `nsor review undo {}` proposes to take it back.", decision, number
    elif found.state == reviews_pb2.REVIEW_STATE_REOPENING_PROPOSED:
        yield "It is proposed to take {} back: `nsor review undo {} --confirm`", decision, number
    else:
        yield "One person: `nsor review merge {}`. Two: `nsor review distinct {}`.", number, number
        yield "Entered in error: `nsor review error {} --withdraw later|earlier`.", number
    if found.state in {reviews_pb2.REVIEW_STATE_PROPOSED, reviews_pb2.REVIEW_STATE_REOPENING_PROPOSED}:
        yield (
            "Or: `nsor review refuse {} --reason REASON`; who has proposed it: `nsor review withdraw {}`",
            number,
            number,
        )


def _compare(session: Session, found: reviews_pb2.GetReviewResponse) -> None:
    """Show what is the same in both, and what differs: of the one that was confirmed first, and of the later one.

    Of a decision that has withdrawn one of them the other one may be shown to nobody any more.
    """
    rows: list[tuple[str, str, str]] = []
    sides = (("first", found.earlier_registration), ("later", found.registration))
    alone = [each for each in sides if each[1].registration_id]
    for label, of in _PARTS:
        if len(alone) == 1:
            ((which, one),) = alone
            rows += [(label, which, (_masked if label == _CNIC else str)(of(one)))] * bool(of(one))
            continue
        first, later = of(found.earlier_registration), of(found.registration)
        shown = _masked if label == _CNIC else str
        if first == later and first:
            rows.append((label, "same", shown(first)))
        elif first != later:
            rows += [(label, "first", shown(first) or "-"), ("", "later", shown(later) or "-")]
    session.table(session.said("Review {}", found.review.number), ("part", "of", "says"), rows)
    if len(alone) == 1:
        session.say("The other one isn't shown. `nsor review undo` puts this one back.")
    if found.review.decided_registration_ids:
        session.say("{} is about {}.", _decision(found.review), " and ".join(_decided(found)))


def _decision(review: reviews_pb2.Review) -> str:
    from nsor.v1 import reviews_pb2  # noqa: PLC0415 - as above

    return reviews_pb2.ReviewDecision.Name(review.decision).removeprefix("REVIEW_DECISION_")


def _decided(found: reviews_pb2.GetReviewResponse) -> Iterator[str]:
    """Which of the two the decision is about: whoever confirms must not take one for the other."""
    for which, of in (("the first one", found.earlier_registration), ("the later one", found.registration)):
        if of.registration_id in found.review.decided_registration_ids:
            yield f"{which}, {of.registration_id}"


def _masked(cnic: str) -> str:
    return f"*****-*****{cnic[-3:-1]}-{cnic[-1]}" if cnic else ""


def _names(of: reviews_pb2.ReviewedRegistration) -> str:
    return "; ".join(" / ".join(filter(None, (each.name, each.relative_name))) for each in of.person.names)


def _documents(of: reviews_pb2.ReviewedRegistration) -> str:
    return "; ".join(f"{each.country} ***{each.number[-3:]}" for each in of.person.travel_documents)


def _districts(of: reviews_pb2.ReviewedRegistration) -> str:
    return ", ".join(sorted({"/".join(each.place_code.split("/")[:2]) for each in of.addresses}))


def _convictions(of: reviews_pb2.ReviewedRegistration) -> str:
    return "; ".join(
        f"{each.court_case.place_code} {_date(each.judgment_date)} "
        + ", ".join(count.offence_code for count in each.counts)
        for each in of.convictions
    )


def _date(date: Any) -> str:
    return f"{date.year:04}-{date.month:02}-{date.day:02}"


def _birth(of: reviews_pb2.ReviewedRegistration) -> str:
    """The date, with how exact it is unless it is a day: of a year alone the month and the day say nothing."""
    from nsor.v1 import types_pb2  # noqa: PLC0415 - as above

    precision = types_pb2.DatePrecision.Name(of.person.birth_date_precision).removeprefix("DATE_PRECISION_")
    return _date(of.person.birth_date) + ("" if precision == "DAY" else f" ({precision.lower()})")


def _sex(of: reviews_pb2.ReviewedRegistration) -> str:
    from nsor.v1 import types_pb2  # noqa: PLC0415 - as above

    return types_pb2.Sex.Name(of.person.sex).removeprefix("SEX_").lower()


def _standing(of: reviews_pb2.ReviewedRegistration) -> str:
    marks = ["withdrawn"] if of.withdrawn else []
    marks += ["number disputed"] if of.disputed else []
    return ", ".join([*marks, *(f"merged with {each}" for each in of.merged_registration_ids)])


_PARTS: Sequence[tuple[str, Callable[[Any], str]]] = (
    ("registration", lambda of: of.registration_id),
    (_CNIC, lambda of: of.person.cnic),
    ("birth", _birth),
    ("sex", _sex),
    ("documents", _documents),
    ("districts", _districts),
    ("entered by", lambda of: of.created_by_agency),
    ("convictions", _convictions),
    ("stands", _standing),
    ("names", _names),
)
