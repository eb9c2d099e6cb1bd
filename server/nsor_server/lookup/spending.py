"""What a look-up costs: its accounts, what its entry says of the price, and who hears of an empty bucket.

Everything here follows from the caller and the request. It knows nothing of the register.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import NamedTuple

from nsor.v1 import errors_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access.budgets import Payers, Spent
from nsor_server.calls import Agency, Call, Row
from nsor_server.events import outbox, recipients
from nsor_server.policy.budgets import Budget, Budgets
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.v1 import record_pb2

CASE_BYTES = 8
"""Of the keyed hash by which an entry's detail says which case a look-up named."""
_ACCOUNTS = 65_536
"""Accounts whose id is remembered."""


class Payment(NamedTuple):
    """How a look-up is paid.

    Attributes:
        payers: the accounts.
        budget: of its purpose.
        agency_id: the caller.
        agencies: of the directory that the gate saw.
    """

    payers: Payers
    budget: Budget
    agency_id: str
    agencies: Mapping[str, Agency]

    def recorded(self, spent: Spent) -> record_pb2.Spent:
        """What the entry's detail says, so that ``ledger verify`` can count again."""
        return record_pb2.Spent(
            price=spent.price,
            agency_price=spent.agency_price,
            case=self.payers.agency_case[:CASE_BYTES],
            terms=_terms(self.budget),
        )

    def events(self, spent: Spent) -> list[Row]:
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
        self._account: Callable[[bytes], bytes] = functools.lru_cache(_ACCOUNTS)(
            functools.partial(blind_index.lasting, "budget")
        )

    def payment(self, call: Call, budgets: Budgets, case: str) -> Payment:
        """How a call is paid.

        Args:
            call: past the gate.
            budgets: in force.
            case: the case that the request names, in its one written form.

        Raises:
            Denied: SWITCHED_OFF; policy gives this kind of agency no budget for the purpose.
        """
        budget = budgets.of(call.agency.kind, call.purpose)
        if budget is None:
            raise errors.Denied(errors_pb2.ERROR_REASON_SWITCHED_OFF)
        # Neither agency ids nor numbers hold a NUL, and a key has one length, so that no part runs into another.
        agency = f"{call.agency.agency_id}\0{call.purpose:d}\0".encode()
        officer = agency + call.officer_key
        named = b"\0" + case.encode()
        payers = Payers(*map(self._account, (officer, agency, officer + named, agency + named)))
        return Payment(payers, budget, call.agency.agency_id, call.agencies)


@functools.lru_cache
def _terms(budget: Budget) -> record_pb2.BudgetTerms:
    return record_pb2.BudgetTerms(
        look_up=budget.look_up,
        further_case=budget.further_case,
        officer_capacity=budget.officer.capacity,
        officer_refill=budget.officer.refill_per_hour,
        agency_capacity=budget.agency.capacity,
        agency_refill=budget.agency.refill_per_hour,
    )
