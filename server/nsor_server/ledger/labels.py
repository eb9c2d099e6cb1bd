"""Labels: by what entries are found without a word in the clear of whom they are about.

An entry has three, of the officer, of the case and of what the request names; each is 16 bytes of a keyed hash with
keys of its own. Where there is nothing to label, the label is made of the access id, and so never comes twice: whoever
has a dump can't tell it from another one, and verification can make it again. What a request names is labelled whether
or not it was found, since labels of hits alone would tell them apart.
"""

import functools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from nsor_server.ledger.entry import Entry
from nsor_server.storage.keyring import Keyring

LABEL_BYTES = 16
OFFICER, CASE, NAMED = "entry-officer", "entry-case", "entry-named"
"""The keyring's uses, in the order of the columns."""
USES = (OFFICER, CASE, NAMED)

_TEXT, _ACCESS_ID = b"\0", b"\1"
"""What a label is made of: so that no text is taken for an access id."""
_OFFICERS = 4096
"""Officers whose label is remembered."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What an entry is found by. Each may be empty.

    Attributes:
        officer_key: SHA-256 of the officer's public key.
        case_reference: the case.
        named: what the request names: its kind, a space, and the value in its normal form.
    """

    officer_key: bytes
    case_reference: str
    named: str


class Labels:
    """Makes labels. Threads may share it."""

    def __init__(self, keyring: Keyring) -> None:
        """Takes the keyring's `blind` keys of entries."""
        self._keys = [keyring.blind[use] for use in USES]
        self._primary = [keys.primary for keys in self._keys]
        self._officer = functools.lru_cache(maxsize=_OFFICERS)(self._made_of_officer)

    def of(self, labelled: Entry | Labelled, access_id: bytes) -> tuple[bytes, bytes, bytes]:
        """The labels of an entry under the primary keys: officer, case, named."""
        _, case, named = self._primary
        none = _ACCESS_ID + access_id
        return (
            self._officer(labelled.officer_key) if labelled.officer_key else self._primary[0](none, LABEL_BYTES),
            case(_TEXT + labelled.case_reference.encode() if labelled.case_reference else none, LABEL_BYTES),
            named(_TEXT + labelled.named.encode() if labelled.named else none, LABEL_BYTES),
        )

    def fit(self, labelled: Labelled, access_id: bytes, stored: Sequence[uuid.UUID]) -> bool:
        """Whether stored labels are those of an entry, under whichever keys they were made."""
        labels = [label.bytes for label in stored]
        if self.of(labelled, access_id) == tuple(labels):
            return True
        texts = (labelled.officer_key, labelled.case_reference.encode(), labelled.named.encode())
        return all(
            label in self._under_every_key(nth, _TEXT + text if text else _ACCESS_ID + access_id)
            for nth, (label, text) in enumerate(zip(labels, texts, strict=True))
        )

    def every(self, use: str, value: str | bytes) -> list[bytes]:
        """The labels that a value has had, under every live key: by these its entries are found."""
        text = value.encode() if isinstance(value, str) else value
        return self._under_every_key(USES.index(use), _TEXT + text)

    def _under_every_key(self, nth: int, made_of: bytes) -> list[bytes]:
        return [label for _, label in self._keys[nth].values(made_of, LABEL_BYTES)]

    def _made_of_officer(self, officer_key: bytes) -> bytes:
        return self._primary[0](_TEXT + officer_key, LABEL_BYTES)
