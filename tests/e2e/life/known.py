"""Who tries something on records, what there is to try, and what whoever plays knows of each record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

ENTERS: Final = "punjab-prosecution"
CONFIRMS: Final = "lahore-special-court"
APPELLATE: Final = "lahore-high-court"
BORDER: Final = "fia-immigration"
BUREAU: Final = "npb"
POLICE: Final = "punjab-police"
PRISON: Final = "punjab-prisons"
EVERYBODY: Final = (
    ENTERS,
    "sindh-prosecution",
    CONFIRMS,
    "karachi-special-court",
    APPELLATE,
    "punjab-police",
    "sindh-police",
    PRISON,
    BORDER,
    "nadra",
    BUREAU,
    "special-committee",
)
"""One of each kind of agency at least, and of those that have a part in a record another of the same kind."""
SHOWN_FOR: Final = {
    ENTERS: "REGISTRATION",
    CONFIRMS: "REGISTRATION",
    APPELLATE: "REGISTRATION",
    "punjab-police": "NOTIFICATION",
    PRISON: "CUSTODY",
    BUREAU: "REGISTER_OPERATION",
}
"""Whom GetRegistration may show a record of Punjab, and for which purpose."""
TAKES: Final = ("SET_ASIDE", "RETRIAL_ORDERED", "PARDONED")
"""Judgments that take a whole conviction."""
LEAVES: Final = ("APPEAL_FILED", "APPEAL_DISMISSED")
"""Judgments that take nothing."""
CUSTODY: Final = {"RECALLED": POLICE, "ADMITTED": PRISON, "BAILED": PRISON, "ESCAPED": PRISON, "RELEASED": PRISON}
"""What happens to an offender, and who mostly records it."""
HELD_AFTER: Final = {"RECALLED": False, "ADMITTED": True, "BAILED": False, "ESCAPED": False, "RELEASED": False}
CLOSURES: Final = ("DECEASED", "WITHDRAWN", "RESTORED", "ERASED")
"""What NPB may decide of a record's end."""
ENDS: Final = ("CONFIRMED", "ALONE", "WITHDRAWN", "REFUSED", "LEFT")
"""What becomes of a proposal: another officer confirms it, its own tries to, one of them ends it, or nobody does."""


@dataclass(slots=True)
class Known:
    """A record, as whoever plays knows it.

    Attributes:
        registration_id: its id.
        cnic: its CNIC.
        waits: cases that no court has confirmed.
        stands: cases that a court has confirmed and no judgment has taken.
        taken: cases that a judgment has taken.
        judged: cases that a judgment takes as soon as their court confirms them: it was recorded before.
        held: whether he is in prison.
        archived: the decision by which NPB has archived it; empty: none.
        was_dead: of one that was withdrawn: it was archived by a death before.
        may_wait: another one of its number stood when it was confirmed, so that NPB is asked first: until some fixed
            time after that one is gone.
    """

    registration_id: str
    cnic: str
    waits: set[str] = field(default_factory=set)
    stands: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    judged: set[str] = field(default_factory=set)
    held: bool = False
    archived: str = ""
    was_dead: bool = False
    may_wait: bool = False

    @property
    def cases(self) -> list[str]:
        """The case of each conviction."""
        return sorted(self.waits | self.stands | self.taken)

    @property
    def sealed(self) -> bool:
        """Whether a court had confirmed something, and nothing of it is left."""
        return bool(self.taken) and not self.stands

    @property
    def is_shown(self) -> bool:
        """Whether others than NPB are shown what stands of it."""
        return bool(self.stands) and not self.archived
