"""What one slip of the keys makes of a word."""

from __future__ import annotations


def one_slip(word: str, other: str) -> bool:
    """Whether one slip of the keys makes one of the other: a letter more, less, changed, or two in the wrong order."""
    if abs(len(word) - len(other)) > 1 or word == other:
        return False
    first = next((n for n, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    one, two = word[first:], other[first:]
    return one[1:] == two[1:] or one[1:] == two or one == two[1:] or (one[:2] == two[1::-1] and one[2:] == two[2:])
