"""`nsor review`: what NPB's two officers type, and what they are shown."""

import pytest

from nsor.v1 import proposals_pb2, reviews_pb2, types_pb2
from tests.client.conftest import Register, Run

SERVICE = "nsor.v1.RegistrationService"
LATER, EARLIER = (f"8b5c1d2e-0000-4000-8000-00000000000{nth}" for nth in (1, 2))
CNIC = "3520112345671"


def reviewed(registration_id: str, name: str) -> reviews_pb2.ReviewedRegistration:
    made = reviews_pb2.ReviewedRegistration(registration_id=registration_id, created_by_agency="punjab-prosecution")
    made.person.cnic, made.person.sex = CNIC, types_pb2.SEX_MALE
    made.person.names.add(name=name, relative_name="Lal Din")
    return made


@pytest.fixture
def answered(register: Register) -> Register:
    shown = reviews_pb2.GetReviewResponse(
        review=reviews_pb2.Review(number=7, state=reviews_pb2.REVIEW_STATE_OPEN),
        etag="0123456789abcdef",
        registration=reviewed(LATER, "Muhammad Rafiq"),
        earlier_registration=reviewed(EARLIER, "Mohd Rafique"),
    )
    register.answers[f"{SERVICE}/GetReview"] = lambda _: shown
    proposed = reviews_pb2.ProposeReviewDecisionResponse(state=reviews_pb2.REVIEW_STATE_PROPOSED)
    register.answers[f"{SERVICE}/ProposeReviewDecision"] = lambda _: proposed
    decided = reviews_pb2.ConfirmReviewDecisionResponse(state=reviews_pb2.REVIEW_STATE_DECIDED)
    register.answers[f"{SERVICE}/ConfirmReviewDecision"] = lambda _: decided
    return register


def test_both_are_shown_side_by_side_and_no_number_whole(
    run: Run, answered: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("review", "show", "7") == 0
    assert reviews_pb2.GetReviewRequest.FromString(answered.calls[-1].request).review_number == 7
    printed = capsys.readouterr()
    assert LATER in printed.out
    assert EARLIER in printed.out
    assert CNIC not in printed.out
    lines = [" ".join(line.split()) for line in printed.out.splitlines()]
    assert "CNIC same *****-*****67-1" in lines
    assert "names first Mohd Rafique / Lal Din" in lines
    assert "later Muhammad Rafiq / Lal Din" in lines
    assert "`nsor review merge 7`" in printed.err


def test_a_withdrawn_record_is_shown_alone_when_the_other_one_is_not_shown(
    run: Run, answered: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    decided = reviews_pb2.Review(
        number=7,
        registration_id=LATER,
        state=reviews_pb2.REVIEW_STATE_DECIDED,
        decision=reviews_pb2.REVIEW_DECISION_ENTERED_IN_ERROR,
        decided_registration_ids=[LATER],
    )
    alone = reviews_pb2.GetReviewResponse(review=decided, registration=reviewed(LATER, "Muhammad Rafiq"))
    answered.answers[f"{SERVICE}/GetReview"] = lambda _: alone
    assert run("review", "show", "7") == 0
    printed = capsys.readouterr()
    assert "names later Muhammad Rafiq / Lal Din" in [" ".join(line.split()) for line in printed.out.splitlines()]
    assert "first" not in printed.out
    assert "The other one isn't shown." in printed.err
    assert "`nsor review undo 7`" in printed.err


@pytest.mark.parametrize(
    ("arguments", "decision", "named"),
    [
        (("merge",), "MERGE", []),
        (("distinct",), "DISTINCT", [LATER]),
        (("distinct", "--disputed", "both"), "DISTINCT", [LATER, EARLIER]),
        (("distinct", "--disputed", "none"), "DISTINCT", []),
        (("error", "--withdraw", "earlier"), "ENTERED_IN_ERROR", [EARLIER]),
        (("undo",), "REOPEN", []),
    ],
)
def test_one_officer_proposes_what_he_has_compared_and_another_confirms_it(
    run: Run, answered: Register, arguments: tuple[str, ...], decision: str, named: list[str]
) -> None:
    command, *options = arguments
    assert run("review", command, "7", *options) == 0
    proposed = reviews_pb2.ProposeReviewDecisionRequest.FromString(answered.calls[-1].request)
    assert (proposed.review_number, proposed.etag) == (7, "0123456789abcdef")
    assert proposed.decision == reviews_pb2.ReviewDecision.Value(f"REVIEW_DECISION_{decision}")
    assert list(proposed.decided_registration_ids) == named
    assert run("review", command, "7", "--confirm") == 0
    confirmed = reviews_pb2.ConfirmReviewDecisionRequest.FromString(answered.calls[-1].request)
    assert (confirmed.review_number, confirmed.etag, confirmed.decision) == (7, "0123456789abcdef", proposed.decision)


def test_the_list_of_what_is_to_be_done_leaves_out_what_has_ended(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    states = (reviews_pb2.REVIEW_STATE_DECIDED, reviews_pb2.REVIEW_STATE_PROPOSED, reviews_pb2.REVIEW_STATE_OPEN)
    page = reviews_pb2.ListReviewsResponse(
        reviews=[
            reviews_pb2.Review(number=9 - nth, state=state, identifier=reviews_pb2.IDENTIFIER_KIND_CNIC)
            for nth, state in enumerate(states)
        ]
    )
    register.answers[f"{SERVICE}/ListReviews"] = lambda _: page
    assert run("reviews", "--open") == 0
    printed = capsys.readouterr()
    assert "proposed" in printed.out
    assert "decided" not in printed.out
    assert "`nsor review show 8`" in printed.err
    assert "2 shown" in printed.err


def test_an_error_says_which_of_the_two(run: Run, answered: Register, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("review", "error", "7") == 2
    assert "--withdraw later" in capsys.readouterr().err
    assert not answered.calls


def test_whoever_confirms_is_shown_which_one_it_is_about(
    run: Run, answered: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    # Two officers decide: the second one must see which record of the two ends, and how exact a date of birth is.
    shown = answered.answers[f"{SERVICE}/GetReview"](b"")
    assert isinstance(shown, reviews_pb2.GetReviewResponse)
    shown.review.state = reviews_pb2.REVIEW_STATE_PROPOSED
    shown.review.decision = reviews_pb2.REVIEW_DECISION_ENTERED_IN_ERROR
    shown.review.decided_registration_ids.append(EARLIER)
    shown.registration.person.birth_date.year = 1960
    shown.registration.person.birth_date_precision = types_pb2.DATE_PRECISION_YEAR
    for command in (("show", "7"), ("error", "7", "--confirm")):
        assert run("review", *command) == 0
        printed = capsys.readouterr()
        assert f"ENTERED_IN_ERROR is about the first one, {EARLIER}." in printed.err
        assert "(year)" in printed.out


@pytest.mark.parametrize(
    ("arguments", "state", "decision", "about", "sent"),
    [
        (("merge",), "PROPOSED", "MERGE", [], False),
        (("merge", "--confirm"), "PROPOSED", "MERGE", [], True),
        (("merge", "--confirm"), "DECIDED", "MERGE", [], False),
        (("distinct",), "PROPOSED", "MERGE", [], True),
        (("error", "--withdraw", "later"), "PROPOSED", "ENTERED_IN_ERROR", [LATER], False),
        (("error", "--withdraw", "earlier"), "PROPOSED", "ENTERED_IN_ERROR", [LATER], True),
        (("undo",), "REOPENING_PROPOSED", "MERGE", [], False),
        (("undo",), "DECIDED", "MERGE", [], True),
    ],
)
def test_what_stands_already_is_said_and_not_sent_again(  # noqa: PLR0917 - fixtures and a case
    run: Run,
    answered: Register,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    state: str,
    decision: str,
    about: list[str],
    sent: bool,
) -> None:
    shown = answered.answers[f"{SERVICE}/GetReview"](b"")
    assert isinstance(shown, reviews_pb2.GetReviewResponse)
    shown.review.state = reviews_pb2.ReviewState.Value(f"REVIEW_STATE_{state}")
    shown.review.decision = reviews_pb2.ReviewDecision.Value(f"REVIEW_DECISION_{decision}")
    shown.review.decided_registration_ids.extend(about)
    assert run("review", arguments[0], "7", *arguments[1:]) == 0
    assert len(answered.calls) == 1 + sent
    assert ("stands already" in capsys.readouterr().err) is not sent


PROPOSED = reviews_pb2.Review(
    number=7, state=reviews_pb2.REVIEW_STATE_PROPOSED, decision=reviews_pb2.REVIEW_DECISION_MERGE
)


def test_what_is_proposed_is_refused_or_withdrawn(
    run: Run, answered: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    answered.answers[f"{SERVICE}/GetReview"] = lambda _: reviews_pb2.GetReviewResponse(review=PROPOSED)
    assert run("review", "show", "7") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "`nsor review merge 7 --confirm`" in said
    assert "`nsor review refuse 7 --reason REASON`" in said
    assert "`nsor review withdraw 7`" in said
    answered.answers[f"{SERVICE}/RefuseProposal"] = lambda _: proposals_pb2.RefuseProposalResponse()
    answered.answers[f"{SERVICE}/WithdrawProposal"] = lambda _: proposals_pb2.WithdrawProposalResponse()
    assert run("review", "refuse", "7", "--reason", "other-record") == 0
    refused = proposals_pb2.RefuseProposalRequest.FromString(answered.calls[-1].request)
    assert (refused.review_number, refused.reason) == (7, proposals_pb2.PROPOSAL_REFUSAL_OTHER_RECORD)
    assert run("review", "withdraw", "7") == 0
    assert proposals_pb2.WithdrawProposalRequest.FromString(answered.calls[-1].request).review_number == 7


def test_what_was_refused_before_is_shown_with_the_review(
    run: Run, answered: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    again = reviews_pb2.Review()
    again.CopyFrom(PROPOSED)
    refused = again.ended_proposals.add(decision=reviews_pb2.REVIEW_DECISION_MERGE).proposal
    refused.state = proposals_pb2.PROPOSAL_STATE_REFUSED
    refused.refusal = proposals_pb2.PROPOSAL_REFUSAL_NOT_SHOWN
    refused.officer_number = "PB-17"
    refused.end_time.seconds = 1_790_000_000
    answered.answers[f"{SERVICE}/GetReview"] = lambda _: reviews_pb2.GetReviewResponse(review=again)
    assert run("review", "show", "7") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "Proposed before: MERGE. refused (not shown): PB-17, 2026-" in said


@pytest.mark.parametrize("state", ["EXPIRED", "OUTDATED"])
def test_what_counts_no_more_is_proposed_again(
    run: Run, answered: Register, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    late = reviews_pb2.Review()
    late.CopyFrom(PROPOSED)
    late.proposal_state = proposals_pb2.ProposalState.Value(f"PROPOSAL_STATE_{state}")
    answered.answers[f"{SERVICE}/GetReview"] = lambda _: reviews_pb2.GetReviewResponse(review=late)
    assert run("review", "show", "7") == 0
    assert "it can be proposed again" in " ".join(capsys.readouterr().err.split())
    assert run("review", "merge", "7") == 0
    assert answered.calls[-1].method == f"{SERVICE}/ProposeReviewDecision"
