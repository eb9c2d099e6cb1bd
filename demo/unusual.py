"""A chapter of the story: an officer looks himself up, NPB sees it, and his agency that something was unusual."""

from __future__ import annotations

import json

from certs.focal_persons import own_number
from demo.narration import Narration

_POLICE = "punjab-police"
_OFFICER = "BELT-1"
_KIND = "TRIPWIRE_KIND_OWN_NUMBER"


def unusual(narration: Narration) -> None:
    """A police officer asks for his own number at the counter; NPB reviews what that was.

    Args:
        narration: of the story.
    """
    narration.chapter(
        "An officer looks himself up",
        text="He is answered like anybody: neither the answer nor its time says that his number is known.",
    )
    path = narration.register.folder / "my-own"
    path.touch(0o600)
    path.write_text(f"{own_number(_POLICE, _OFFICER)}\n")
    narration.run(_POLICE, "counter", "--cnic-file", path.name)
    narration.say("\nAt the next fixed time NPB sees what was unusual, and of whom:")
    unusual_access_id = narration.waited_for(
        lambda: _of_himself(narration), "nobody heard that an officer had looked himself up"
    )
    narration.run("npb", "unusual", "list")
    narration.say("\nHis agency hears that something was, and sees what he has read that day. It asks him:")
    narration.run(_POLICE, "unusual", "list", "--accesses")
    narration.run("npb", "unusual", "review", unusual_access_id, "--finding", "referred")


def _of_himself(narration: Narration) -> str | None:
    """The id of the unusual access; None: there is none yet."""
    for line in narration.run("npb", "unusual", "list", "--json", shown=False).splitlines():
        found = json.loads(line)
        if (found["agency_id"], found["officer_number"], found["kind"]) == (_POLICE, _OFFICER, _KIND):
            return str(found["unusual_access_id"])
    return None
