"""The policy that decides, all of it; a call is decided wholly by the one that the gate saw."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Self

from nsor_server.calls import Call
from nsor_server.formats.checker import Checker
from nsor_server.formats.normalisers import WrittenForms
from nsor_server.policy import written_forms
from nsor_server.policy.budgets import Budgets
from nsor_server.policy.deadlines import Deadlines
from nsor_server.policy.grants import GrantPolicy
from nsor_server.policy.narrowing import Narrowing
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places
from nsor_server.policy.reviews import ReviewPolicy


@dataclass(frozen=True)
class Policy:
    """The policy that decides. What people are told (``messages``) isn't part of it: that decides nothing."""

    places: Places
    offences: OffenceTable
    deadlines: Deadlines
    grants: GrantPolicy
    budgets: Budgets
    narrowing: Narrowing
    forms: WrittenForms
    reviews: ReviewPolicy

    @classmethod
    def load(cls) -> Self:
        """Load all of it; raises PolicyError."""
        return cls(
            Places.load(),
            OffenceTable.load(),
            Deadlines.load(),
            GrantPolicy.load(),
            Budgets.load(),
            Narrowing.load(),
            written_forms.load(),
            ReviewPolicy.load(),
        )

    @functools.cached_property
    def checker(self) -> Checker:
        """What normalises and checks requests by the contract, with this policy's lists."""
        return Checker(self.places, self.offences, self.forms)


def policy_of(call: Call) -> Policy:
    """The policy that an admitted call is decided by: that of the directory that the gate saw.

    Raises:
        RuntimeError: the call isn't admitted.
    """
    if call.directory is None:
        raise RuntimeError("the call isn't admitted")
    policy: Policy = call.directory.policy
    return policy
