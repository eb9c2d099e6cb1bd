"""Metrics of a register that serves: what there is, on an allow-list, and that none of it tells a hit from a miss."""

from __future__ import annotations

import contextlib
import http.client
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import grpc
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from nsor.answers import Answer
from nsor.v1 import errors_pb2, lookup_pb2, options_pb2, registration_pb2
from nsor_server.access.contract import Contract
from nsor_server.alerts import Alert
from nsor_server.rpc.exposed import EXPOSED
from nsor_server.tracing import store
from nsor_server.tracing.spans import OTHER_METHOD
from tests.e2e.agencies import Agencies
from tests.polling import until

POLICE = "punjab-police"
LOOK_UP: Final = "nsor.v1.LookupService/LookUpRegistration"
TRIES: Final = 5
Orders = Iterator[registration_pb2.CreateRegistrationRequest]
LookUp = lookup_pb2.LookUpRegistrationResponse


def samples(agencies: Agencies) -> dict[str, list[Sample]]:
    """What the register's endpoint gives, by metric."""
    connection = http.client.HTTPConnection(agencies.register.environment["NSOR_METRICS_LISTEN"], timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
        text = connection.getresponse().read().decode()
    return {each.name: list(each.samples) for each in text_string_to_metric_families(text)}  # type: ignore[no-untyped-call]


def look_up(agencies: Agencies, grant_id: str, cnic: str) -> Answer[LookUp]:
    request = lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=options_pb2.PURPOSE_INVESTIGATION,
        cnic=cnic,
        basis=lookup_pb2.LookUpBasis(grant_id=grant_id),
    )
    return agencies.client(POLICE).lookup.look_up_registration(request)


def numbers(agencies: Agencies) -> Counter[tuple[str, tuple[tuple[str, str], ...]]]:
    """All that is counted: no times, and nothing of the process itself.

    Spans are handed on some time after they have ended, whatever they are of.
    """
    found: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
    for name, of_name in samples(agencies).items():
        if EXPOSED[name].kind == "gauge" or not name.startswith("nsor_"):
            continue
        for sample in of_name:
            is_time = name.endswith("_seconds") and not sample.name.endswith("_count")
            if not is_time and sample.labels.get("state") != "exported":
                found[sample.name, tuple(sorted(sample.labels.items()))] += int(sample.value)
    return found


def test_no_count_tells_a_hit_from_a_miss(agencies: Agencies, people: Orders) -> None:
    # Whoever reads metrics may know who calls. One look-up finds somebody, one somebody unconfirmed, one nobody.
    steps: list[Mapping[object, int]] = []
    outcomes: list[int] = []
    for _ in range(TRIES):
        offender, unconfirmed, nobody = agencies.confirmed(next(people)), agencies.entered(next(people)), next(people)
        grant = agencies.granted(offender.order, unconfirmed.order, nobody)
        steps, outcomes = [], []
        for cnic in (offender.cnic, unconfirmed.cnic, nobody.person.cnic):
            before = numbers(agencies)
            outcomes.append(look_up(agencies, grant.grant_id, cnic).message.outcome)
            after = numbers(agencies)
            steps.append({key: after[key] - before[key] for key in after if after[key] != before[key]})
        if all(step["nsor_commit_calls_count", ()] == 1 for step in steps):
            break  # nothing else was written meanwhile, such as what is written at fixed times
    assert len(set(outcomes)) == 2
    assert steps[0] == steps[1] == steps[2]
    called = ("nsor_calls_total", (("code", "OK"), ("kind", "POLICE"), ("method", LOOK_UP)))
    assert steps[0][called] == 1


def is_one_of(*closed: str) -> Callable[[str], bool]:
    return frozenset(closed).__contains__


def allowed(agencies: Agencies) -> dict[str, Callable[[str], bool]]:
    """The values that each label may have."""
    known = [folder.stem for folder in (agencies.register.certs / "agencies").glob("*.pem")]
    methods = (*Contract.load().methods, OTHER_METHOD, "grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch")
    reasons = [name.removeprefix("ERROR_REASON_") for name in errors_pb2.ErrorReason.DESCRIPTOR.values_by_name]
    codes = [code.name for code in grpc.StatusCode]
    return {
        "method": is_one_of(*methods),
        "kind": is_one_of(
            "UNKNOWN", *(k.removeprefix("AGENCY_KIND_") for k in options_pb2.AgencyKind.DESCRIPTOR.values_by_name)
        ),
        "code": is_one_of(*codes, *Alert),
        "reason": is_one_of(*reasons),
        "agency": is_one_of("", *known),
        "certificate": is_one_of("server", "client_ca"),
        "pool": is_one_of("unary", "stream", "reading", "transactions"),
        "queue": is_one_of("writer", "unary", "outside copy", "spans store", "spans otlp"),
        "destination": is_one_of("store", "otlp"),
        "state": is_one_of(
            "busy", "all", "idle", "awaited", "begun", "called", "ended", "exported", "failed", "dropped"
        ),
        "watch": re.compile(r"[a-z]+(-[a-z]+)*-(times|watch)").fullmatch,  # type: ignore[dict-item]
        "witness": re.compile(r"[a-z0-9./-]+").fullmatch,  # type: ignore[dict-item]
        "generation": is_one_of("0", "1", "2"),
        "le": re.compile(r"[0-9]+\.[0-9]+|\+Inf").fullmatch,  # type: ignore[dict-item]
    }


@pytest.fixture
def refused(agencies: Agencies) -> None:
    """Calls of several callers: refused, of no method, of nobody known."""
    caller = agencies.raw(POLICE, officer=True)
    caller.call("nsor.v1.RegistrationService/GetRegistration", b"\xff")
    caller.call("nsor.v1.RegistrationService/NoSuchMethod", b"35202-1234567-1")
    agencies.raw("unknown").call(LOOK_UP, b"")


@pytest.mark.usefixtures("refused")
def test_every_metric_is_listed_with_its_labels_and_their_values_are_of_closed_lists(
    agencies: Agencies, people: Orders
) -> None:
    person = agencies.entered(next(people))
    closed = allowed(agencies)
    found = samples(agencies)
    assert set(found) == set(EXPOSED)
    for name, of_name in found.items():
        for sample in of_name:
            assert set(sample.labels) - {"le"} == set(EXPOSED[name].labels), name
            for label, value in sample.labels.items():
                assert closed[label](value), (name, label, value)
            if sample.exemplar is not None:
                assert set(sample.exemplar.labels) == {"trace_id"}
    assert person.cnic not in str(found)
    assert all(each.why for each in EXPOSED.values())
    refusals = {(each.labels["reason"], each.labels["agency"]) for each in found["nsor_refusals"]}
    assert {("MALFORMED_REQUEST", POLICE), ("UNKNOWN_METHOD", POLICE)} <= refusals
    pools = {(each.labels["pool"], each.labels["state"]): each.value for each in found["nsor_connections"]}
    assert pools["reading", "busy"] + pools["reading", "idle"] == 24 + 8
    watching = {each.labels["watch"] for each in found["nsor_watch_age_seconds"]}
    assert {"review-times", "duty-watch", "recall-times", "tripwire-times", "look-up-times"} <= watching
    threads = {(each.labels["pool"], each.labels["state"]): each.value for each in found["nsor_threads"]}
    assert (threads["unary", "all"], threads["stream", "all"]) == (24, 64)


def test_the_example_of_a_range_is_a_trace_that_can_be_opened(agencies: Agencies, people: Orders) -> None:
    offender = agencies.confirmed(next(people))
    look_up(agencies, agencies.granted(offender.order).grant_id, offender.cnic)
    found = samples(agencies)["nsor_call_seconds"]
    examples = {
        each.exemplar.labels["trace_id"] for each in found if each.exemplar and each.labels["method"] == LOOK_UP
    }
    assert examples
    until(lambda: examples <= {span.trace for span in store.read(agencies.register.state)}, seconds=60)


def test_a_sum_of_seconds_is_one_of_whole_milliseconds(agencies: Agencies) -> None:
    # Two calls between two readings would tell by their microseconds for which of them a record was opened.
    sums = [each for of_name in samples(agencies).values() for each in of_name if each.name.endswith("_seconds_sum")]
    assert len(sums) > 4
    assert all(each.value == round(each.value, 3) for each in sums)


def test_a_stream_counts_as_a_call_and_has_no_time(agencies: Agencies, people: Orders) -> None:
    # It is as long as its caller wants, and would be the slowest of all.
    agencies.confirmed(next(people))
    agencies.events(POLICE)
    subscribe = "nsor.v1.NotificationService/SubscribeEvents"

    def methods(name: str) -> set[str]:
        return {each.labels["method"] for each in samples(agencies)[name]}

    until(lambda: subscribe in methods("nsor_calls"), seconds=60)
    assert subscribe not in methods("nsor_call_seconds")


def test_a_handshake_that_fails_is_counted(agencies: Agencies) -> None:
    # grpc tells nobody of it; what is counted is that it was begun, and that no call came.
    def counts() -> dict[str, int]:
        return {each.labels["state"]: int(each.value) for each in samples(agencies)["nsor_handshakes"]}

    before = counts()
    agencies.raw("other-ca").call(LOOK_UP, b"")
    agencies.raw(POLICE).call(LOOK_UP, b"")
    until(lambda: counts()["begun"] - before["begun"] >= 2, seconds=60)
    assert counts()["called"] - before["called"] == 1
