"""What `--help` says in Urdu: the sentence of each command, and of each option. A test misses what isn't here.

Further sentences about a command stay in English, and so do the words that a command line is written with. There is a
module for each subject; what several have is in ``shared``.
"""

from __future__ import annotations

from typing import Final

from nsor.cli.urdu_help import keeping, looking_up, notification, registration, screening, shared

SUBJECTS: Final = (shared, registration, notification, looking_up, screening, keeping)
COMMANDS: Final[dict[str, str]] = {text: urdu for each in SUBJECTS for text, urdu in each.COMMANDS.items()}
"""The sentence of each command, in English and in Urdu."""
OPTIONS: Final[dict[str, str]] = {text: urdu for each in SUBJECTS for text, urdu in each.OPTIONS.items()}
"""The sentence of each option, in English and in Urdu."""
