"""What a call costs: its accounts, what its entry says of the price, and who hears of an empty bucket.

Everything here follows from the caller and the request. It knows nothing of the register.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import NamedTuple

from nsor.v1 import errors_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access.budgets import Payers, Spent
from nsor_server.calls import Agency, Call, Refusal, Row
from nsor_server.events import outbox, recipients
from nsor_server.policy.budgets import Budget
from nsor_server.policy.loaded import policy_of
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.v1 import record_pb2

NAMED_BYTES = 8
"""Of the keyed hash by which an entry's detail says what a call named."""
_ACCOUNTS = 65_536
"""Officers whose accounts' ids are remembered."""


class Charge(NamedTuple):
    """What of a request its price follows from.

    Attributes:
        named: what it names, in its one written form: the first time that an officer names it on a day it costs more.
        bucket: what has buckets of its own, such as one registration; empty: all calls of the method have one.
        times: of how many things at once it asks, each of which costs what a call does.
    """

    named: str
    bucket: str = ""
    times: int = 1


class Payment(NamedTuple):
    """How a call is paid.

    Attributes:
        payers: the accounts.
        budget: of its method and purpose.
        bucket: what the entry's detail says of which bucket it was; empty: the method has one.
        agency_id: the caller.
        agencies: of the directory that the gate saw.
        tells: the call isn't answered for an empty bucket of which nobody was told yet.
        times: of how many things at once the call asks.
        decides_again: what its buckets don't hold any more isn't refused: the call runs again, with less.
    """

    payers: Payers
    budget: Budget
    bucket: bytes
    agency_id: str
    agencies: Mapping[str, Agency]
    tells: bool = False
    times: int = 1
    decides_again: bool = False

    def recorded(self, spent: Spent) -> record_pb2.Spent:
        """What the entry's detail says, so that ``ledger verify`` can count again."""
        return record_pb2.Spent(
            price=spent.price,
            named=self.payers.named[:NAMED_BYTES],
            terms=_terms(self.budget),
            bucket=self.bucket,
            times=self.times if self.times > 1 else 0,
        )

    def refused(self, spent: Spent, error: errors.ApiError) -> Refusal:
        """A call that a bucket doesn't hold: its entry says by which terms, and whoever is to hear of it is told."""
        return Refusal(error, record_pb2.AccessDetail(spent=self.recorded(spent)), self._events(spent), self)

    def _events(self, spent: Spent) -> list[Row]:
        """The rows that tell the agency and NPB of a bucket that has just turned out empty; they name no officer."""
        told: list[Row] = []
        for emptied, kind in (
            (spent.officer_emptied, notification_pb2.EVENT_KIND_OFFICER_BUDGET_EMPTY),
            (spent.agency_emptied, notification_pb2.EVENT_KIND_AGENCY_BUDGET_EMPTY),
        ):
            if emptied:
                to = [self.agency_id, *recipients.of_kind(self.agencies, options_pb2.AGENCY_KIND_NPB)]
                told += outbox.owed(kind, to, about_agency=self.agency_id)
        return told


class Spending:
    """Makes payments. Threads may share it."""

    def __init__(self, blind_index: BlindIndex) -> None:
        self._account: Callable[[bytes], bytes] = functools.partial(blind_index.lasting, "budget")
        self._buckets = functools.lru_cache(_ACCOUNTS)(self._made_buckets)

    def payment(self, call: Call, charge: Charge) -> Payment:
        """How a call is paid.

        An officer's accounts are those of his number: a new key under it has what the one before has left.

        Args:
            call: past the gate, which has let an officer in.
            charge: what of the request the price follows from.

        Raises:
            Denied: SWITCHED_OFF; policy gives this kind of agency no budget for the method and the purpose.
        """
        budget = policy_of(call).budgets.of(call.method, call.agency.kind, call.purpose, charge.bucket)
        if budget is None or call.officer is None:
            raise errors.Denied(errors_pb2.ERROR_REASON_SWITCHED_OFF)
        agency_id = call.agency.agency_id
        caller = (agency_id, call.purpose, call.method, call.officer.officer_number)
        prefix, officer, agency, _ = self._buckets(*caller, charge.bucket)
        named = self._account(prefix + charge.named.encode()) if budget.first_named else b""
        payers = Payers(officer, agency, named)
        if charge.bucket:
            # As many buckets as somebody can make up: that one of them is empty is told once for all of them.
            _, told, agency_told, every = self._buckets(*caller, "")
            payers = payers._replace(officer_told=told, agency_told=agency_told)
            if budget.all_ports is not None:
                payers = payers._replace(every=every)
        of_bucket = agency[:NAMED_BYTES] if charge.bucket else b""
        return Payment(payers, budget, of_bucket, agency_id, call.agencies, times=charge.times)

    def _made_buckets(
        self, agency_id: str, purpose: int, method: str, officer_number: str, bucket: str
    ) -> tuple[bytes, bytes, bytes, bytes]:
        """What the ids of what the officer names begin with, his bucket's id, his agency's, and that of all buckets.

        None of the parts holds a NUL, so that none runs into another; an officer has a number, in capital letters.
        """
        agency = f"{agency_id}\0{purpose:d}\0{method}\0{bucket}\0".encode()
        officer = agency + officer_number.encode()
        return officer + b"\0", self._account(officer), self._account(agency), self._account(agency + b"every")


@functools.lru_cache
def _terms(budget: Budget) -> record_pb2.BudgetTerms:
    return record_pb2.BudgetTerms(
        call=budget.call,
        first_named=budget.first_named,
        officer_capacity=budget.officer.capacity,
        officer_refill=budget.officer.refill_per_hour,
        agency_capacity=budget.agency.capacity,
        agency_refill=budget.agency.refill_per_hour,
        every_capacity=budget.all_ports.capacity if budget.all_ports else 0,
        every_refill=budget.all_ports.refill_per_hour if budget.all_ports else 0,
    )
