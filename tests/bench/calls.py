"""What each RPC is asked, in an order in which the answers of one become the requests of the next.

Everything goes through the contract: orders are entered, confirmed and given notices, access is requested, shown and
approved. Only what is read by GetRegistration was seeded.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from google.protobuf.message import Message
from google.type import date_pb2

from nsor.v1 import access_requests_pb2, notices_pb2, oversight_pb2, registration_pb2, types_pb2
from tests.bench import people
from tests.bench.measure import Requests

POLICE = "punjab-police"
PROSECUTION = "punjab-prosecution"
COURT = "lahore-special-court"
BUREAU = "npb"
COMMITTEE = "special-committee"
READS = 40_000
"""Requests of a method that only reads: they may be asked again, so a long run just finds them sooner."""
_MOVED = date_pb2.Date(year=2025, month=7, day=1)
_PAGE = 50
_M = TypeVar("_M", bound=Message)


@dataclass(frozen=True, slots=True)
class Rpc:
    """A line of the table.

    Attributes:
        name: as it is printed.
        ask: makes the requests, from the answers of those before.
        keep: file that takes the answers, when others need them.
        in_flight: calls at a time.
    """

    name: str
    ask: Callable[[], Requests]
    keep: Path | None = None
    in_flight: int = 16


class Calls:
    """The requests of one round, which enters people of its own.

    Args:
        folder: where requests and answers go.
        writes: how many orders and access requests there are to enter.
        registration_ids: of registrations that were seeded.
        entries: of the ledger.
        first: number of the first person that is entered.
    """

    def __init__(self, folder: Path, *, writes: int, registration_ids: Sequence[str], entries: int, first: int) -> None:
        self._folder = folder
        self._ids = registration_ids
        self._entries = entries
        self._dice = random.Random(entries)  # noqa: S311 - repeatable
        self._orders = list(people.punjab_orders(13, first, writes))
        self._requests = list(people.access_requests(writes, first))

    def __iter__(self) -> Iterator[Rpc]:
        """In the order in which they must be made."""
        kept = self._folder.joinpath
        yield Rpc("CreateRegistration", self._create, kept("created"))
        yield Rpc("ConfirmRegistration", self._confirm, kept("confirmed"))
        yield Rpc("GetRegistration", self._get)
        yield Rpc("CreateNotice", self._notice)
        yield Rpc("CreateAccessRequest", self._request, kept("requested"))
        yield Rpc("GetAccessRequest", self._get_request)
        yield Rpc("ApproveAccessRequest", self._approve)
        yield Rpc("GetInclusionProof", self._inclusion)
        yield Rpc("GetConsistencyProof", self._consistency)
        yield Rpc("GetCheckpoint", self._checkpoint)
        yield Rpc("ListAccesses, newest 50", self._list)
        yield Rpc("ListAccesses, 50 of a rare outcome", self._list_rare)

    def _create(self) -> Requests:
        for order in self._orders:
            order.ClearField("request_id")
        return self._write("RegistrationService/CreateRegistration", PROSECUTION, self._orders)

    def _confirm(self) -> Requests:
        requests = [
            registration_pb2.ConfirmRegistrationRequest(
                registration_id=created.registration_id,
                etag=created.etag,
                case_number=self._orders[number].convictions[0].court_case.case_number,
                judgment_date=self._orders[number].convictions[0].judgment_date,
            )
            for number, created in self._answers("created", registration_pb2.CreateRegistrationResponse)
        ]
        return self._write("RegistrationService/ConfirmRegistration", COURT, requests)

    def _get(self) -> Requests:
        asked = (registration_pb2.GetRegistrationRequest(registration_id=one) for one in self._ids)
        return self._write("RegistrationService/GetRegistration", BUREAU, _many(list(asked)))

    def _notice(self) -> Requests:
        requests = [
            notices_pb2.CreateNoticeRequest(
                registration_id=confirmed.registration_id,
                address=types_pb2.Address(
                    kind=types_pb2.ADDRESS_KIND_CURRENT, place_code=people.STATION, house_number=str(nth % 400 + 1)
                ),
                event_date=_MOVED,
                received_date=_MOVED,
                receiving_station=people.STATION,
                timing=notices_pb2.NOTICE_TIMING_HAPPENED,
            )
            for nth, (_, confirmed) in enumerate(
                self._answers("confirmed", registration_pb2.ConfirmRegistrationResponse)
            )
        ]
        # Another notice of the same person is as good: he has moved again.
        return self._write("NotificationService/CreateNotice", POLICE, _many(requests))

    def _request(self) -> Requests:
        for request in self._requests:
            request.ClearField("request_id")
        return self._write("LookupService/CreateAccessRequest", POLICE, self._requests)

    def _get_request(self) -> Requests:
        asked = [
            access_requests_pb2.GetAccessRequestRequest(access_request_id=made.access_request_id)
            for _, made in self._answers("requested", access_requests_pb2.CreateAccessRequestResponse)
        ]
        return self._write("LookupService/GetAccessRequest", POLICE, _many(asked))

    def _approve(self) -> Requests:
        requests = [
            access_requests_pb2.ApproveAccessRequestRequest(access_request_id=made.access_request_id, etag=made.etag)
            for _, made in self._answers("requested", access_requests_pb2.CreateAccessRequestResponse)
        ]
        return self._write("LookupService/ApproveAccessRequest", PROSECUTION, requests)

    def _inclusion(self) -> Requests:
        asked = [
            oversight_pb2.GetInclusionProofRequest(
                leaf_index=self._dice.randrange(self._entries), tree_size=self._entries
            )
            for _ in range(READS)
        ]
        return self._write("OversightService/GetInclusionProof", COMMITTEE, asked)

    def _consistency(self) -> Requests:
        asked = [
            oversight_pb2.GetConsistencyProofRequest(
                first_tree_size=self._dice.randint(1, self._entries), second_tree_size=self._entries
            )
            for _ in range(READS)
        ]
        return self._write("OversightService/GetConsistencyProof", COMMITTEE, asked)

    def _checkpoint(self) -> Requests:
        return self._write("OversightService/GetCheckpoint", COMMITTEE, _many([oversight_pb2.GetCheckpointRequest()]))

    def _list(self) -> Requests:
        asked = oversight_pb2.ListAccessesRequest(page_size=_PAGE)
        return self._write("OversightService/ListAccesses", POLICE, _many([asked]))

    def _list_rare(self) -> Requests:
        asked = oversight_pb2.ListAccessesRequest(page_size=_PAGE, outcome=oversight_pb2.ACCESS_OUTCOME_REFUSED)
        return self._write("OversightService/ListAccesses", COMMITTEE, _many([asked]))

    def _answers(self, name: str, kind: type[_M]) -> list[tuple[int, _M]]:
        """Numbers of requests that were answered, and the answers."""
        lines = (line.split() for line in (self._folder / name).read_text().splitlines())
        return [(int(number), kind.FromString(bytes.fromhex(answer))) for number, answer in lines]

    def _write(self, method: str, agency: str, messages: Sequence[Message]) -> Requests:
        bodies = [message.SerializeToString() for message in messages]
        return Requests.write(self._folder, f"nsor.v1.{method}", agency, bodies)


def _many(messages: Sequence[_M]) -> list[_M]:
    """The same requests again and again, up to ``READS``."""
    return list(itertools.islice(itertools.cycle(messages), READS)) if messages else []
