"""Something in a file that a command can't read."""

from typing import NamedTuple

from nsor.advice import Words


class Problem(NamedTuple):
    """Something in a file that isn't of the message's form.

    Attributes:
        field: its path, in the contract's spelling, which is also the template's; empty for the whole.
        rule: UNKNOWN_FIELD, FORM, EXACTLY_ONE or NOT_JSON.
        meaning: what is wrong or what may stand there, in English and in Urdu; never the value.
    """

    field: str
    rule: str
    meaning: Words

    def text(self, language: str) -> str:
        """In a language, with the field in front."""
        meaning = self.meaning.ur if language == "ur" else self.meaning.en
        return f"{self.field}: {meaning}" if self.field else meaning
