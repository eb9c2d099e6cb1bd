"""The agency that an operator has typed: known, or what was probably meant."""

import difflib
from typing import Final

from nsor_server.calls import Agency
from nsor_server.directory import agencies, entries
from nsor_server.storage.pool import Connection

MOST_AGENCIES: Final = 10_000
"""So many a list of all has at most."""


def find(owner: Connection, agency_id: str) -> Agency:
    """The agency of an id.

    Raises:
        AgencyError: there is none; says which one was probably meant.
    """
    found = agencies.find(owner, agency_id)
    if found is None:
        every = [each.agency_id for each in agencies.page(owner, after="", limit=MOST_AGENCIES)]
        near = difflib.get_close_matches(agency_id, every, n=1)
        hint = f"Did you mean {near[0]}?" if near else "See: nsor-server agency list"
        raise entries.AgencyError(f"There is no such agency. {hint}")
    return found
