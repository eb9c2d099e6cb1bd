"""The order of the ledger is the order of what answers saw: none shows a state that an earlier entry has changed."""

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import grpc

from nsor.v1 import lookup_pb2, options_pb2, registration_pb2, types_pb2
from tests.e2e.agencies import Agencies
from tests.e2e.test_story import POLICE, moved
from tests.rpc.callers import Answered

CHANGES = 30
AT_ONCE = 12
NOTICE = "nsor.v1.NotificationService/CreateNotice"


def test_no_answer_shows_what_an_earlier_entry_has_changed(
    agencies: Agencies, people: Iterator[registration_pb2.CreateRegistrationRequest]
) -> None:
    person = agencies.confirmed(next(people))
    cnic = person.order.person.cnic
    court, police, border = (agencies.client(name) for name in ("lahore-special-court", POLICE, "fia-immigration"))
    ended = threading.Event()
    changed: list[tuple[int, str]] = [(-1, person.etag)]
    seen: list[tuple[int, str]] = []

    def change(station: str) -> None:
        for _ in range(CHANGES):
            answer = police.notification.create_notice(moved(person, station))
            changed.append((answer.index, answer.message.etag))

    def get() -> None:
        answer = court.registration.get_registration(
            registration_pb2.GetRegistrationRequest(registration_id=person.registration_id)
        )
        seen.append((answer.index, answer.message.registration.etag))

    def look_up() -> None:
        answer = border.lookup.look_up_registration(
            lookup_pb2.LookUpRegistrationRequest(
                request_id=str(uuid.uuid4()),
                purpose=options_pb2.PURPOSE_BORDER_CONTROL,
                cnic=cnic,
                basis=lookup_pb2.LookUpBasis(
                    travel_document=types_pb2.TravelDocument(number="AB1234567", country="PK")
                ),
            )
        )
        seen.append((answer.index, answer.message.registration.etag))

    with ThreadPoolExecutor(8) as pool:
        # No more than the officers' budgets hold.
        reading = [pool.submit(until_ended, ended, read, 190) for read in (get, look_up) for _ in range(3)]
        changing = [pool.submit(change, station) for station in ("PK-PB/RWP/PS-003", "PK-PB/LHR/PS-001")]
        try:
            for each in changing:
                each.result()
        finally:
            ended.set()
        for each in reading:
            each.result()
    changed.sort()
    assert len(seen) > CHANGES
    for (first, etag), (last, _) in pairwise([*changed, (1 << 62, "")]):
        assert {shown for index, shown in seen if first < index < last} <= {etag}


def until_ended(ended: threading.Event, read: Callable[[], None], most: int) -> None:
    for _ in range(most):
        if ended.is_set():
            return
        read()


def test_changes_of_one_record_at_once_are_all_made(
    agencies: Agencies, people: Iterator[registration_pb2.CreateRegistrationRequest]
) -> None:
    # Each but one has read a version that another one has overtaken, and runs again: none is told to come back.
    person = agencies.confirmed(next(people))
    caller = agencies.raw(POLICE, officer=True)
    together = threading.Barrier(AT_ONCE)

    def change(_: int) -> Answered:
        notice = moved(person, "PK-PB/LHR/PS-001")
        notice.request_id = str(uuid.uuid4())
        together.wait(20)
        return caller.call(NOTICE, notice)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(change, range(AT_ONCE)))
    assert {(answer.code, answer.reason) for answer in answers} == {(grpc.StatusCode.OK, "")}
