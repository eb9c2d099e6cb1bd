"""Bad input over the wire: each method and each rule that it can break, and nothing of it is stored or said again.

That every mistake in every field is found is shown in tests/formats/test_checker.py, by the same defects.
"""

import contextlib
import functools
import itertools
import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2

from nsor import contract
from nsor.v1 import errors_pb2, lookup_pb2, options_pb2, oversight_pb2, registration_pb2, screening_pb2
from nsor_server.policy.messages import Messages
from nsor_server.tracing import store
from nsor_synthetic import examples
from nsor_synthetic.defect import Defect
from nsor_synthetic.defects import defects
from tests.e2e.agencies import Agencies
from tests.e2e.test_matrix import CONTRACT, KINDS, LOOK_UP, MATRIX
from tests.polling import until
from tests.rpc.callers import Answered, Caller, decision

SEED = 5
CREATE = "nsor.v1.RegistrationService/CreateRegistration"
ORDER = "rows[0].order"
"""The path of an imported order."""
PASSENGER = "rows[0]."
"""What the path of a passenger's field begins with."""
DECLARE = "nsor.v1.LookupService/DeclareManifest"
_STREAMS = threading.Semaphore(2)
"""An agency may have few streams at a time."""
AT_A_TIME = 8
SECONDS = 120.0
"""Until a refusal is itemised again, at the latest."""
PUBLIC_CODES = frozenset(
    {
        options_pb2.FORMAT_PLACE_CODE,
        options_pb2.FORMAT_OFFENCE_CODE,
        options_pb2.FORMAT_AGENCY_ID,
        options_pb2.FORMAT_COUNTRY,
    }
)
"""Formats whose values stand in public lists: a text that explains the form may name one as its example."""
MASK = "google.protobuf.FieldMask"
TELLING = 6
"""Shorter texts turn up by chance."""
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Tried:
    """A defect and what the register said to it."""

    defect: Defect
    method: str
    answered: Answered


def caller_kind(method: str, request: Message) -> str:
    """A kind of agency that may call the method; of a look-up, the one whose basis it has."""
    if isinstance(request, lookup_pb2.LookUpRegistrationRequest):
        named = next((each.purpose for each in _look_ups() if _same_basis(each, request)), request.purpose)
        purpose = options_pb2.Purpose.Name(named).removeprefix("PURPOSE_")
        return next((kind for kind, own in MATRIX[method].items() if purpose in own), "NPB")
    return next(iter(MATRIX[method]))


def _same_basis(example: lookup_pb2.LookUpRegistrationRequest, request: lookup_pb2.LookUpRegistrationRequest) -> bool:
    """Whether both are for one purpose, or on one basis when the request's purpose is none that looks anybody up."""
    if request.purpose in {each.purpose for each in _look_ups()}:
        return example.purpose == request.purpose
    return example.basis.WhichOneof("basis") == request.basis.WhichOneof("basis")


def _look_ups() -> list[lookup_pb2.LookUpRegistrationRequest]:
    return [each for each in _made() if isinstance(each, lookup_pb2.LookUpRegistrationRequest)]


@functools.cache
def _made() -> Sequence[Message]:
    return tuple(examples.requests(SEED))


def is_of_row(defect: Defect) -> bool:
    """Whether it is a mistake of one row, which refuses nothing: the row has a finding."""
    if isinstance(defect.request, screening_pb2.ScreenManifestRequest):
        return defect.field.startswith(PASSENGER)
    return defect.field.startswith(ORDER)


def declared(caller: Caller) -> str:
    """Declare the manifest of the examples for now, so that its passengers may be screened; gives its id."""
    request = next(each for each in examples.requests(SEED) if isinstance(each, screening_pb2.DeclareManifestRequest))
    request.request_id = str(uuid.uuid4())
    request.scheduled_time.GetCurrentTime()
    answered = caller.call(DECLARE, request)
    return screening_pb2.DeclareManifestResponse.FromString(answered.message).manifest_id


def of_manifest(defect: Defect, manifest_id: str) -> Defect:
    """A defect; one of a passenger's is of a manifest that there is."""
    if isinstance(defect.request, screening_pb2.ScreenManifestRequest) and is_of_row(defect):
        defect.request.manifest_id = manifest_id
    return defect


def try_out(agencies: Agencies, callers: Mapping[str, Caller], defect: Defect) -> Tried:
    method = next(name for name, rule in CONTRACT.methods.items() if isinstance(defect.request, rule.request_class))
    kind = caller_kind(method, defect.request)
    caller = callers[kind]
    if CONTRACT.methods[method].officer == options_pb2.OFFICER_RULE_FOCAL_PERSON:
        signed_by = replace(caller, focal_persons=agencies.focal_keys(KINDS[kind]))
        return Tried(defect, method, itemised(lambda: signed_by.call(method, defect.request)))
    with _STREAMS if CONTRACT.methods[method].streaming else contextlib.nullcontext():
        return Tried(defect, method, itemised(lambda: _signed_call(caller, method, defect.request)))


def itemised(call: Callable[[], Answered]) -> Answered:
    """A refusal with an entry of its own: beyond some hundred a second an agency's are only counted."""

    def tried() -> Answered | None:
        answered = call()
        return None if answered.reason == "RATE_LIMITED" else answered

    found = until(tried, seconds=SECONDS)
    assert found is not None
    return found


def _signed_call(caller: Caller, method: str, request: Message) -> Answered:
    nonce = os.urandom(32)
    assert caller.officer is not None
    signed = decision(caller.officer, method, nonce, request.SerializeToString())
    return caller.call(method, request, nonce=nonce, nsor_decision_bin=signed)


@pytest.fixture(scope="module")
def callers(agencies: Agencies) -> Mapping[str, Caller]:
    return {kind: agencies.raw(agency, officer=kind != "MONITORING") for kind, agency in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Trial:
    """The defects, tried, and the rows before and after. Those of a row of an import refuse nothing."""

    tried: Sequence[Tried]
    of_rows: Sequence[Tried]
    before: Mapping[str, int]
    after: Mapping[str, int]


def one_of_each() -> list[Defect]:
    """A defect of each method, error and rule, and of each rule of a row."""
    found: dict[tuple[object, ...], Defect] = {}
    for each in defects(SEED):
        kind = (each.request.DESCRIPTOR.full_name, each.error, each.reason, is_of_row(each))
        found.setdefault(kind, each)
    return list(found.values())


@pytest.fixture(scope="module")
def trial(agencies: Agencies, callers: Mapping[str, Caller]) -> Trial:
    manifest_id = declared(callers["IMMIGRATION"])
    before = agencies.rows()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        tried = list(
            pool.map(lambda defect: try_out(agencies, callers, of_manifest(defect, manifest_id)), one_of_each())
        )
    of_rows = [each for each in tried if is_of_row(each.defect)]
    return Trial([each for each in tried if each not in of_rows], of_rows, before, agencies.rows())


def details(answered: Answered, kind: Any) -> list[Any]:
    found = []
    for packed in answered.status.details if answered.status else ():
        message = kind()
        if packed.Unpack(message):
            found.append(message)
    return found


def expected(defect: Defect) -> tuple[str, str]:
    """The reason and, when a field is named for it, the rule."""
    reason = errors_pb2.ErrorReason.Name(defect.error).removeprefix("ERROR_REASON_")
    return reason, errors_pb2.FieldReason.Name(defect.reason).removeprefix("FIELD_REASON_")


def test_every_mistake_is_refused_by_name(trial: Trial) -> None:
    # The answer names the field by its path and the rule by its name in the contract, so that machines can tell.
    wrong = []
    for each in trial.tried:
        reason, rule = expected(each.defect)
        named = [
            (violation.field, violation.reason)
            for request in details(each.answered, error_details_pb2.BadRequest)
            for violation in request.field_violations
        ]
        fits = not rule or (each.defect.field, rule) in named
        if rule == "UNSPECIFIED":
            fits = each.defect.field in {field for field, _ in named}
        if each.answered.reason != reason or not fits:
            wrong.append(f"{each.defect.title}: {each.answered.code.name} {each.answered.reason} {named[:3]}")
    assert {each.method for each in trial.tried} == CONTRACT.methods.keys()
    assert wrong == []


def test_every_mistake_of_a_row_is_a_finding_by_name(trial: Trial) -> None:
    wrong = []
    for each in trial.of_rows:
        reason, rule = expected(each.defect)
        found, violations = finding(each)
        fits = not rule or (each.defect.field, each.defect.reason) in violations
        if rule == "UNSPECIFIED":
            fits = each.defect.field in {field for field, _ in violations}
        if errors_pb2.ErrorReason.Name(found) != f"ERROR_REASON_{reason}" or not fits:
            wrong.append(f"{each.defect.title}: {each.answered.code.name} {found} {violations[:3]}")
    kinds = [type(each.defect.request).__name__ for each in trial.of_rows]
    assert kinds.count("ImportRegistrationsRequest") > 15
    assert kinds.count("ScreenManifestRequest") > 5
    assert wrong == []


def finding(tried: Tried) -> tuple[errors_pb2.ErrorReason.ValueType, list[tuple[str, int]]]:
    """Why a row was refused, and its violations, by their paths within the request."""
    if isinstance(tried.defect.request, screening_pb2.ScreenManifestRequest):
        (row,) = screening_pb2.ScreenManifestResponse.FromString(tried.answered.message).rows
        return row.reason, [(PASSENGER + violation.field, violation.reason) for violation in row.violations]
    (one,) = registration_pb2.ImportRegistrationsResponse.FromString(tried.answered.message).findings
    return one.reason, [(_path(violation.field), violation.reason) for violation in one.violations]


def _path(field: str) -> str:
    """The path of a field within the request, from its path within the order of a row."""
    return ORDER if field == "order" else f"{ORDER}.{field}"


def test_every_refusal_is_explained_in_english_and_urdu(trial: Trial) -> None:
    wrong = []
    for each in trial.tried:
        texts = {text.locale: text.message for text in details(each.answered, error_details_pb2.LocalizedMessage)}
        violations = [
            violation
            for request in details(each.answered, error_details_pb2.BadRequest)
            for violation in request.field_violations
        ]
        urdu = [texts.get("ur", ""), *(violation.localized_message.message for violation in violations)]
        english = [texts.get("en", ""), *(violation.description for violation in violations)]
        if not all(map(_is_urdu, urdu)) or not all(text and not _is_urdu(text) for text in english):
            wrong.append(each.defect.title)
    assert wrong == []


def _is_urdu(text: str) -> bool:
    return sum("\u0600" <= character <= "\u06ff" for character in text) > len(text) / 3


def test_every_refusal_is_on_the_record(trial: Trial, agencies: Agencies) -> None:
    # The receipt is of this very call and this very refusal, and the entry is in the ledger under the caller's name.
    unproven = [each.defect.title for each in trial.tried if not each.answered.proves_itself()]
    assert unproven == []
    entries = {
        access.access_id: access for access in agencies.accesses("npb", outcome=oversight_pb2.ACCESS_OUTCOME_REFUSED)
    }
    for each in trial.tried:
        entry = entries[str(uuid.UUID(bytes=each.answered.leaf.access_id))]
        assert (entry.method, entry.agency_id) == (each.method, each.answered.leaf.agency)


def test_nothing_is_half_written(trial: Trial) -> None:
    # What became of a row is kept, so that the same row sent again has the same finding.
    findings = {"import_block": trial.after["import_block"]}
    assert trial.after == {**trial.before, **findings}


def texts(message: Any) -> Iterator[str]:
    """Every text of a message that isn't a public code."""
    for field, value in message.ListFields():
        for item in value if field.is_repeated else (value,):
            if field.message_type is not None:
                # The paths of a field mask are the contract's own names.
                yield from () if field.message_type.full_name == MASK else texts(item)
            elif isinstance(item, str) and field.GetOptions().Extensions[options_pb2.field].format not in PUBLIC_CODES:
                yield item


def test_no_error_repeats_a_value(trial: Trial) -> None:
    # Errors end in other agencies' logs.
    explained = own_texts()
    repeated = [
        (each.defect.title, text)
        for each in (*trial.tried, *trial.of_rows)
        for text in texts(each.defect.request)
        if len(text) >= TELLING and text not in explained and text not in each.defect.field
        if text.encode() in said(each.answered)
    ]
    assert repeated == []


def said(answered: Answered) -> bytes:
    """All that a refusal says: the call's text, and its status with every detail; or the message with a finding."""
    if answered.status is None:
        return answered.message
    return answered.details.encode() + bytes(answered.status.SerializeToString())


def own_texts() -> str:
    """All that errors may say: a value that stands in it proves nothing."""
    messages = Messages.load()
    said = [messages.error(number) for number in errors_pb2.ErrorReason.values() if number]
    said += [messages.field(number) for number in errors_pb2.FieldReason.values() if number]
    return "\n".join(itertools.chain.from_iterable(said))


def test_no_log_and_no_span_repeats_a_value(trial: Trial, agencies: Agencies) -> None:
    last = trial.tried[-1].answered.leaf.trace_id.hex()
    until(lambda: any(span.trace == last for span in store.read(agencies.register.state)), seconds=60)
    kept = agencies.register.log.read_bytes() + written(agencies.register.state / "postgres-log")
    kept += written(agencies.register.state / store.FOLDER)
    planted = {text for each in trial.tried for text in texts(each.defect.request) if _telling(text)}
    assert len(planted) > 80
    # JSON writes what isn't ASCII in an escaped form.
    assert [text for text in planted if text.encode() in kept or json.dumps(text)[1:-1].encode() in kept] == []


def test_all_that_a_server_says_is_for_programs_where_that_is_asked_for(trial: Trial, agencies: Agencies) -> None:
    # What reads the lines breaks at one that isn't in their form.
    assert trial.tried
    lines = [json.loads(line) for line in agencies.register.log.read_text(encoding="utf-8").splitlines()]
    assert any(line["message"].startswith("Embedded PostgreSQL: ") and line["level"] == "info" for line in lines)


def _telling(text: str) -> bool:
    """Whether it would hardly be there by chance: numbers of times and ids have many digits."""
    return len(text) >= (10 if text.isascii() and text.isalnum() else TELLING) and text not in contract.names()


def written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def person(cnic: str) -> registration_pb2.CreateRegistrationRequest:
    """A conviction order that Punjab may enter."""
    order = examples.create_registration(SEED)
    order.request_id = str(uuid.uuid4())
    order.person.cnic = cnic
    del order.person.travel_documents[:]
    return order


def found(agencies: Agencies, cnic: str) -> str:
    """NPB looks a CNIC up; gives the CNIC of whom it found."""
    request = lookup_pb2.LookUpRegistrationRequest(
        purpose=options_pb2.PURPOSE_REGISTER_OPERATION,
        cnic=cnic,
        basis=lookup_pb2.LookUpBasis(ticket_id=agencies.ticket(cnic)),
    )
    return agencies.client("npb").lookup.look_up_registration(request).message.registration.person.cnic


@pytest.fixture(scope="module")
def kashmiri(agencies: Agencies) -> str:
    """The CNIC of somebody who is registered: of Azad Kashmir, and its last digit is 0."""
    cnic = f"82203{7_000_000 + next(_numbers)}0"
    agencies.confirmed(person(cnic))
    return cnic


def dashed(cnic: str) -> str:
    return f"{cnic[:5]}-{cnic[5:12]}-{cnic[12:]}"


@pytest.mark.parametrize(
    "spell",
    [
        pytest.param(lambda cnic: cnic, id="plain"),
        pytest.param(dashed, id="dashes"),
        pytest.param(lambda cnic: dashed(cnic).replace("-", " "), id="spaces"),
        pytest.param(lambda cnic: dashed(cnic).replace("-", "\u2013"), id="en dashes"),
        pytest.param(lambda cnic: cnic.translate({ord("0") + n: 0x06F0 + n for n in range(10)}), id="Urdu digits"),
        pytest.param(lambda cnic: cnic.translate({ord("0") + n: 0x0660 + n for n in range(10)}), id="Arabic digits"),
        pytest.param(
            lambda cnic: dashed(cnic).translate({ord("0") + n: 0x06F0 + n for n in range(10)}), id="Urdu and dashes"
        ),
    ],
)
def test_a_cnic_is_found_however_it_is_written(spell: Callable[[str], str], kashmiri: str, agencies: Agencies) -> None:
    # A first digit 8 is Azad Jammu and Kashmir, and there is no check digit: both have been refused elsewhere.
    assert found(agencies, spell(kashmiri)) == kashmiri


@pytest.mark.parametrize(
    ("spell", "rule"),
    [
        pytest.param(lambda c: c.translate({0x30 + n: 0xFF10 + n for n in range(10)}), "LOOK_ALIKE", id="full width"),
        pytest.param(lambda c: c[:-1] + "\u041e", "LOOK_ALIKE", id="Cyrillic"),
        pytest.param(lambda c: c[:-1] + "\u07c0", "LOOK_ALIKE", id="N'Ko digit"),
        pytest.param(lambda c: "\u202e" + c, "CONTROL_CHARACTER", id="right-to-left override"),
        pytest.param(lambda c: c[:5] + "\u2066" + c[5:], "CONTROL_CHARACTER", id="isolate"),
        pytest.param(lambda c: c[:5] + "\u200b" + c[5:], "CONTROL_CHARACTER", id="zero width"),
    ],
)
def test_what_only_looks_like_a_cnic_is_refused(
    spell: Callable[[str], str], rule: str, kashmiri: str, callers: Mapping[str, Caller]
) -> None:
    # Two spellings that look alike and differ would be two people.
    request = lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=options_pb2.PURPOSE_REGISTER_OPERATION,
        cnic=spell(kashmiri),
        basis=lookup_pb2.LookUpBasis(ticket_id=str(uuid.uuid4())),
    )
    answered = callers["NPB"].call(LOOK_UP, request)
    (bad,) = details(answered, error_details_pb2.BadRequest)
    assert [(each.field, each.reason) for each in bad.field_violations] == [("cnic", rule)]


@pytest.mark.parametrize(
    ("method", "data", "reason"),
    [
        ("nsor.v1.LookupService/3520112345671", b"\x0a\x0d3520112345671", "UNKNOWN_METHOD"),
        ("nothing", b"", "UNKNOWN_METHOD"),
        (LOOK_UP, b"\x1a\xff\xff\xff\x7f3520112345671", "MALFORMED_REQUEST"),
        (CREATE, b"\x0a\x04\xff\xfe\xfd\xfc", "MALFORMED_REQUEST"),
    ],
)
def test_what_no_method_understands_is_answered_traced_and_recorded(
    method: str, data: bytes, reason: str, callers: Mapping[str, Caller], agencies: Agencies
) -> None:
    # grpc would answer by itself, and nobody would know. The name that was asked for could be anything: it isn't kept.
    answered = callers["POLICE"].call(method, data)
    assert answered.reason == reason
    assert answered.proves_itself()
    (entry,) = agencies.accesses("npb", access_id=str(uuid.UUID(bytes=answered.leaf.access_id)))
    assert (entry.agency_id, entry.outcome) == (KINDS["POLICE"], oversight_pb2.ACCESS_OUTCOME_REFUSED)
    assert entry.method == (method if reason == "MALFORMED_REQUEST" else "_OTHER")
    trace = answered.leaf.trace_id.hex()
    spans = until(lambda: [s for s in store.read(agencies.register.state) if s.trace == trace], seconds=60)
    assert entry.access_id in {span.attributes.get("nsor.access_id") for span in spans}
    assert "3520112345671" not in repr(spans)
