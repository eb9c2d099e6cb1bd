"""The life of a few records: what may be tried on them, what follows by law, and what must hold whatever was tried.

What follows is written down here once more, shorter than the server's own rules and without looking at them: a
conviction that its court has confirmed stands until a judgment takes it, and stands again when NPB unseals it.
"""

from __future__ import annotations

import copy
import functools
import itertools
import random
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from google.protobuf import field_mask_pb2
from google.protobuf.message import Message

from demo.running import RunningRegister
from nsor.answers import Answer
from nsor.client import Client
from nsor.errors import Refused
from nsor.v1 import (
    amendments_pb2,
    closure_pb2,
    custody_pb2,
    lookup_pb2,
    options_pb2,
    proposals_pb2,
    registration_pb2,
    types_pb2,
)
from nsor_server import config
from nsor_server.registration import store
from nsor_server.storage.attach import keyring_of
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_synthetic import examples
from tests import orders
from tests.e2e.agencies import Agencies
from tests.operating import operated
from tests.polling import until

FIXED_TIME_SECONDS: Final = 600.0
"""Until a fixed time has come and gone, at the latest."""
ENTERS: Final = "punjab-prosecution"
CONFIRMS: Final = "lahore-special-court"
APPELLATE: Final = "lahore-high-court"
BORDER: Final = "fia-immigration"
BUREAU: Final = "npb"
POLICE: Final = "punjab-police"
PRISON: Final = "punjab-prisons"
EVERYBODY: Final = (
    ENTERS,
    "sindh-prosecution",
    CONFIRMS,
    "karachi-special-court",
    APPELLATE,
    "punjab-police",
    "sindh-police",
    PRISON,
    BORDER,
    "nadra",
    BUREAU,
    "special-committee",
)
"""One of each kind of agency at least, and of those that have a part in a record another of the same kind."""
SHOWN_FOR: Final = {
    ENTERS: "REGISTRATION",
    CONFIRMS: "REGISTRATION",
    APPELLATE: "REGISTRATION",
    "punjab-police": "NOTIFICATION",
    PRISON: "CUSTODY",
    BUREAU: "REGISTER_OPERATION",
}
"""Whom GetRegistration may show a record of Punjab, and for which purpose."""
TAKES: Final = ("SET_ASIDE", "RETRIAL_ORDERED", "PARDONED")
"""Judgments that take a whole conviction."""
LEAVES: Final = ("APPEAL_FILED", "APPEAL_DISMISSED")
"""Judgments that take nothing."""
CUSTODY: Final = {"RECALLED": POLICE, "ADMITTED": PRISON, "BAILED": PRISON, "ESCAPED": PRISON, "RELEASED": PRISON}
"""What happens to an offender, and who mostly records it."""
HELD_AFTER: Final = {"RECALLED": False, "ADMITTED": True, "BAILED": False, "ESCAPED": False, "RELEASED": False}
CLOSURES: Final = ("DECEASED", "WITHDRAWN", "RESTORED", "ERASED")
"""What NPB may decide of a record's end."""
ENDS: Final = ("CONFIRMED", "ALONE", "WITHDRAWN", "REFUSED", "LEFT")
"""What becomes of a proposal: another officer confirms it, its own tries to, one of them ends it, or nobody does."""
GOLDEN: Final = Path(__file__).parents[1] / "access" / "golden_matrix.txt"
_cases = itertools.count(1)


@dataclass(slots=True)
class Known:
    """A record, as whoever plays knows it.

    Attributes:
        registration_id: its id.
        cnic: its CNIC.
        waits: cases that no court has confirmed.
        stands: cases that a court has confirmed and no judgment has taken.
        taken: cases that a judgment has taken.
        judged: cases that a judgment takes as soon as their court confirms them: it was recorded before.
        held: whether he is in prison.
        archived: the decision by which NPB has archived it; empty: none.
        was_dead: of one that was withdrawn: it was archived by a death before.
        may_wait: another one of its number stood when it was confirmed, so that NPB is asked first: until some fixed
            time after that one is gone.
    """

    registration_id: str
    cnic: str
    waits: set[str] = field(default_factory=set)
    stands: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    judged: set[str] = field(default_factory=set)
    held: bool = False
    archived: str = ""
    was_dead: bool = False
    may_wait: bool = False

    @property
    def cases(self) -> list[str]:
        """The case of each conviction."""
        return sorted(self.waits | self.stands | self.taken)

    @property
    def sealed(self) -> bool:
        """Whether a court had confirmed something, and nothing of it is left."""
        return bool(self.taken) and not self.stands

    @property
    def is_shown(self) -> bool:
        """Whether others than NPB are shown what stands of it."""
        return bool(self.stands) and not self.archived


def erased(register: RunningRegister) -> None:
    """Run the operator's command until all is destroyed: who was shown a registration is told first, at fixed times."""
    until(
        lambda: not operated(register.environment, "erase", "--yes").returncode, seconds=FIXED_TIME_SECONDS, every=1.0
    )


class Life:
    """Tries something on records, and checks what must hold. A trial gives the reason of its refusal, or nothing."""

    def __init__(self, agencies: Agencies, people: int = 3) -> None:
        self._agencies = agencies
        self.numbers = [orders.cnic() for _ in range(people)]
        self.records: list[Known] = []
        self.erased: list[Known] = []
        self._convictions: dict[str, types_pb2.Conviction] = {}
        self._versions: dict[tuple[str, int], bytes] = {}
        self._seen_by_creator: dict[str, bytes] = {}
        self._about: str | None = None
        self._checks = itertools.count()
        self._sealer = Sealer(keyring_of(config.load(agencies.register.environment)))
        self._second = agencies.second(BUREAU)

    # What may be tried

    def enter(self, number: str) -> None:
        """A prosecution enters an order; whoever has that number already."""
        convicted = self._convicted()
        order = orders.order(number, convictions=[convicted])
        answer = self._client(ENTERS).registration.create_registration(order).message
        self._about = answer.registration_id
        self.records.append(Known(answer.registration_id, number, {convicted.court_case.case_number}))

    def add(self, known: Known, agency: str) -> str:
        """An agency adds a conviction."""
        self._about = known.registration_id
        request = registration_pb2.AddConvictionRequest(
            registration_id=known.registration_id, etag=self._etag(known), conviction=self._convicted()
        )
        refused = self._tried(self._client(agency).registration.add_conviction, request)
        if not refused:
            assert agency == ENTERS
            assert not known.sealed
            assert not known.archived
            known.waits.add(request.conviction.court_case.case_number)
        return refused

    def confirm(self, known: Known, case: str, agency: str, *, wrong: str = "") -> str:
        """An agency confirms a case of a record, with a wrong number or etag if that is said."""
        self._about = known.registration_id
        request = registration_pb2.ConfirmRegistrationRequest(
            registration_id=known.registration_id,
            etag="0123456789abcdef" if wrong == "etag" else self._etag(known),
            case_number="Sessions Case No. 999999/2022" if wrong == "number" else case,
            judgment_date=self._convictions[case].judgment_date,
        )
        refused = self._tried(self._client(agency).registration.confirm_registration, request)
        if not refused:
            assert (agency, wrong) == (CONFIRMS, "")
            assert case in known.waits
            assert known.is_shown or not known.stands
            if not known.stands and not known.taken:
                known.may_wait = any(each.is_shown and each.cnic == known.cnic for each in self.records)
            known.waits.remove(case)
            (known.taken if case in known.judged else known.stands).add(case)
        return refused

    def judge(self, known: Known, case: str, kind: str, agency: str) -> str:
        """An agency records a judgment about a case."""
        self._about = known.registration_id
        request = orders.judgment(kind, self._convictions[case])
        refused = self._tried(self._client(agency).registration.record_judgment, request)
        if not refused:
            assert agency in {APPELLATE, ENTERS}
            if kind in TAKES and case in known.waits:
                known.judged.add(case)
            elif kind in TAKES and case in known.stands:
                known.stands.remove(case)
                known.taken.add(case)
        return refused

    def restore(self, known: Known, case: str) -> str:
        """A registry records that a conviction stands again; by itself that shows nothing. Gives the judgment's id."""
        self._about = known.registration_id
        request = orders.judgment("RESTORED", self._convictions[case])
        return self._client(APPELLATE).registration.record_judgment(request).message.judgment_id

    def unseal(self, judgment_id: str, known: Known, case: str, agency: str, *, alone: bool) -> str:
        """Two officers of an agency unseal what a judgment restores, or one tries it alone."""
        self._about = known.registration_id
        first = self._client(agency)
        proposal = registration_pb2.ProposeUnsealingRequest(judgment_id=judgment_id)
        self._tried(first.registration.propose_unsealing, proposal)  # or it has been proposed before
        second = first if alone else self._second
        consent = registration_pb2.ConfirmUnsealingRequest(judgment_id=judgment_id)
        refused = self._tried(second.registration.confirm_unsealing, consent)
        if not refused:
            assert (agency, alone) == (BUREAU, False)
            if case in known.taken:
                known.taken.remove(case)
                known.stands.add(case)
        return refused

    def keep_sealed(self, judgment_id: str, known: Known, end: str) -> None:
        """An officer of NPB proposes to unseal, and he withdraws that or another one refuses it: nothing follows."""
        self._about = known.registration_id
        client = self._client(BUREAU)
        client.registration.propose_unsealing(registration_pb2.ProposeUnsealingRequest(judgment_id=judgment_id))
        self._end_proposal(end, judgment_id=judgment_id)
        consent = registration_pb2.ConfirmUnsealingRequest(judgment_id=judgment_id)
        assert self._tried(self._second.registration.confirm_unsealing, consent)

    def close(self, known: Known, kind: str, end: str, agency: str) -> str:
        """An officer proposes how a record ends, and something becomes of that; gives why it wasn't confirmed."""
        self._about = known.registration_id
        request = closure_pb2.ProposeClosureRequest(
            registration_id=known.registration_id,
            etag=self._etag(known),
            kind=closure_pb2.ClosureKind.Value(f"CLOSURE_KIND_{kind}"),
        )
        if kind == "DECEASED":
            request.died_date.CopyFrom(orders.day(2026, 1, 5))
            request.certificate_number = "CRMS-123/2026"
        elif kind != "RESTORED":
            request.erasure_reason = closure_pb2.ERASURE_REASON_OTHER_PERSON
        client = self._client(agency)
        try:
            closure_id = client.registration.propose_closure(request).message.closure_id
        except Refused as refused:
            return refused.reason
        assert agency == BUREAU
        if end == "LEFT":
            return end
        if end in {"WITHDRAWN", "REFUSED"}:
            self._end_proposal(end, closure_id=closure_id)
        consent = closure_pb2.ConfirmClosureRequest(registration_id=known.registration_id, closure_id=closure_id)
        reason = self._tried((client if end == "ALONE" else self._second).registration.confirm_closure, consent)
        assert bool(reason) == (end != "CONFIRMED")
        if not reason:
            self._closed(known, kind)
        return reason

    def _closed(self, known: Known, kind: str) -> None:
        if kind == "DECEASED":
            assert known.is_shown
            known.archived = kind
        elif kind == "WITHDRAWN":
            assert known.stands
            assert known.archived != kind
            known.was_dead = known.archived == "DECEASED"
            known.archived = kind
        elif kind == "RESTORED":
            assert known.stands
            assert known.archived
            # Whoever was dead before the withdrawal still is.
            known.archived = "DECEASED" if known.archived == "WITHDRAWN" and known.was_dead else ""
        else:
            assert known.archived == "WITHDRAWN" or not known.stands | known.taken
            self.records.remove(known)
            self.erased.append(known)

    def _end_proposal(self, end: str, *, closure_id: str = "", judgment_id: str = "") -> None:
        """Who made a proposal withdraws it, or the other officer refuses it; not the other way round."""
        withdrawal = proposals_pb2.WithdrawProposalRequest(closure_id=closure_id, judgment_id=judgment_id)
        refusal = proposals_pb2.RefuseProposalRequest(
            closure_id=closure_id, judgment_id=judgment_id, reason=proposals_pb2.PROPOSAL_REFUSAL_NOT_SO
        )
        first, second = self._client(BUREAU).registration, self._second.registration
        if end == "WITHDRAWN":
            assert self._tried(second.withdraw_proposal, withdrawal)
            first.withdraw_proposal(withdrawal)
        else:
            assert self._tried(first.refuse_proposal, refusal)
            second.refuse_proposal(refusal)

    def amend(self, known: Known, agency: str, end: str, decider: str) -> str:
        """An agency proposes an amendment; it withdraws that, or the owner refuses it, and the record is as it was."""
        self._about = known.registration_id
        etag = self._etag(known)
        proposal = amendments_pb2.ProposeAmendmentRequest(
            registration_id=known.registration_id,
            update_mask=field_mask_pb2.FieldMask(paths=["nationality"]),
            particulars=amendments_pb2.Particulars(nationality="AF"),
        )
        try:
            amendment_id = self._client(agency).registration.propose_amendment(proposal).message.amendment_id
        except Refused as refused:
            return refused.reason
        assert agency in SHOWN_FOR
        assert agency == BUREAU or not known.archived
        assert not known.sealed
        client = self._client(decider).registration
        withdrawal = amendments_pb2.WithdrawAmendmentRequest(
            registration_id=known.registration_id, amendment_id=amendment_id
        )
        refusal = amendments_pb2.RefuseAmendmentRequest(
            registration_id=known.registration_id,
            amendment_id=amendment_id,
            reason=amendments_pb2.AMENDMENT_REFUSAL_NOT_SO,
        )
        if end == "REFUSED":
            reason = self._tried(client.refuse_amendment, refusal)
            assert reason or decider in {ENTERS, POLICE}
        else:
            reason = self._tried(client.withdraw_amendment, withdrawal)
            assert bool(reason) == (decider != agency)
        assert self._etag(known) == etag
        return reason

    def destroy(self) -> None:
        """The operator destroys what was decided to be erased: no key of it is left, and nobody finds it."""
        erased(self._agencies.register)
        with self._agencies.database() as owner:
            (left,) = owner.execute(_KEYS, ([each.registration_id for each in self.erased],)).fetchall()
        assert left == (0,)
        self._nobody_finds_what_is_erased()

    def move(self, known: Known, kind: str, agency: str) -> str:
        """An agency records what happens to an offender."""
        self._about = known.registration_id
        request = custody_pb2.RecordCustodyEventRequest(
            registration_id=known.registration_id,
            etag=self._etag(known),
            kind=custody_pb2.CustodyEventKind.Value(f"CUSTODY_EVENT_KIND_{kind}"),
            event_date=orders.day(2024, 6, 1),
            prisons_agency_id=PRISON if kind == "RECALLED" else "",
        )
        refused = self._tried(self._client(agency).registration.record_custody_event, request)
        if not refused:
            assert known.is_shown
            assert known.held == (kind not in {"RECALLED", "ADMITTED"}) or agency == POLICE
            known.held = HELD_AFTER[kind]
        return refused

    def anything(self, agency: str, method: str, known: Known, seed: int) -> str:
        """An agency calls whatever method about a record, with the newest etag, in otherwise made-up words."""
        self._about = known.registration_id
        request = self._made_up(method, seed)
        fields = request.DESCRIPTOR.fields_by_name
        for name, value in (("registration_id", known.registration_id), ("etag", self._etag(known))):
            if name in fields:
                setattr(request, name, value)
        if "request_id" in fields:
            request.request_id = str(uuid.uuid4())
        service, name = method.removeprefix("nsor.v1.").split("/")
        kind = service.removesuffix("Service").lower()
        return self._tried(getattr(getattr(self._client(agency), kind), _snake(name)), request)

    # What must hold

    def check(self, *, whole: bool = False) -> None:
        """All that must hold after each trial, whether it was refused or not.

        Everybody asks for the record of the trial, and of the others each of a few, who are others each time; everybody
        asks for all where it is to be ``whole``.
        """
        turn = next(self._checks)
        for nth, known in enumerate(self.records):
            is_asked = whole or known.registration_id == self._about
            self._is_hidden_or_stands(known, EVERYBODY if is_asked else (EVERYBODY[(turn + nth) % len(EVERYBODY)],))
        self._nothing_is_shown_that_does_not_stand()
        self._no_version_is_lost()
        self._a_creator_sees_his_record_alone()

    def _nothing_is_shown_that_does_not_stand(self) -> None:
        absent = self._at_the_border(orders.cnic())
        for number in self.numbers:
            answer = self._at_the_border(number)
            standing = [each for each in self.records if each.cnic == number and each.is_shown]
            found = answer.message.outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND
            assert found or all(each.may_wait for each in standing), f"what stands isn't shown: {self.records}"
            assert standing or not found, f"what is shown doesn't stand: {self.records}"
            if found:
                assert answer.message.registration.person.cnic == number
                _within(answer.message, "BORDER_CONTROL")
            else:
                # Sealed, archived, withdrawn, erased, unconfirmed, held and absent are one answer.
                assert answer.message.SerializeToString() == absent.message.SerializeToString()
                assert len(answer.proof.leaf) == len(absent.proof.leaf)
        self._nobody_finds_what_is_erased()

    def _nobody_finds_what_is_erased(self) -> None:
        if not self.erased:
            return
        absent = Known(str(uuid.uuid4()), orders.cnic())
        for agency in (ENTERS, CONFIRMS, POLICE, BUREAU):
            said = self._refusal(absent, agency)
            assert {self._refusal(known, agency) for known in self.erased} == {said}

    def _is_hidden_or_stands(self, known: Known, agencies: Sequence[str]) -> None:
        for agency in agencies:
            shown = self._shown(known, agency)
            if shown is None:
                assert agency != BUREAU or known.sealed, "NPB isn't shown what is archived or withdrawn"
                continue
            assert not known.sealed, "a sealed record was shown"
            assert agency == BUREAU or not known.archived, "an archived or withdrawn record was shown"
            if known.archived:
                archived = f"ARCHIVE_REASON_{known.archived}"
                assert shown.archive.reason == closure_pb2.ArchiveReason.Value(archived)
            assert agency != PRISON or known.held, "a prison was shown whom it doesn't hold"
            _within(shown, SHOWN_FOR[agency])
            # A court confirms a case number from its own record: it isn't told before.
            cases = {each.court_case.case_number for each in shown.convictions} - {""}
            assert cases <= known.stands | known.waits

    def _no_version_is_lost(self) -> None:
        ids = [each.registration_id for each in self.records]
        before = {key: found for key, found in self._versions.items() if key[0] in ids}
        with self._agencies.database() as owner:
            rows = owner.execute(_VERSIONS, (ids,)).fetchall()
            stored = {(str(row[0]), int(row[1])): bytes(row[2]) for row in rows}
            for each in ids:
                row = store.newest(owner, uuid.UUID(each).bytes)
                assert row is not None
                self._is_as_known(store.open_version(self._sealer, row))
        assert all(recorded for *_, recorded in rows), "a version that no entry names"
        assert {key: stored.get(key) for key in before} == before
        for each in ids:
            versions = sorted(version for one, version in stored if one == each)
            assert versions == list(range(1, len(versions) + 1))
        self._versions = stored

    def _is_as_known(self, record: record_pb2.RegistrationRecord) -> None:
        known = next(each for each in self.records if uuid.UUID(each.registration_id).bytes == record.registration_id)
        # Nobody falls between two stations or two prisons.
        assert record.responsible_place
        assert (record.custodian_agency == PRISON) == known.held
        standing = {
            each.case_number
            for each in record.convictions
            if each.confirmed_by_agency and any(count.stands for count in each.counts)
        }
        assert standing == known.stands

    def _a_creator_sees_his_record_alone(self) -> None:
        for known in self.records:
            shown = self._shown(known, ENTERS)
            encoded = b"" if shown is None else shown.SerializeToString(deterministic=True)
            before = self._seen_by_creator.get(known.registration_id)
            if before is not None and known.registration_id != self._about:
                assert encoded == before, "what a creator sees has changed with another record"
            self._seen_by_creator[known.registration_id] = encoded

    # Means

    def _client(self, agency: str) -> Client:
        return self._agencies.client(agency)

    def _tried(self, call: Any, request: Message) -> str:
        try:
            call(request)
        except Refused as refused:
            return refused.reason
        return ""

    def _shown(self, known: Known, agency: str) -> registration_pb2.Registration | None:
        request = registration_pb2.GetRegistrationRequest(registration_id=known.registration_id)
        try:
            return self._client(agency).registration.get_registration(request).message.registration
        except Refused:
            return None

    def _refusal(self, known: Known, agency: str) -> str:
        """Why an agency isn't shown a record."""
        request = registration_pb2.GetRegistrationRequest(registration_id=known.registration_id)
        return self._tried(self._client(agency).registration.get_registration, request)

    def _etag(self, known: Known) -> str:
        shown = self._shown(known, BUREAU)
        return "0123456789abcdef" if shown is None else shown.etag

    def _at_the_border(self, number: str) -> Answer[lookup_pb2.LookUpRegistrationResponse]:
        request = lookup_pb2.LookUpRegistrationRequest(purpose=options_pb2.PURPOSE_BORDER_CONTROL, cnic=number)
        request.basis.travel_document.country, request.basis.travel_document.number = "PK", "AB1234567"
        return self._client(BORDER).lookup.look_up_registration(request)

    def _made_up(self, method: str, seed: int) -> Any:
        found = [each for each in _examples(seed) if each.DESCRIPTOR.full_name == f"{_request(method)}"]
        return copy.deepcopy(random.Random(seed).choice(found))  # noqa: S311 - a test's choice

    def _convicted(self) -> types_pb2.Conviction:
        """A conviction in a case of its own."""
        convicted = orders.conviction(case_number=f"Sessions Case No. {next(_cases)}/2022")
        self._convictions[convicted.court_case.case_number] = convicted
        return convicted


_KEYS: Final = "SELECT count(*) FROM registration_key WHERE registration_id = ANY (%s::uuid[])"
_VERSIONS: Final = """
SELECT v.registration_id, v.version, sha256(v.sealed),
    EXISTS (
        SELECT FROM ledger_record AS r WHERE r.table_name = 'registration_version'
        AND r.row_id = uuid_send(v.registration_id) AND r.version = v.version AND r.sha256 = sha256(v.sealed)
    )
FROM registration_version AS v WHERE v.registration_id = ANY (%s::uuid[])
"""


_ELSEWHERE: Final = {
    "AddConviction",
    "ConfirmRegistration",
    "ConfirmRegistrations",
    "ConfirmUnsealing",
    "CreateRegistration",
    "ImportRegistrations",
    "RecordCustodyEvent",
    "RecordJudgment",
    "SubscribeEvents",
}
"""What is tried by name, as far as it can succeed, and streams."""


def methods() -> Sequence[str]:
    """Every unary method about records that an officer may call, by the golden matrix."""
    text = GOLDEN.read_text(encoding="utf-8")
    named = re.findall(r"^(nsor\.v1\.(?:Registration|Notification|Lookup)Service/\w+): ", text, re.MULTILINE)
    made_up = {each.DESCRIPTOR.full_name for each in examples.requests(1)}
    return [each for each in named if _request(each) in made_up and each.split("/")[1] not in _ELSEWHERE]


@functools.cache
def _examples(seed: int) -> Sequence[Message]:
    return tuple(examples.requests(seed))


def _request(method: str) -> str:
    return f"nsor.v1.{method.split('/')[1]}Request"


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _within(message: Message, purpose: str) -> None:
    """No field is set whose class the purpose doesn't show; by the golden matrix, not by the server's code."""
    for path, kind in _set_fields(message):
        assert kind in CLASSES, f"{path} has no class"
        assert purpose in CLASSES[kind], f"{path} isn't for {purpose}"


def _set_fields(message: Message) -> Iterator[tuple[str, str]]:
    name = message.DESCRIPTOR.full_name
    for described, value in message.ListFields():
        yield f"{name}.{described.name}", FIELDS.get(f"{name}.{described.name}", "")
        if described.message_type is not None and described.message_type.full_name in MESSAGES:
            for each in value if described.is_repeated else [value]:
                yield from _set_fields(each)


def _matrix() -> tuple[dict[str, set[str]], dict[str, str]]:
    text = GOLDEN.read_text(encoding="utf-8")
    by_class, by_field = text.split("\n# class of fields")[1].split("\n# field x class")
    classes = {
        found[1]: set(found[2].split(";")[0].split())
        for found in re.finditer(r"^([A-Z_]+): (.+)$", by_class, re.MULTILINE)
    }
    fields: dict[str, str] = {}
    for block in re.split(r"\n\n", by_field):
        head, *lines = block.strip().split("\n")
        fields |= {
            f"{head}.{line.split(':')[0].strip()}": line.split(": ")[1].split(",")[0] for line in lines if ": " in line
        }
    return classes, fields


CLASSES, FIELDS = _matrix()
MESSAGES = {name.rsplit(".", 1)[0] for name in FIELDS}
