"""What the command says to people, in Urdu: a text as it stands in the code -> the same in Urdu.

Values take the places in braces, in the same order. A test reads the code and misses what isn't here. Not in Urdu are
the headings of tables and the names of fields: a terminal turns Urdu around, and nothing may stand to its right.
There is a module for each subject.
"""

from __future__ import annotations

from typing import Final

from nsor.cli import urdu_wrong_use
from nsor.cli.urdu import answers, looking_up, registration, screening, shared

SUBJECTS: Final = (urdu_wrong_use, shared, answers, registration, looking_up, screening)
TEXTS: Final[dict[str, str]] = {text: urdu for each in SUBJECTS for text, urdu in each.TEXTS.items()}
