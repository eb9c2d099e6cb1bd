"""A chapter of the story: somebody is looked up without a grant while harm is imminent, and NPB reviews it."""

from __future__ import annotations

import json

from demo.narration import Narration, StoryBroke

STATION = "PK-PB/LHR/PS-001"
_POLICE = "punjab-police"
_OPEN = ("emergency", "--harm", "child-taken", "--station", STATION, "--yes")


def emergency(narration: Narration, cnic: str) -> None:
    """The police open an emergency look-up, can't open another one, and NPB reviews it.

    Args:
        narration: of the story.
        cnic: of a registered person.
    """
    path = narration.register.folder / "wanted"
    path.touch(0o600)
    path.write_text(f"{cnic}\n")
    narration.chapter(
        "A child was taken: nobody waits for a prosecutor",
        text="A deciding officer of grade 17 signs what harm is imminent. NPB and the owner hear at once.",
    )
    narration.run(_POLICE, *_OPEN, "--cnic-file", path.name)
    narration.say("\nUntil NPB has reviewed it, he opens no other one:")
    narration.run(_POLICE, *_OPEN, "--cnic-file", path.name, expect=1)
    waiting = narration.run("npb", "emergencies", "list", "--json", shown=False).splitlines()
    if len(waiting) != 1:
        raise StoryBroke("not the one emergency look-up waits for its review")
    emergency_id = json.loads(waiting[0])["emergency_id"]
    narration.run("npb", "emergencies", "list")
    narration.run("npb", "emergencies", "review", emergency_id, "--finding", "justified")
    narration.run(_POLICE, "emergencies", "list", "--reviewed")
