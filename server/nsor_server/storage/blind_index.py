"""Blind indexes: how an exact identifier is found without being stored.

Each use (CNIC, passport, mobile) has keys of its own. After a rotation, rows made under older keys stay
findable: whoever asks, asks for the value under every live key.
"""

from collections.abc import Callable, Sequence

from nsor_server.storage.keyring import Keyring

LENGTH = 32
"""Bytes of a value: 256 bits."""
SHORT_LENGTH = 16
"""Bytes of a value that only has to differ: 128 bits, which fit a uuid."""


class BlindIndex:
    """Computes the values of blind indexes from the keyring's `blind`."""

    def __init__(self, keyring: Keyring) -> None:
        self._blind = keyring.blind
        self._begins = {use: (use.encode() + b"\0", keyset) for use, keyset in keyring.blind.items()}

    def values(self, use: str, normalised: str) -> list[tuple[int, bytes]]:
        """(key id, value) under every live key, the primary's first.

        Args:
            use: one of `keyring.BLIND_USES`.
            normalised: the identifier in its one normal form; another spelling is another value.

        Raises:
            KeyError: there is no such use.
        """
        begins, keyset = self._begins[use]
        return keyset.values(begins + normalised.encode(), LENGTH)

    def key_ids(self, use: str) -> list[int]:
        """The ids of the live keys of a use, the primary's first."""
        return self._blind[use].in_order

    def functions(self, use: str) -> tuple[bytes, Sequence[Callable[[bytes], bytes]]]:
        """For who asks for very many values: what the encoded identifier is put behind, and what then gives its value.

        Under each live key, the primary's first, whose ids are ``key_ids``; 32 bytes.
        """
        begins, keyset = self._begins[use]
        return begins, keyset.functions

    def primary(self, use: str, normalised: str) -> tuple[int, bytes]:
        """(key id, value) under the primary key, for a new row."""
        return self.values(use, normalised)[0]

    def lasting(self, use: str, value: bytes) -> bytes:
        """16 bytes under the oldest key: for what is kept in one place, which a rotation must not move."""
        return self._blind[use].oldest(value, SHORT_LENGTH)

    def short(self, use: str, value: bytes) -> list[bytes]:
        """16 bytes under every live key, the primary's first: for what is compared and no identifier."""
        return [made for _, made in self._blind[use].values(value, SHORT_LENGTH)]
