"""LookupService on the wire: the sum of its parts, and the grouped look-up, which stands in batch.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nsor.v1 import lookup_pb2
from nsor_server.calls import Call, Row
from nsor_server.lookup.batch import Decider
from nsor_server.lookup.disclosures.service import Disclosures
from nsor_server.lookup.emergencies.service import Emergencies
from nsor_server.lookup.grants.service import Grants
from nsor_server.lookup.recalls.service import Recalls
from nsor_server.lookup.replays.service import Replays
from nsor_server.lookup.requests.juveniles import JuvenileAccess
from nsor_server.lookup.requests.listing import AccessRequestLists
from nsor_server.lookup.requests.passing import Passing
from nsor_server.lookup.requests.service import AccessRequests
from nsor_server.lookup.screening.service import Screening
from nsor_server.lookup.search.index import SearchIndex
from nsor_server.lookup.search.service import Searches
from nsor_server.lookup.tripwires.service import UnusualAccesses
from nsor_server.lookup.watched.service import WatchedNumbers
from nsor_server.rpc.handlers import Grouped, Handler
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer


class LookupService:
    """Access requests, their decisions, tickets, court cases, manifests, look-ups and searches."""

    def __init__(self, keyring: Keyring, durable: Callable[[], int], names: SearchIndex) -> None:
        """Prepare.

        Args:
            keyring: opens and seals records, finds what is looked up, and who was shown it.
            durable: gives how many entries this process knows to be durable: no page is of a register of before.
            names: what searches go by.
        """
        sealer, blind_index = Sealer(keyring), BlindIndex(keyring)
        self._recalls = Recalls(keyring, durable)
        self._requests = AccessRequests(sealer, blind_index)
        self._passing = Passing(sealer, blind_index)
        self._juveniles = JuvenileAccess(sealer, blind_index)
        self._lists = AccessRequestLists(sealer, blind_index, durable)
        self._grants = Grants(sealer, blind_index, durable)
        self._screening = Screening(sealer, blind_index, names)
        self._searches = Searches(sealer, blind_index, names)
        self._decider = Decider(sealer, blind_index)
        self._emergencies = Emergencies(sealer, blind_index, durable)
        self._disclosures = Disclosures(keyring, durable)
        self._watched = WatchedNumbers(sealer, blind_index, durable)
        self._replays = Replays(sealer, durable)
        self._unusual = UnusualAccesses(sealer, durable)

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            *self._requests.handlers(),
            *self._passing.handlers(),
            *self._juveniles.handlers(),
            *self._lists.handlers(),
            *self._grants.handlers(),
            *self._screening.handlers(),
            *self._recalls.handlers(),
            *self._searches.handlers(),
            Grouped(
                lookup_pb2.LookUpRegistrationRequest,
                lookup_pb2.LookUpRegistrationResponse,
                self._decider.prepare,
                self._decider.reads,
                self._decider.decide,
                self._decider.case,
            ),
            *self._emergencies.handlers(),
            *self._disclosures.handlers(),
            *self._watched.handlers(),
            *self._replays.handlers(),
            *self._unusual.handlers(),
        )

    def ended_with(self, call: Call, key_id: bytes, conn: Connection) -> list[Row]:
        """The events that are owed when a key of the caller's agency turns out to be compromised."""
        return self._grants.ended_with(call, key_id, conn)
