"""One whole and valid request of each kind, with every field set, for the tests that break them field by field.

There is a module for each subject; what several have is in ``parts``.
"""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.message import Message

from nsor_synthetic.examples import directory, emergencies, entries, lookup, notification, records, replays, screening
from nsor_synthetic.examples.entries import amend_registration, create_registration, particulars
from nsor_synthetic.examples.parts import Ids

__all__ = ["amend_registration", "create_registration", "particulars", "requests"]


def requests(seed: int) -> Iterator[Message]:
    """Give the requests; a look-up for each of its bases."""
    ids = Ids(seed)
    yield from entries.entries(ids, seed)
    yield from entries.proposals(ids)
    yield from entries.photos(ids)
    yield from records.reviews(ids)
    yield from records.custody(ids)
    yield from records.judgments(ids)
    yield from records.sealed(ids)
    yield from records.ends(ids)
    yield from records.identity(ids)
    yield from notification.notification(ids)
    yield from lookup.access_requests(ids)
    yield from lookup.opened(ids)
    yield from lookup.look_ups(ids)
    yield from lookup.recalls(ids)
    yield from screening.screening(ids)
    yield from emergencies.emergencies(ids)
    yield from emergencies.disclosures(ids)
    yield from emergencies.watched(ids)
    yield from replays.replays(ids)
    yield from emergencies.unusual_accesses(ids)
    yield from lookup.searches(ids)
    yield from directory.oversight(ids)
    yield from directory.directory(ids)
