"""Who holds whom back by an identifier. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

from nsor_server.registration.claims import IDENTIFIER_CNIC, IDENTIFIER_PASSPORT, Identifier


class Claimant(Protocol):
    """A registration that a court has confirmed, as it stands now."""

    @property
    def registration_id(self) -> bytes:
        """16 bytes."""
        ...

    @property
    def claimed_at(self) -> int:
        """Index of the entry by which it was confirmed first."""
        ...

    @property
    def confirmed(self) -> bool:
        """Whether it stands: it isn't sealed since."""
        ...

    @property
    def current(self) -> frozenset[Identifier]:
        """The identifiers of its newest version."""
        ...

    @property
    def disputed(self) -> frozenset[Identifier]:
        """Those of which NPB has decided that they may be another person's."""
        ...


C = TypeVar("C", bound=Claimant)


def holders(of: Claimant, claiming: Callable[[Identifier], Iterable[C]]) -> Mapping[Identifier, C]:
    """For each identifier of a registration that another one had first: the first that stands and has it undisputed.

    Args:
        of: the registration.
        claiming: gives the registrations that claim an identifier, itself among them.
    """
    found = {}
    for one in of.current:
        standing = [each for each in claiming(one) if _has(each, one)]
        first = min(standing, key=lambda each: each.claimed_at, default=None)
        if first is not None and first.claimed_at < of.claimed_at:
            found[one] = first
    return found


def held(of: Claimant, by: Iterable[Identifier]) -> tuple[bool, bool]:
    """Whether a registration is held by its CNIC, and by a passport: another one had it first, or it is disputed."""
    kinds = {one.kind for one in {*by, *(of.current & of.disputed)}}
    return IDENTIFIER_CNIC in kinds, IDENTIFIER_PASSPORT in kinds


def _has(claimant: Claimant, one: Identifier) -> bool:
    return claimant.confirmed and one in claimant.current and one not in claimant.disputed
