"""How whoever plays asks the register, as an agency of any kind."""

from __future__ import annotations

import copy
import itertools
import random
from typing import Any

from google.protobuf.message import Message

from nsor.answers import Answer
from nsor.client import Client
from nsor.errors import Refused
from nsor.v1 import lookup_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server import config
from nsor_server.storage.attach import keyring_of
from nsor_server.storage.sealing import Sealer
from tests import orders
from tests.e2e.agencies import Agencies
from tests.e2e.life import golden
from tests.e2e.life.known import BORDER, BUREAU, Known

_cases = itertools.count(1)


class Asking:
    """A few records, and calls about them by agencies of all kinds."""

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
        found = [each for each in golden.examples_of(seed) if each.DESCRIPTOR.full_name == golden.request(method)]
        return copy.deepcopy(random.Random(seed).choice(found))  # noqa: S311 - a test's choice

    def _convicted(self) -> types_pb2.Conviction:
        """A conviction in a case of its own."""
        convicted = orders.conviction(case_number=f"Sessions Case No. {next(_cases)}/2022")
        self._convictions[convicted.court_case.case_number] = convicted
        return convicted
