"""A registration as it stands after an entry, as it is told again from the sealed versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from nsor_server.registration import claims
from nsor_server.registration.claims import Identifier
from nsor_server.storage.v1 import record_pb2


class ScreenedSet(NamedTuple):
    """By what passengers of manifests are found to be a person.

    Attributes:
        version: of the registration, that began it.
        numbers: the identifiers.
        dates: of birth, as ``screened.dates_of_birth``.
    """

    version: int
    numbers: frozenset[Identifier]
    dates: tuple[str, ...]


@dataclass(slots=True)
class Standing:
    """A registration as it stands after an entry.

    Attributes:
        registration_id: 16 bytes.
        version: the newest.
        index: of the entry that wrote it.
        confirmed: whether it is.
        sealed: whether it is.
        to_be_erased: whether two officers have decided to erase it.
        in_look_ups: whether a look-up may show it.
        custodian: the prisons department in charge, or empty.
        current: the identifiers of the newest version.
        claimed_now: those that its newest claim claims.
        claimed_by: those that it has claimed, each with the version of the claim that did.
        withdrawn_by: those that it doesn't claim any more, each with the version of the claim that is without it.
        screened: by what passengers of manifests were found to be the person since a court had confirmed it.
        claim: the newest version of its claim.
        agency: whose entry it is.
        owner: whose it is: a prosecution, or the police of a place.
        cases: the same of cases, each with how often keys had been rotated when it was claimed.
        standing_cases: those of them by which a look-up still finds it.
        juvenile_cases: the same of a look-up that shows juveniles' records.
        claimed: whether its claim was written.
        claimed_at: by which entry it was written first.
        stands_since: by which entry it came to stand, for the first time or again.
        whole: all its versions have opened so far.
    """

    registration_id: bytes
    version: int = 0
    index: int = -1
    confirmed: bool = False
    sealed: bool = False
    to_be_erased: bool = False
    in_look_ups: bool = False
    custodian: str = ""
    current: frozenset[Identifier] = frozenset()
    claimed_now: frozenset[Identifier] = frozenset()
    claimed_by: tuple[tuple[Identifier, int], ...] = ()
    withdrawn_by: tuple[tuple[Identifier, int], ...] = ()
    screened: tuple[ScreenedSet, ...] = ()
    claim: record_pb2.ClaimRecord = field(default_factory=record_pb2.ClaimRecord)
    agency: str = ""
    owner: tuple[str, str] = ("", "")
    cases: dict[str, int] = field(default_factory=dict)
    standing_cases: tuple[str, ...] = ()
    juvenile_cases: tuple[str, ...] = ()
    claimed: bool = False
    claimed_at: int = -1
    stands_since: int = -1
    whole: bool = True

    @property
    def disputed(self) -> frozenset[Identifier]:
        """Those identifiers of which NPB has decided that they may be another person's."""
        return claims.disputed(self.claim)

    @property
    def person(self) -> list[bytes]:
        """The registrations of its person, itself among them; none: it is alone."""
        return claims.person(self.claim)

    @property
    def cnic_held(self) -> bool:
        """Whether its claim says that it is held by its CNIC."""
        return self.claim.cnic_held
