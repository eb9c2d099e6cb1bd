"""One signed decision on many registrations: its parts, its answer, and what happens when it is cut short."""

import os
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import errors_pb2, registration_pb2
from nsor_server import alerts, errors
from nsor_server.access import decisions
from nsor_server.access.officers import Officers
from nsor_server.ledger.entry import LedgerUnavailable
from nsor_server.ledger.writer import Writer
from nsor_server.storage import keyring as keyrings
from nsor_server.verification.verified import verified
from tests.orders import JUDGMENT_DATE, cnic, conviction, order
from tests.rpc.callers import Answered, Caller, Serving, decision

ONE = "nsor.v1.RegistrationService/ConfirmRegistration"
MANY = "nsor.v1.RegistrationService/ConfirmRegistrations"
CREATE = "nsor.v1.RegistrationService/CreateRegistration"
COURT = "lahore-special-court"
Request = registration_pb2.ConfirmRegistrationsRequest


class Court:
    """A court's deciding officer, and registrations that wait for him."""

    def __init__(self, serving: Serving, count: int) -> None:
        self.serving = serving
        self.caller, self.key = serving.caller(COURT), serving.enrol(COURT)
        clerk = serving.caller("punjab-prosecution", officer=True)
        self.confirmations = [self._entered(clerk, f"Sessions Case No. {nth}/2022") for nth in range(1, count + 1)]

    def _entered(self, clerk: Caller, number: str) -> registration_pb2.Confirmation:
        entered = order(cnic(), convictions=[conviction(case_number=number)])
        answer = registration_pb2.CreateRegistrationResponse.FromString(clerk.call(CREATE, entered).message)
        return registration_pb2.Confirmation(
            registration_id=answer.registration_id,
            etag=answer.etag,
            case_number=number,
            judgment_date=JUDGMENT_DATE,
        )

    def request(self, confirmations: Sequence[registration_pb2.Confirmation] = ()) -> Request:
        return Request(request_id=str(uuid.uuid4()), confirmations=confirmations or self.confirmations)

    def decides(self, request: Any, method: str = MANY, key: Ed25519PrivateKey | None = None) -> Answered:
        """Send a request, signed now."""
        encoded, nonce = request.SerializeToString(), os.urandom(32)
        signed = decision(key or self.key, method, nonce, encoded)
        return self.caller.call(method, encoded, nonce=nonce, nsor_decision_bin=signed)

    @property
    def confirmed(self) -> int:
        found: int = self.serving.one("SELECT count(*) FROM registration_version WHERE version = 2")
        return found


@pytest.fixture
def court(serving: Serving) -> Court:
    return Court(serving, 4)


def reasons(answer: Answered) -> list[str]:
    """Why each wasn't confirmed; empty: it was."""
    assert answer.code.name == "OK", answer.reason
    assert answer.proves_itself()
    findings = registration_pb2.ConfirmRegistrationsResponse.FromString(answer.message).findings
    assert all(bool(each.etag) != bool(each.reason) for each in findings)
    names = [errors_pb2.ErrorReason.Name(each.reason).removeprefix("ERROR_REASON_") for each in findings]
    return ["" if name == "UNSPECIFIED" else name for name in names]


def test_each_has_its_finding_in_order_and_one_that_is_wrong_keeps_back_no_other(court: Court) -> None:
    wrong, absent, stale, right = court.confirmations
    wrong.case_number = "Sessions Case No. 900/2022"
    absent.registration_id = str(uuid.uuid4())
    stale.etag = "0" * 16
    request = court.request([wrong, right, absent, stale])
    answer = court.decides(request)
    assert reasons(answer) == ["NO_RECORD", "", "NO_RECORD", "ETAG_MISMATCH"]
    findings = registration_pb2.ConfirmRegistrationsResponse.FromString(answer.message).findings
    assert [each.registration_id for each in findings] == [each.registration_id for each in request.confirmations]
    assert findings[1].state == registration_pb2.REGISTRATION_STATE_CONFIRMED
    assert court.confirmed == 1


def test_the_answers_leaf_is_the_last_and_each_part_has_one_that_says_which_call_was_signed(court: Court) -> None:
    answer = court.decides(court.request())
    assert reasons(answer) == [""] * 4
    assert answer.receipt is not None
    query = "SELECT array_agg(leaf ORDER BY index) FROM ledger_entry WHERE index >= %s"
    leaves = [leaf_pb2.Leaf.FromString(leaf) for leaf in court.serving.one(query, (answer.receipt.index - 5,))]
    assert [leaf.method for leaf in leaves] == [MANY, *[ONE] * 4, MANY]
    assert {leaf.call_hash for leaf in leaves} == {answer.leaf.call_hash}
    assert leaves[-1] == answer.leaf


def test_the_same_request_again_is_answered_again_and_confirms_nothing_twice(court: Court) -> None:
    request = court.request()
    first = court.decides(request)
    again = court.decides(request)
    assert reasons(first) == reasons(again) == [""] * 4
    assert first.message == again.message
    assert court.confirmed == 4


def test_another_request_under_the_id_is_refused(court: Court) -> None:
    request = court.request(court.confirmations[:2])
    assert reasons(court.decides(request)) == ["", ""]
    del request.confirmations[:]
    request.confirmations.extend(court.confirmations[2:])
    assert court.decides(request).reason == "REQUEST_ID_REUSED"
    assert court.confirmed == 2


def test_each_registration_is_named_once(court: Court) -> None:
    answer = court.decides(court.request([court.confirmations[0]] * 2))
    assert answer.reason == "INVALID_FIELDS"


def test_the_work_goes_on_after_the_signatures_minutes(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    # A backlog takes longer than a signature is taken; one that comes too late is refused as ever.
    looked = []

    def once(*_: Any) -> None:
        looked.append(1)
        if len(looked) > 1:
            raise errors.Denied(errors_pb2.ERROR_REASON_DECISION_EXPIRED)

    monkeypatch.setattr("nsor_server.access.signatures.check_time", once)
    assert reasons(court.decides(court.request())) == [""] * 4
    assert court.decides(court.request()).reason == "DECISION_EXPIRED"


def test_a_key_that_is_disabled_meanwhile_confirms_nothing_more(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    still, looked = Officers.still, []

    def disabled(self: Officers, *arguments: Any) -> Any:
        looked.append(1)
        if len(looked) > 2:
            raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED)
        return still(self, *arguments)

    request = court.request()
    with monkeypatch.context() as patched:
        patched.setattr(Officers, "still", disabled)
        assert court.decides(request).reason == "OFFICER_NOT_ACCEPTED"
    assert court.confirmed == 2


@pytest.mark.parametrize("cut", [1, 2, 4, 5, 6])
def test_what_was_cut_short_goes_on_where_it_ended(court: Court, monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    # The ledger is away after any of the entries: of the call that was taken, of a part, or before the answer.
    put: Callable[..., None] = Writer.put
    puts = []

    def away(self: Writer[Any], item: Any) -> None:
        if item.method in {ONE, MANY} and item.error is None:
            puts.append(1)
            if len(puts) == cut:
                raise LedgerUnavailable("the ledger can't commit now")
        put(self, item)

    request = court.request()
    with monkeypatch.context() as patched:
        patched.setattr(Writer, "put", away)
        assert court.decides(request).code.name == "UNAVAILABLE"
    assert reasons(court.decides(request)) == [""] * 4
    assert court.confirmed == 4
    assert court.serving.one("SELECT max(version) FROM registration_version") == 2


def test_tries_are_paid_from_the_budget_of_each_registration(court: Court) -> None:
    # Otherwise a list would be a second budget for trying numbers out.
    one, other = court.confirmations[:2]
    right = one.case_number
    for nth in range(1, 6):
        one.case_number = f"Sessions Case No. {900 + nth}/2022"
        told = reasons(court.decides(court.request([one, other] if nth == 1 else [one])))
        assert told == (["NO_RECORD", ""] if nth == 1 else ["NO_RECORD"])
    one.case_number = right
    assert reasons(court.decides(court.request([one]))) == ["BUDGET_EMPTY"]
    single = registration_pb2.ConfirmRegistrationRequest(
        request_id=str(uuid.uuid4()),
        registration_id=one.registration_id,
        etag=one.etag,
        case_number=right,
        judgment_date=one.judgment_date,
    )
    assert court.decides(single, ONE).reason == "BUDGET_EMPTY"


def test_validation_confirms_nothing(court: Court) -> None:
    request = court.request()
    request.validate_only = True
    answer = court.decides(request)
    assert answer.message == b""
    assert court.confirmed == 0


@pytest.mark.parametrize("method", [ONE, MANY])
def test_a_handler_that_compares_nobody_confirms_nothing(
    court: Court, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    # As if its line were removed: the caller hears INTERNAL, and somebody is called.
    before = alerts.counts()["CALL_FAILED"]
    monkeypatch.setattr(decisions, "check_acts", lambda *_, **__: None)
    if method == MANY:
        answer = court.decides(court.request())
        assert reasons(answer) == ["INTERNAL"] * 4
    else:
        one = court.confirmations[0]
        request = registration_pb2.ConfirmRegistrationRequest(
            request_id=str(uuid.uuid4()),
            registration_id=one.registration_id,
            etag=one.etag,
            case_number=one.case_number,
            judgment_date=one.judgment_date,
        )
        answer = court.decides(request, ONE)
        assert answer.reason == "INTERNAL"
    assert alerts.counts()["CALL_FAILED"] > before
    assert court.confirmed == 0


def test_ledger_verify_finds_nothing_wrong(court: Court, tmp_path: Path) -> None:
    court.confirmations[0].case_number = "Sessions Case No. 900/2022"
    request = court.request()
    assert reasons(court.decides(request)) == ["NO_RECORD", "", "", ""]
    assert reasons(court.decides(request)) == ["NO_RECORD", "", "", ""]
    settings = court.serving.settings
    with psycopg.connect(court.serving.database.url_owner or "") as conn:
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        report = verified(conn, keyrings.load(settings.keys), settings.ledger_origin, (tmp_path / "nowhere", 0))
    assert [each.problem for each in report.findings] == []
