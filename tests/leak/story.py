"""The demonstration's story with planted values, with every error that can be provoked on the way."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from nsor.errors import NsorError
from nsor.v1 import access_requests_pb2, lookup_pb2, options_pb2, registration_pb2, types_pb2
from tests.e2e.agencies import Agencies
from tests.leak import planted
from tests.rpc.callers import Answered

LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
CREATE = "nsor.v1.RegistrationService/CreateRegistration"
POLICE, PROSECUTION, COURT = "punjab-police", "punjab-prosecution", "lahore-special-court"


@dataclass
class Outcome:
    """What came of it.

    Attributes:
        errors: all that refusals and failures said, to the library and on the wire.
        reasons: why calls were refused or failed.
        found: CNIC of whom the look-up on the grant found.
    """

    errors: list[bytes] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)
    found: str = ""

    def refused(self, call: Callable[..., object], request: object) -> None:
        try:
            call(request)
        except NsorError as error:
            said = (error, error.message, error.next_step, error.violations, error.reason, vars(error))
            self.errors.append(repr(said).encode() + str(said).encode())
            self.reasons.add(error.reason)
        else:
            raise AssertionError("it was not refused")

    def answered(self, answer: Answered) -> None:
        status = answer.status.SerializeToString() if answer.status is not None else b""
        receipt = answer.receipt.SerializeToString() if answer.receipt is not None else b""
        self.errors.append(answer.details.encode() + bytes(status) + receipt)
        self.reasons.add(answer.reason)


def run(agencies: Agencies) -> Outcome:
    """Run the story and say what came of it."""
    outcome = Outcome()
    entered = agencies.confirmed(planted.order())
    agencies.client(POLICE).notification.create_notice(planted.notice(entered.registration_id))
    _look_ups(agencies, outcome)
    _mistakes(agencies, outcome)
    _failures(agencies, outcome, entered.registration_id)
    return outcome


def look_up(cnic: str, purpose: options_pb2.Purpose.ValueType, **basis: Any) -> lookup_pb2.LookUpRegistrationRequest:
    return lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()), purpose=purpose, cnic=cnic, basis=lookup_pb2.LookUpBasis(**basis)
    )


def _look_ups(agencies: Agencies, outcome: Outcome) -> None:
    """On a grant, and for every standing purpose."""
    police, prosecution = agencies.client(POLICE).lookup, agencies.client(PROSECUTION).lookup
    submitted = police.create_access_request(planted.access_request()).message
    approval = access_requests_pb2.ApproveAccessRequestRequest(
        access_request_id=submitted.access_request_id, etag=submitted.etag
    )
    grant = prosecution.approve_access_request(approval).message.grant.grant_id
    investigation = options_pb2.PURPOSE_INVESTIGATION
    for cnic in (planted.SUSPECT_CNIC, planted.OFFENDER_CNIC):
        answer = police.look_up_registration(look_up(cnic, investigation, grant_id=grant)).message
        outcome.found = answer.registration.person.cnic
    outcome.refused(police.look_up_registration, look_up(planted.OFFENDER_CNIC, investigation, grant_id=grant))
    case = agencies.court_case(planted.court_case(), planted.OFFENDER_CNIC, planted.SUSPECT_CNIC)
    ticket = agencies.ticket(planted.OFFENDER_CNIC)
    standing: dict[str, lookup_pb2.LookUpRegistrationRequest] = {
        PROSECUTION: look_up(
            planted.OFFENDER_CNIC, options_pb2.PURPOSE_PROSECUTION, fir=planted.fir(planted.SECOND_FIR)
        ),
        COURT: look_up(planted.OFFENDER_CNIC, options_pb2.PURPOSE_TRIAL, court_case_id=case),
        "punjab-prisons": look_up(planted.OFFENDER_CNIC, options_pb2.PURPOSE_CUSTODY, prisoner_number=planted.PRISONER),
        "fia-immigration": look_up(
            planted.OFFENDER_CNIC, options_pb2.PURPOSE_BORDER_CONTROL, travel_document=planted.document()
        ),
        "npb": look_up(planted.OFFENDER_CNIC, options_pb2.PURPOSE_REGISTER_OPERATION, ticket_id=ticket),
    }
    for agency, request in standing.items():
        agencies.client(agency).lookup.look_up_registration(request)


def _mistakes(agencies: Agencies, outcome: Outcome) -> None:
    """Wrong fields, wrong bytes, names of methods, collisions of ids and of keys."""
    prosecution, raw = agencies.client(PROSECUTION).registration, agencies.raw(PROSECUTION, officer=True)
    wrong = planted.order(planted.WRONG_CNIC + "7")
    wrong.person.names[0].name = f"{planted.NAME} 7"
    wrong.addresses[0].house_number = f"{planted.HOUSE}_{planted.HOUSE}"
    outcome.refused(prosecution.create_registration, wrong)
    acquitted = planted.order()
    acquitted.convictions[0].verdict = types_pb2.VERDICT_ACQUITTED
    outcome.refused(prosecution.create_registration, acquitted)
    first = planted.order(planted.HELD_CNIC)
    prosecution.create_registration(first)
    first.person.names[0].name = planted.SUSPECT
    outcome.refused(prosecution.create_registration, first)
    outcome.answered(raw.call(CREATE, planted.NAME.encode()))
    outcome.answered(raw.call(f"nsor.v1.{planted.WRONG_CNIC}/{planted.ALIAS}", b""))
    outcome.answered(
        raw.call(LOOK_UP, look_up(planted.WRONG_CNIC, options_pb2.PURPOSE_TRIAL, ticket_id=str(uuid.uuid4())))
    )
    outcome.answered(raw.call(CREATE, planted.order().SerializeToString() + b"\x00" * 300_000))
    with contextlib.suppress(NsorError):
        agencies.enrol(POLICE, agencies.officer(POLICE))


@contextlib.contextmanager
def _broken(agencies: Agencies, breaks: str, mends: str) -> Iterator[None]:
    """A database that refuses what the server writes, with the row in its error's text."""
    with agencies.database() as owner:
        owner.execute(breaks)
    try:
        yield
    finally:
        with agencies.database() as owner:
            owner.execute(mends)


def _failures(agencies: Agencies, outcome: Outcome, registration_id: str) -> None:
    """What the database itself refuses: a check, a unique key, a table that isn't there."""
    prosecution, police = agencies.client(PROSECUTION), agencies.client(POLICE)
    ticket = agencies.ticket(planted.OFFENDER_CNIC)
    refuses = "ALTER TABLE {table} ADD CONSTRAINT refuses CHECK ({no}) NOT VALID"
    mends = "ALTER TABLE {table} DROP CONSTRAINT refuses"
    for table, no, call, request in (
        ("registration_version", "version < 0", prosecution.registration.create_registration, planted.order()),
        ("access_request_version", "version < 0", police.lookup.create_access_request, planted.access_request()),
        ("notice", "agency_id = ''", police.notification.create_notice, planted.notice(registration_id)),
        (
            "look_up",
            "agency_id = ''",
            agencies.client("npb").lookup.look_up_registration,
            look_up(planted.OFFENDER_CNIC, options_pb2.PURPOSE_REGISTER_OPERATION, ticket_id=ticket),
        ),
    ):
        with _broken(agencies, refuses.format(table=table, no=no), mends.format(table=table)):
            outcome.refused(call, request)
    with _broken(agencies, "ALTER TABLE notice RENAME TO gone", "ALTER TABLE gone RENAME TO notice"):
        outcome.refused(police.notification.create_notice, planted.notice(registration_id))
    unknown = registration_pb2.GetRegistrationRequest(registration_id=str(uuid.uuid4()))
    outcome.refused(police.registration.get_registration, unknown)
