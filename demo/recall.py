"""A chapter of the story: who was shown somebody hears that it isn't so any more, and an officer acknowledges it."""

from __future__ import annotations

import json

from demo.narration import Narration

_POLICE = "punjab-police"


def recalled(narration: Narration, access_id: str) -> None:
    """The police who had looked somebody up are told again, and say what they did about it.

    Args:
        narration: of the story, after that person's only conviction was set aside.
        access_id: of the look-up.
    """
    narration.chapter(
        "Whoever was shown him is told again",
        text="By the access, never by the person, and not why: his own file says whom it was about.",
    )
    recall_id = narration.waited_for(
        lambda: _of_access(narration, access_id), "nobody who was shown him was told again"
    )
    narration.run(_POLICE, "recalls", "list")
    narration.run(_POLICE, "recalls", "acknowledge", recall_id, "--did", "file-corrected")
    narration.run(_POLICE, "recalls", "list", "--acknowledged")


def _of_access(narration: Narration, access_id: str) -> str | None:
    """The id of the recall that names an access; None: there is none yet."""
    for line in narration.run(_POLICE, "recalls", "list", "--json", shown=False).splitlines():
        recall = json.loads(line)
        if access_id in [each["access_id"] for each in recall["accesses"]]:
            return str(recall["recall_id"])
    return None
