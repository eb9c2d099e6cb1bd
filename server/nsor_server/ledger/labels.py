"""Labels: by what entries are found without a word in the clear of whom they are about.

An entry has three, of the officer, of the case and of what the request names; each is 16 bytes of a keyed hash with
keys of its own. Where there is nothing to label, the label is made of the access id, and so never comes twice: whoever
has a dump can't tell it from another one, and verification can make it again. What a request names is labelled whether
or not it was found, since labels of hits alone would tell them apart.

An answer that may show several registrations has a label for each in rows of its own, as many as the method may show:
made of the access id too, so that none ever comes twice, and of the access id and its place where nothing was shown.
Whoever has the keys makes the label of a registration for each such access, and looks whether it is there.

Labels of one method never meet those of another. Otherwise a dump would tell the look-ups that found somebody, by the
label of whoever entered that person, or that case, into the register; and who an officer is, by the label of his
enrolment, which stands beside his number. Whoever has the keys asks for the labels of all methods.
"""

import functools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from nsor_server.ledger.entry import Entry
from nsor_server.storage.keyring import Keyring

LABEL_BYTES = 16
OFFICER, CASE, NAMED = "entry-officer", "entry-case", "entry-named"
"""The keyring's uses, in the order of the columns."""
USES = (OFFICER, CASE, NAMED)
SHOWN = "entry-shown"
"""The keyring's use of what an answer shows."""

_TEXT, _ACCESS_ID, _SHOWN = b"\0", b"\1", b"\2"
"""What a label is made of: so that no text is taken for an access id."""
_OFFICERS = 8192
"""Officers, by method, whose label is remembered."""


class Labelled(NamedTuple):
    """What an entry is found by. All but the first two may be empty.

    Attributes:
        method: full method name.
        access_id: 16 bytes.
        officer_key: SHA-256 of the officer's public key.
        case_reference: the case.
        named: what the request names: its kind, a space, and the value in its normal form.
    """

    method: str
    access_id: bytes
    officer_key: bytes
    case_reference: str
    named: str


class Labels:
    """Makes labels. Threads may share it."""

    def __init__(self, keyring: Keyring) -> None:
        """Takes the keyring's `blind` keys of entries."""
        self._keys = [keyring.blind[use] for use in USES]
        self._primary = [keys.primary for keys in self._keys]
        self._first = [keys.functions[0] for keys in self._keys]
        self._shown = keyring.blind[SHOWN]
        self._officer = functools.lru_cache(maxsize=_OFFICERS)(self._made_of_officer)
        self._every_of_officer = functools.lru_cache(maxsize=_OFFICERS)(
            lambda method, key: self._under_every_key(0, _made_of(method, key))
        )

    def of(self, entry: Entry) -> tuple[bytes, bytes, bytes]:
        """The labels of an entry under the primary keys: officer, case, named."""
        officer, case, named = self._primary
        none = _ACCESS_ID + entry.access_id
        method, reference, name = entry.method, entry.case_reference, entry.named
        return (
            self._officer(method, entry.officer_key) if entry.officer_key else officer(none, LABEL_BYTES),
            case(_made_of(method, reference.encode()) if reference else none, LABEL_BYTES),
            named(_made_of(method, name.encode()) if name else none, LABEL_BYTES),
        )

    def fit(self, labelled: Labelled, stored: Sequence[bytes]) -> bool:
        """Whether stored labels are those of an entry, under whichever keys they were made."""
        method, access_id, key, reference, name = labelled
        none, begin = _ACCESS_ID + access_id, _beginning(method)
        officer, case, named = stored
        return (
            (officer in self._every_of_officer(method, key) if key else self._is_of(0, none, officer))
            and self._is_of(1, begin + reference.encode() if reference else none, case)
            and self._is_of(2, begin + name.encode() if name else none, named)
        )

    def every(self, use: str, value: str | bytes, methods: Iterable[str]) -> list[bytes]:
        """The labels that a value has had in entries of these methods, under every live key: by them they are found."""
        encoded = value.encode() if isinstance(value, str) else value
        nth = USES.index(use)
        return [label for method in methods for label in self._under_every_key(nth, _made_of(method, encoded))]

    def shown(self, access_id: bytes, shown: Sequence[bytes], rows: int) -> list[bytes]:
        """The labels of what an answer shows under the primary key, and of nothing up to its number of rows."""
        return [self._shown.primary(each, LABEL_BYTES) for each in _made_of_shown(access_id, shown, rows)]

    def show(self, access_id: bytes, shown: Sequence[bytes], stored: Sequence[bytes]) -> bool:
        """Whether stored labels, in their order, are those of an answer that showed these, whichever keys made them."""
        return all(
            label == self._shown.primary(each, LABEL_BYTES) or label in self._of_shown(each)
            for each, label in zip(_made_of_shown(access_id, shown, len(stored)), stored, strict=True)
        )

    def of_registration(self, access_id: bytes, registration_id: bytes) -> list[bytes]:
        """The labels, under every live key, that an answer has which shows a registration."""
        return self._of_shown(_SHOWN + access_id + registration_id)

    def _of_shown(self, made_of: bytes) -> list[bytes]:
        return [label for _, label in self._shown.values(made_of, LABEL_BYTES)]

    def _is_of(self, nth: int, made_of: bytes, label: bytes) -> bool:
        """Whether a label is made of that; most are so under the primary key."""
        return self._first[nth](made_of)[:LABEL_BYTES] == label or label in self._under_every_key(nth, made_of)

    def _under_every_key(self, nth: int, made_of: bytes) -> list[bytes]:
        return [label for _, label in self._keys[nth].values(made_of, LABEL_BYTES)]

    def _made_of_officer(self, method: str, officer_key: bytes) -> bytes:
        return self._primary[0](_made_of(method, officer_key), LABEL_BYTES)


def _made_of_shown(access_id: bytes, shown: Sequence[bytes], rows: int) -> list[bytes]:
    """What each label is made of: no registration's id is as short as a place."""
    if len(shown) > rows:
        raise ValueError("an answer shows more than its method has rows for")
    nothing = (nth.to_bytes(2, "big") for nth in range(len(shown), rows))
    return [_SHOWN + access_id + each for each in (*shown, *nothing)]


def _made_of(method: str, value: bytes) -> bytes:
    """What the label of a text is made of."""
    return _beginning(method) + value


@functools.lru_cache(maxsize=1024)
def _beginning(method: str) -> bytes:
    """Before the text; names of methods hold no NUL, so that the parts can't run into each other."""
    return _TEXT + method.encode() + b"\0"
