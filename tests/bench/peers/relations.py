"""The relations that the peers are asked about: officers hold grants, and grants are for suspects, as in the register.

Half of the checks are of suspects for whom the officer holds a grant, half of others. That is all that a peer does with
a call: it keeps no record of the person, writes no entry, and proves nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

OFFICERS = 200
SUSPECTS_PER_GRANT = 20
MOST = 100_000
"""Most suspects that are loaded: their APIs take some hundred relations a call."""
CHECKS = 60_000
"""More than a run of some seconds asks: SpiceDB answers a repeated check from its cache until something is written."""


def relations(suspects: int) -> Iterator[tuple[str, str, str, str, str]]:
    """Kind and id of the object, relation, kind and id of the subject."""
    for grant in range(-(-suspects // SUSPECTS_PER_GRANT)):
        yield "grant", str(grant), "holder", "officer", str(grant % OFFICERS)
    for suspect in range(suspects):
        yield "suspect", str(suspect), "grant", "grant", str(suspect // SUSPECTS_PER_GRANT)


def checks(suspects: int) -> Iterator[tuple[str, str]]:
    """Officer and suspect: allowed and not allowed by turns."""
    dice = random.Random(3)  # noqa: S311 - repeatable
    for nth in range(CHECKS):
        suspect = dice.randrange(suspects)
        officer = suspect // SUSPECTS_PER_GRANT % OFFICERS
        yield str(officer), str(suspect if nth % 2 == 0 else suspects + suspect)
