"""Which registrations of a person a decision ends, or brings back: whoever has died has died in all of them."""

from __future__ import annotations

from nsor.v1 import closure_pb2
from nsor_server.calls import Seen
from nsor_server.registration.closure import rules
from nsor_server.registration.persons.claimants import Claimants, Known
from nsor_server.storage.v1 import record_pb2


def others(claimants: Claimants, record: record_pb2.RegistrationRecord, kind: int) -> tuple[list[Known], list[Seen]]:
    """The other registrations that a decision about one is about, and what that rests on.

    A death is that of all that stand. Out of the archive come those that the same decision, or fixed time, has put
    there; what NPB has found to be another person's since stays.

    Args:
        claimants: reads them.
        record: the one that was decided about.
        kind: a number of nsor.v1.ClosureKind.

    Raises:
        errors.Internal: one isn't what was sealed.
    """
    if kind not in {closure_pb2.CLOSURE_KIND_DECEASED, closure_pb2.CLOSURE_KIND_RESTORED}:
        return [], []
    of = claimants.get(record.registration_id)
    known = [] if of is None else claimants.all_others(of.claim)
    if kind == closure_pb2.CLOSURE_KIND_DECEASED:
        found = [each for each in known if each.confirmed]
    else:
        found = [each for each in known if rules.are_of_one_end(record, each.record)]
    # Of those that are left as they are, too: one that stands again in between would be left standing.
    return found, claimants.seen()
