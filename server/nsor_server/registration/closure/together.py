"""Which registrations of a person a decision ends, or brings back: whoever has died has died in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nsor.v1 import closure_pb2
from nsor_server.calls import Seen
from nsor_server.registration.closure import rules
from nsor_server.registration.persons.claimants import Claimants, Known
from nsor_server.storage.v1 import record_pb2


class Together(NamedTuple):
    """What a decision about one registration of a person means for him.

    Attributes:
        others: his other registrations that it is about.
        death: how the one is archived after it, with another one; None: it isn't.
        seen: what that rests on.
    """

    others: Sequence[Known] = ()
    death: record_pb2.Archive | None = None
    seen: Sequence[Seen] = ()


def of(claimants: Claimants, record: record_pb2.RegistrationRecord, kind: int, now_us: int) -> Together:
    """What a decision about one registration means for the others of its person.

    A death is that of all that stand. Out of the archive come those that the same decision, or fixed time, has put
    there; what NPB has found to be another person's since stays. One that was withdrawn isn't left standing when the
    person is dead in another one: who withdrew it left it out of that end. Nor is one that was archived by his death.

    Args:
        claimants: reads them.
        record: the one that was decided about.
        kind: a number of nsor.v1.ClosureKind.
        now_us: microseconds since 1970.

    Raises:
        errors.Internal: one isn't what was sealed.
    """
    if kind not in {closure_pb2.CLOSURE_KIND_DECEASED, closure_pb2.CLOSURE_KIND_RESTORED}:
        return Together()
    own = claimants.get(record.registration_id)
    known = [] if own is None else claimants.all_others(own.claim)
    death = None
    if kind == closure_pb2.CLOSURE_KIND_DECEASED:
        found = [each for each in known if each.confirmed]
    else:
        found = [each for each in known if rules.are_of_one_end(record, each.record)]
        archive = record.archive if record.HasField("archive") else None
        death = rules.death(
            archive,
            [each.record.archive for each in known if each.record.HasField("archive")],
            stands=any(each.confirmed for each in known),
            died=rules.died_day(record),
            time_us=now_us,
        )
    # Of those that are left as they are, too: one that stands again in between would be left standing.
    return Together(found, death, claimants.seen())
