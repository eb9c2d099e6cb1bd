"""ListDisclosures on the wire: the owner of a record learns who was shown it. No SQL, no law."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from nsor.v1 import disclosures_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import lists
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome
from nsor_server.formats.instants import from_us, to_us
from nsor_server.formats.uuids import raw
from nsor_server.ledger import rests_on
from nsor_server.ledger.detail import DetailError
from nsor_server.lookup.disclosures import listing, rules
from nsor_server.lookup.recalls import accesses
from nsor_server.lookup.recalls.told import Disclosure, Finder
from nsor_server.policy.deadlines import DISCLOSURE_TOLD
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_INDEX_BYTES: Final = 8


class Disclosures:
    """Lists who was shown a record."""

    def __init__(self, keyring: Keyring, durable: Callable[[], int]) -> None:
        """``durable`` gives how many entries this process knows to be durable: no page is of a ledger of before."""
        self._sealer, self._finder, self._durable = Sealer(keyring), Finder(keyring), durable

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                disclosures_pb2.ListDisclosuresRequest,
                disclosures_pb2.ListDisclosuresResponse,
                self.list_disclosures,
                charge=lambda request: Charge(request.registration_id),
            ),
        )

    def list_disclosures(
        self, call: Call, request: disclosures_pb2.ListDisclosuresRequest, conn: Connection
    ) -> Outcome[disclosures_pb2.ListDisclosuresResponse]:
        """List the accesses that showed a record, the newest in front, those of which the owner learns already.

        Raises:
            errors.NoRecord: there is no such registration that the caller's officer owns.
            errors.InvalidFields: PAGE_TOKEN_INVALID.
        """
        place = lists.place(self._sealer, call, request.page_token, request.registration_id)
        registration_id = raw(request.registration_id)
        found = registrations.head(conn, self._sealer, registration_id, call)
        if found is None or not registrations.is_owner(found[1], call.agency, call.officer):
            raise errors.NoRecord
        durable = self._durable()
        ((entries,),) = conn.execute("SELECT size FROM ledger_head").fetchall()
        lists.require_durable(entries, durable)
        before = entries if place is None else int.from_bytes(place, "big")
        size, first = request.page_size or rules.DEFAULT_PAGE, accesses.first_entry(conn, registration_id)
        until_us = to_us(policy_of(call).deadlines.days_before(DISCLOSURE_TOLD, call.now()))
        told: list[Disclosure] = []
        reached = before
        for _ in range(listing.WINDOWS):
            start = max(first, reached - listing.WINDOW)
            told += self._told(conn, registration_id, before=reached, first=start, until_us=until_us)
            reached = start
            if len(told) > size or reached <= first:
                break
        page = told[:size]
        answer = disclosures_pb2.ListDisclosuresResponse(disclosures=[_message(each) for each in page])
        goes_on = page[-1].entry if len(told) > size else reached if reached > first else None
        if goes_on is not None:
            behind = goes_on.to_bytes(_INDEX_BYTES, "big")
            answer.next_page_token = lists.token(self._sealer, call, behind, request.registration_id)
        listed = record_pb2.ListedDisclosures(
            before=before,
            first=reached,
            until_us=until_us,
            most=size,
            found=rests_on.digest((each.access_id, each.version) for each in page),
        )
        detail = record_pb2.AccessDetail(outcome="LISTED", subjects=[registration_id], listed_disclosures=listed)
        return Outcome(disclose(answer, call.purpose), detail, seen=(registrations.seen(found[0]),))

    def _told(
        self, conn: Connection, registration_id: bytes, *, before: int, first: int, until_us: int
    ) -> list[Disclosure]:
        try:
            return list(
                listing.newest_first(conn, self._finder, registration_id, before=before, first=first, until_us=until_us)
            )
        except DetailError:
            raise contradicted("ledger_detail", "%s contradicts the ledger; run `nsor-server ledger verify`") from None


def _message(each: Disclosure) -> disclosures_pb2.Disclosure:
    return disclosures_pb2.Disclosure(
        agency_id=each.agency,
        purpose=options_pb2.Purpose.ValueType(each.purpose),
        access_time=from_us(each.time_us),
        classes=[options_pb2.FieldClass.ValueType(one) for one in sorted(each.classes)],
    )
