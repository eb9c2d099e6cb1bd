"""Slips of the key, one at a time, as they stand in records."""

from __future__ import annotations

from typing import Final

from nsor_synthetic.dice import Dice

_BESIDE: Final = "as bv cx df er fg gh hj io jk kl lk mn nm oi po qw rt sa tr uy vb we yu zx"
_ALIKE: Final = "بپ پب تٹ ٹت ثس جح حہ خح دڈ ڈد ذز رز زذ سص شس صس ضظ طت ظض عغ غع فق قف کگ گک ہح"
_NEIGHBOURS: Final = {pair[0]: pair[1] for pair in (*_BESIDE.split(" "), *_ALIKE.split(" "))}
"""A key beside, or a letter that looks or sounds alike."""
_SHORTEST: Final = 4


def slip(dice: Dice, text: str) -> str:
    """Write a name with one slip inside a word of four letters or more; a name without one comes back as it is."""
    words = text.split(" ")
    places = [index for index, word in enumerate(words) if len(word) >= _SHORTEST and word.isalpha()]
    if not places:
        return text
    place = dice.one(places)
    word = words[place]
    found = word
    while found == word:  # a doubled letter changes any word, so this ends
        found = _slipped(dice, word)
    return " ".join((*words[:place], found, *words[place + 1 :]))


def _slipped(dice: Dice, word: str) -> str:
    at = dice.randrange(1, len(word) - 1)
    kind = dice.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    letter = word[at]
    other = _NEIGHBOURS.get(letter.lower(), letter)
    return word[:at] + (other.upper() if letter.isupper() else other) + word[at + 1 :]


def digit(dice: Dice, cnic: str) -> str:
    """Write a CNIC with one digit of the family number wrong."""
    at = dice.randrange(5, 12)
    return f"{cnic[:at]}{(int(cnic[at]) + dice.randint(1, 9)) % 10}{cnic[at + 1 :]}"
