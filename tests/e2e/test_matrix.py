"""Every RPC, called by every kind of agency: allowed or refused as the golden matrix says, and on the record."""

import copy
import functools
import itertools
import os
import re
import tomllib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from demo.running import AGENCIES
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import (
    directory_pb2,
    errors_pb2,
    lookup_pb2,
    notification_pb2,
    options_pb2,
    oversight_pb2,
    receipt_pb2,
    registration_pb2,
    tripwires_pb2,
    worklists_pb2,
)
from nsor_server.access.contract import Contract
from nsor_server.tracing import attributes, losses, store
from nsor_server.tracing.spans import OTHER_METHOD
from nsor_synthetic import examples
from tests.e2e.agencies import Agencies
from tests.polling import until
from tests.rpc.callers import Caller, decision, exchange

GOLDEN = Path(__file__).parents[1] / "access" / "golden_matrix.txt"
CONTRACT = Contract.load()
LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
MONITORING = "MONITORING"
ON_A_GRANT = {"INVESTIGATION", "TRIAL", "REGISTER_OPERATION"}
"""Purposes for which a grant, an opened case or a ticket is needed, of which the examples name none that is there."""
IMPORT = "nsor.v1.RegistrationService/ImportRegistrations"
SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"


def golden() -> dict[str, dict[str, set[str]]]:
    """RPC -> kind of agency -> purposes, as the committed file says."""
    matrix: dict[str, dict[str, set[str]]] = {}
    text = GOLDEN.read_text(encoding="utf-8").split("\n# class of fields")[0]
    for line in text.splitlines():
        if found := re.match(r"(nsor\.v1\.\w+/\w+): ", line):
            kinds = matrix[found[1]] = {}
        elif found := re.match(r"  (\w+): (.+), rows \w+$", line):
            kinds[found[1]] = set(found[2].split())
    return matrix


def one_of_each_kind() -> dict[str, str]:
    """Kind of agency -> an agency of that kind, one that the test's registration concerns."""
    found: dict[str, str] = {}
    for agency in tomllib.loads(AGENCIES.read_text(encoding="utf-8"))["agency"]:
        found.setdefault(agency["kind"], agency["id"])
    return found


MATRIX = golden()
KINDS = one_of_each_kind()
KNOWN = frozenset(each["id"] for each in tomllib.loads(AGENCIES.read_text(encoding="utf-8"))["agency"])
PURPOSES = [name.removeprefix("PURPOSE_") for name, number in options_pb2.Purpose.items() if number]


@functools.cache
def made() -> Sequence[Message]:
    """Whole and valid requests, of all methods; whoever changes one takes a copy."""
    return tuple(examples.requests(11))


def example(method: str, agency: str) -> Message:
    """A whole and valid request of the method; of accesses, the agency asks for its own."""
    wanted = CONTRACT.methods[method].request_class
    request: Any = copy.deepcopy(next(each for each in made() if isinstance(each, wanted)))
    if "request_id" in request.DESCRIPTOR.fields_by_name:
        request.request_id = str(uuid.uuid4())
    if isinstance(request, oversight_pb2.ListAccessesRequest):
        request.agency_id = agency
        request.ClearField("officer_number")  # the Committee is shown neither officers nor cases
        request.ClearField("fir")
    if isinstance(request, worklists_pb2.ListRegistrationsRequest):
        request.kind = worklists_pb2.WORK_KIND_UNSPECIFIED  # each kind of agency has its own
    if isinstance(request, directory_pb2.DisableOwnKeyRequest):
        request.validate_only = True  # the caller's officer is needed for what follows
    if isinstance(request, tripwires_pb2.ListUnusualAccessesRequest):
        request.reviewed = False  # NPB alone asks what it has reviewed
    if isinstance(request, notification_pb2.AcknowledgeEventsRequest):
        request.through_sequence, request.consumer = 1, ""
    return request  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def callers(agencies: Agencies, people: Iterator[registration_pb2.CreateRegistrationRequest]) -> Mapping[str, Caller]:
    """A raw caller of each kind, with an officer; each agency that may hear events has two that it hasn't taken."""
    held = (order for order in people if order.custody.prisons_agency_id == KINDS["PRISONS"])
    for order in itertools.islice(held, 2):
        agencies.confirmed(order)
    return {kind: agencies.raw(agency, officer=kind != MONITORING) for kind, agency in KINDS.items()}


def ask(caller: Caller, method: str, request: Message) -> tuple[str, leaf_pb2.Leaf]:
    """Make the call with every proof of an officer; gives the reason of a refusal, or "", and the leaf."""
    if method == SUBSCRIBE:
        return subscribe(caller, request)
    if method == IMPORT:
        return imported(caller, request)
    nonce = os.urandom(32)
    # Monitoring has no officer, so it takes a key that nobody knows: it is refused before anybody looks.
    officer = caller.officer or Ed25519PrivateKey.generate()
    signed = decision(officer, method, nonce, request.SerializeToString())
    answered = caller.call(method, request, nonce=nonce, nsor_decision_bin=signed)
    assert answered.proves_itself()
    return answered.reason, answered.leaf


def imported(caller: Caller, request: Message) -> tuple[str, leaf_pb2.Leaf]:
    """The same for the stream both ways: the answer to its one message, or its refusal."""
    done = exchange(caller, IMPORT, [request])
    if done.answers:
        message = registration_pb2.ImportRegistrationsResponse.FromString(done.answers[0])
        return "", leaf_pb2.Leaf.FromString(message.receipt.leaf)
    assert done.ended.proves_itself()
    return done.ended.reason, done.ended.leaf


def subscribe(caller: Caller, request: Message) -> tuple[str, leaf_pb2.Leaf]:
    """The same for the stream: its first message, or its refusal."""
    assert isinstance(request, notification_pb2.SubscribeEventsRequest)
    request.after_sequence, request.consumer, request.after_event_id = 0, "", ""
    stream = caller.stream(SUBSCRIBE, request)
    try:
        message = notification_pb2.SubscribeEventsResponse.FromString(next(stream))
        return "", leaf_pb2.Leaf.FromString(message.receipt.leaf)
    except grpc.RpcError:
        trailing = {item[0]: item[1] for item in stream.trailing_metadata()}
        receipt = receipt_pb2.Receipt.FromString(trailing["nsor-receipt-bin"])
        info = error_details_pb2.ErrorInfo()
        assert status_pb2.Status.FromString(trailing["grpc-status-details-bin"]).details[0].Unpack(info)
        return str(info.reason), leaf_pb2.Leaf.FromString(receipt.leaf)
    finally:
        stream.cancel()


def recorded(agencies: Agencies, leaf: leaf_pb2.Leaf) -> oversight_pb2.Access:
    """The entry of an access, as the Committee is told of it."""
    (access,) = agencies.accesses("special-committee", access_id=str(uuid.UUID(bytes=leaf.access_id)))
    return access


def test_the_matrix_is_of_every_method_and_every_kind() -> None:
    # A method or a kind that were missing here would be tested nowhere.
    assert MATRIX.keys() == CONTRACT.methods.keys()
    assert {f"AGENCY_KIND_{kind}" for kind in KINDS} == set(options_pb2.AgencyKind.keys()[1:])


@pytest.mark.parametrize("method", MATRIX)
def test_a_method_is_open_to_its_kinds_of_agency_alone_and_both_are_recorded(
    method: str, callers: Mapping[str, Caller], agencies: Agencies
) -> None:
    for kind, agency in KINDS.items():
        request = example(method, agency)
        if method == LOOK_UP and kind in MATRIX[method]:
            (purpose,) = MATRIX[method][kind]
            request = look_up(purpose)
        reason, leaf = ask(callers[kind], method, request)
        assert (reason != "NOT_ALLOWED") == (kind in MATRIX[method]), f"{method} by {kind}: {reason}"
        entry = recorded(agencies, leaf)
        outcome = oversight_pb2.ACCESS_OUTCOME_REFUSED if reason else oversight_pb2.ACCESS_OUTCOME_ALLOWED
        assert (entry.method, entry.agency_id, entry.outcome) == (method, agency, outcome)
        assert entry.trace_id == leaf.trace_id.hex()


def look_up(purpose: str) -> lookup_pb2.LookUpRegistrationRequest:
    """A look-up for a purpose, with the basis that belongs to it; purposes that look nobody up borrow one."""
    number = options_pb2.Purpose.Value(f"PURPOSE_{purpose}")
    look_ups = [each for each in made() if isinstance(each, lookup_pb2.LookUpRegistrationRequest)]
    request = copy.deepcopy(next((each for each in look_ups if each.purpose == number), look_ups[0]))
    request.purpose = number
    request.request_id = str(uuid.uuid4())
    return request


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_agency_looks_up_for_its_own_purposes_alone(
    kind: str, callers: Mapping[str, Caller], agencies: Agencies
) -> None:
    # The purpose is the caller's word; the contract decides whether such an agency has such a purpose.
    own = MATRIX[LOOK_UP].get(kind, set())
    for purpose in PURPOSES:
        reason, leaf = ask(callers[kind], LOOK_UP, look_up(purpose))
        assert (reason != "NOT_ALLOWED") == (purpose in own), f"{kind} for {purpose}: {reason}"
        refused = oversight_pb2.ACCESS_OUTCOME_REFUSED if reason else oversight_pb2.ACCESS_OUTCOME_ALLOWED
        assert recorded(agencies, leaf).outcome == refused


def test_what_the_allowed_are_answered(callers: Mapping[str, Caller], agencies: Agencies) -> None:
    # Allowed by the gate isn't only refused for another reason: each standing purpose looks up and hears "no record".
    for kind, purposes in MATRIX[LOOK_UP].items():
        (purpose,) = purposes
        reason, leaf = ask(callers[kind], LOOK_UP, look_up(purpose))
        assert reason == ("GRANT_NOT_VALID" if purpose in ON_A_GRANT else ""), kind
        assert recorded(agencies, leaf).purpose == options_pb2.Purpose.Value(f"PURPOSE_{purpose}")


def planted(message: Message) -> Iterator[str]:
    """The values of a request that could name somebody: texts of some length, in it and in what it holds."""
    for field, value in message.ListFields():
        each: Iterable[Any] = value if field.is_repeated else (value,)
        for one in each:
            if isinstance(one, Message):
                yield from planted(one)
            elif isinstance(one, str) and len(one) >= 6 and not one.startswith("PK-"):
                yield one


def may_be_said(name: str, value: object) -> bool:
    """Whether an attribute of a span has a value of its closed set, or is an id or a number."""
    closed: dict[str, Callable[[Any], bool]] = {
        attributes.RPC_SYSTEM: lambda it: it == "grpc",
        attributes.RPC_METHOD: lambda it: it in CONTRACT.methods or it == OTHER_METHOD,
        attributes.RPC_STATUS: lambda it: it in grpc.StatusCode.__members__,
        attributes.SERVER_ADDRESS: lambda it: it == "127.0.0.1",
        attributes.SERVER_PORT: lambda it: isinstance(it, int),
        attributes.ERROR_TYPE: lambda it: (
            it in grpc.StatusCode.__members__ or re.fullmatch(r"[A-Za-z]+", it) is not None
        ),
        attributes.AGENCY: lambda it: it in KNOWN or it == "",
        attributes.PURPOSE: lambda it: f"PURPOSE_{it}" in options_pb2.Purpose.keys(),  # noqa: SIM118 - no mapping
        attributes.OUTCOME: lambda it: it in {"ALLOWED", "REFUSED", "FAILED"},
        attributes.REASON: lambda it: f"ERROR_REASON_{it}" in errors_pb2.ErrorReason.keys(),  # noqa: SIM118 - likewise
        attributes.ACCESS_ID: lambda it: str(uuid.UUID(it)) == it,
        attributes.LOST_CAUSE: lambda it: it in {losses.QUEUE, losses.COLLECTOR},
    }
    if name in closed:
        return closed[name](value)
    if name.endswith("_seconds"):
        return isinstance(value, float) and round(value * 1000) == pytest.approx(value * 1000)
    return name in attributes.ALLOWED and isinstance(value, int)


def test_spans_say_what_is_listed_and_nothing_else(callers: Mapping[str, Caller], agencies: Agencies) -> None:
    # Of every RPC, once by who may call it and once by who may not: each attribute is on the list, its value is of a
    # closed set or an id, the name is a method's or a work's, and nothing of a request is in the store as written.
    said: set[str] = set()
    last = ""
    for method, kinds in MATRIX.items():
        for kind in {next(iter(kinds)), next((each for each in KINDS if each not in kinds), next(iter(kinds)))}:
            request = example(method, KINDS[kind])
            said.update(planted(request))
            _, leaf = ask(callers[kind], method, request)
            last = leaf.trace_id.hex()
    said -= {*KNOWN, *CONTRACT.methods}
    state = agencies.register.state
    until(lambda: any(span.trace == last for span in store.read(state)), seconds=60)
    found = list(store.read(state))
    methods = {span.attributes.get(attributes.RPC_METHOD) for span in found}
    assert set(MATRIX) <= methods
    for span in found:
        for name, value in span.attributes.items():
            assert may_be_said(name, value), (span.name, name)
        words = span.name.removesuffix(" message")
        own = words in {"ledger.commit", "events.deliver", "tracing.lost", "grpc"}
        own |= re.fullmatch(r"nsor-server/[a-z-]+|[a-z-]+ pass", words) is not None
        assert own or words in CONTRACT.methods, span.name
    written = "".join(path.read_text(encoding="utf-8") for path in (state / store.FOLDER).iterdir())
    assert len(said) > 100
    assert not [each for each in said if each in written]
