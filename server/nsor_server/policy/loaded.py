"""The policy that decides, all of it; a call is decided wholly by the one that the gate saw."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import msgspec

from nsor_server.calls import Call
from nsor_server.formats.checker import Checker
from nsor_server.formats.normalisers import WrittenForms
from nsor_server.policy import documents, written_forms
from nsor_server.policy.budgets import Budgets
from nsor_server.policy.deadlines import COUNTED, Deadlines
from nsor_server.policy.duties import Duties
from nsor_server.policy.grants import GrantPolicy
from nsor_server.policy.holidays import Holidays
from nsor_server.policy.narrowing import Narrowing
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.policy.screening import ScreeningPolicy
from nsor_server.policy.search import SearchPolicy
from nsor_server.policy.tripwires import TripwirePolicy


@dataclass(frozen=True)
class Policy:
    """The policy that decides. What people are told (``messages``) isn't part of it: that decides nothing.

    Attributes:
        documents: the documents that it was made of, by name.
        version: of the register; 0 for one that was read from files.
        versions: the version that brought each document; empty for one that was read from files.
        digests: of the documents as the register holds them; empty for one that was read from files.
    """

    places: Places
    offences: OffenceTable
    deadlines: Deadlines
    grants: GrantPolicy
    budgets: Budgets
    narrowing: Narrowing
    forms: WrittenForms
    reviews: ReviewPolicy
    holidays: Holidays
    duties: Duties
    screening: ScreeningPolicy
    search: SearchPolicy
    tripwires: TripwirePolicy
    documents: Mapping[str, msgspec.Struct] = field(repr=False)
    version: int = 0
    versions: Mapping[str, int] = field(default_factory=dict, repr=False)
    digests: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, folder: Path | None = None) -> Policy:
        """Load the documents of a folder; those that it doesn't have, or all, are those that ship with the server.

        Raises:
            source.PolicyError: they can't be used.
        """
        if folder is None:
            return _shipped()
        documents.check_folder(folder)
        return cls.of({name: documents.read(folder, name) for name in documents.KINDS})

    @classmethod
    def of(
        cls,
        parts: Mapping[str, Any],
        versions: Mapping[str, int] = MappingProxyType({}),
        digests: Mapping[str, bytes] = MappingProxyType({}),
    ) -> Self:
        """The policy of these documents, one of each kind; those of a register may lack what is counted since.

        Raises:
            source.PolicyError: one breaks a rule of its kind, or they don't fit together.
        """
        holidays = Holidays(parts["holidays"])
        deadlines = Deadlines(parts["deadlines"].deadline, holidays)
        if versions:
            deadlines = deadlines.completed(COUNTED)
        deadlines.require(COUNTED)
        if not versions:  # a register that has adopted another one starts; succession refuses the next
            deadlines.check_later()
            parts["tripwires"].check_movements(deadlines, parts["screening"])
        return cls(
            places=Places(parts["places"].unit),
            offences=OffenceTable(parts["offences"].offence, parts["offences"].policy.s24_only),
            deadlines=deadlines,
            grants=parts["grants"],
            budgets=Budgets(parts["budgets"]),
            narrowing=Narrowing(parts["narrowing"]),
            reviews=parts["reviews"],
            holidays=holidays,
            duties=Duties(parts["duties"], deadlines),
            screening=parts["screening"],
            search=parts["search"],
            tripwires=parts["tripwires"],
            forms=written_forms.of(parts["written_forms"]),
            documents=parts,
            version=max(versions.values(), default=0),
            versions=versions,
            digests=digests,
        )

    def replaced(self, name: str, document: Any) -> Self:
        """This policy with another document of a name; raises source.PolicyError as ``of``."""
        if name == "deadlines":
            Deadlines(document.deadline, self.holidays).require(COUNTED)
        return self.of({**self.documents, name: document}, {**self.versions, name: self.version + 1})

    def differs(self, other: Policy) -> tuple[str, ...]:
        """The names of the documents that aren't the same in another policy."""
        return tuple(name for name in documents.KINDS if self.documents[name] != other.documents[name])

    @property
    def offence_table_version(self) -> int:
        """The version that stands in every decision that the offence table has made."""
        return self.versions.get("offences", 0)

    @functools.cached_property
    def checker(self) -> Checker:
        """What normalises and checks requests by the contract, with this policy's lists."""
        return Checker(self.places, self.offences, self.forms)


@functools.cache
def _shipped() -> Policy:
    """The policy that ships with the server. It is read once: no release changes under a process that runs."""
    return Policy.of({name: documents.read(None, name) for name in documents.KINDS})


def policy_of(call: Call) -> Policy:
    """The policy that an admitted call is decided by: that of the directory that the gate saw.

    Raises:
        RuntimeError: the call isn't admitted.
    """
    if call.directory is None:
        raise RuntimeError("the call isn't admitted")
    policy: Policy = call.directory.policy
    return policy
