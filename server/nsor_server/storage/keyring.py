"""All keys of the register, and where they come from.

A keyring is one JSON document of cleartext Tink keysets. In production it comes from a command or a file
descriptor, with an HSM or a KMS behind; a file is for development. It never comes from the environment, which a
database superuser and every child process can read. Whoever reads the server's memory has the keys: nothing
here changes that.
"""

import base64
import binascii
import functools
import hashlib
import os
import shlex
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.ledger.rotations import Ended
from nsor_server.config import OperatorError
from nsor_server.storage.keysets import AeadKeyset, PrfKeyset
from nsor_server.storage.ledger_signers import LedgerSigners

FORMAT = "nsor-keyring/1"
BLIND_USES = (
    "cnic",
    "passport",
    "mobile",
    "case",
    "judgment",
    "entry-officer",
    "entry-case",
    "entry-named",
    "entry-shown",
    "request",
    "budget",
    "identity",
    "screening",
    "watched",
)
"""What blind indexes are made of; each has keys of its own, so that two uses of one value cannot be joined.

Those of entries label what the ledger's entries are about, and what their answers show; that of requests tells a
repeated request from another one; that of budgets names accounts; that of identity says who checks one; that of
screening finds a passenger by number and date of birth together; that of what is watched finds nothing else.
"""

_NOTE = "Cleartext keys, for development only. In production let a command or a file descriptor hand them over."
_MOST_BYTES = 1 << 20
_COMMAND_SECONDS = 60


class KeyringError(OperatorError):
    """The keyring cannot be had, or is none. Never says what was read."""


class _Former(msgspec.Struct, forbid_unknown_fields=True):
    signer: str
    last_size: int
    last_origin: str


class _Document(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    format: str
    note: str
    sealing: str
    detail: str
    blind: dict[str, str]
    ledger_signer: str
    former_ledger_signers: list[_Former] = []
    next_ledger_signer: str = ""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys. Nothing of them is in its repr."""

    sealing: AeadKeyset
    """Seals rows, and wraps the data keys of registrations."""
    detail: AeadKeyset
    """Seals the details of the access ledger: they are read by other people than the register is."""
    blind: Mapping[str, PrfKeyset]
    """Use (`BLIND_USES`) -> keys of its blind index."""
    ledger: LedgerSigners = field(repr=False)
    """Sign the ledger's checkpoints, one after the other."""

    @property
    def ledger_signer(self) -> Ed25519PrivateKey:
        """Signs the ledger's checkpoints now, as far as this keyring knows."""
        return self.ledger.signers[self.ledger.number]

    @classmethod
    def new(cls) -> Self:
        """A keyring of fresh keys."""
        blind = {use: PrfKeyset.new() for use in BLIND_USES}
        return cls(AeadKeyset.new(), AeadKeyset.new(), blind, LedgerSigners((Ed25519PrivateKey.generate(),)))

    def rotated(self) -> Self:
        """The same keys, with a new primary in each keyset.

        The ledger's signer stays, since verifiers hold its public key; it is rotated by itself.
        """
        blind = {use: keyset.with_new_primary() for use, keyset in self.blind.items()}
        return type(self)(self.sealing.with_new_primary(), self.detail.with_new_primary(), blind, self.ledger)

    def with_ledger(self, ledger: LedgerSigners) -> Self:
        """The same keys, with other signers of the ledger."""
        return type(self)(self.sealing, self.detail, self.blind, ledger)

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Use and id of each key but the ledger's signer, sorted."""
        return tuple(sorted(f"{use} {each}" for use, keyset in self._keysets() for each in keyset.key_ids))

    @property
    def primary_ids(self) -> tuple[str, ...]:
        """Those of them with which new values are made, sorted."""
        return tuple(sorted(f"{use} {keyset.primary_id}" for use, keyset in self._keysets()))

    def _keysets(self) -> list[tuple[str, AeadKeyset | PrfKeyset]]:
        blind = [(f"blind {use}", keyset) for use, keyset in self.blind.items()]
        return [("sealing", self.sealing), ("detail", self.detail), *blind]

    def verifier_key(self, origin: str) -> str:
        """The text by which anybody checks checkpoints of this origin: a C2SP signed-note verifier key."""
        public = b"\x01" + self.ledger_signer.public_key().public_bytes_raw()
        identity = hashlib.sha256(origin.encode() + b"\n" + public).digest()[:4]
        return f"{origin}+{identity.hex()}+{base64.b64encode(public).decode()}"

    def to_bytes(self) -> bytes:
        """The document, keys in cleartext."""
        document = _Document(
            format=FORMAT,
            note=_NOTE,
            sealing=_text(self.sealing.serialized()),
            detail=_text(self.detail.serialized()),
            blind={use: _text(keyset.serialized()) for use, keyset in self.blind.items()},
            ledger_signer=_signer_text(self.ledger_signer),
            former_ledger_signers=[
                _Former(_signer_text(signer), ended.size, ended.origin)
                for signer, ended in zip(self.ledger.signers, self.ledger.ended, strict=False)
            ],
            next_ledger_signer="" if self.ledger.next is None else _signer_text(self.ledger.next),
        )
        return msgspec.json.format(msgspec.json.encode(document)) + b"\n"

    @classmethod
    def from_bytes(cls, document: bytes) -> Self:
        """Read a document.

        Raises:
            KeyringError: it is not a keyring; `from None`, as the parser's words may quote it.
        """
        try:
            read = msgspec.json.decode(document, type=_Document)
            if read.format != FORMAT:
                raise KeyringError(f"the keyring is not of format {FORMAT}")
            blind = {use: PrfKeyset(_bytes(text)) for use, text in read.blind.items()}
            missing = [use for use in BLIND_USES if use not in blind]
            if missing:
                raise KeyringError(f"the keyring has no blind keys for {', '.join(missing)}")
            texts = [*(each.signer for each in read.former_ledger_signers), read.ledger_signer]
            if read.next_ledger_signer:
                texts.append(read.next_ledger_signer)
            signers = tuple(Ed25519PrivateKey.from_private_bytes(_bytes(each)) for each in texts)
            ended = tuple(Ended(each.last_size, each.last_origin) for each in read.former_ledger_signers)
            ledger = LedgerSigners(signers, ended)
            return cls(AeadKeyset(_bytes(read.sealing)), AeadKeyset(_bytes(read.detail)), blind, ledger)
        except (msgspec.DecodeError, binascii.Error, ValueError):
            raise KeyringError("what was read is not a keyring; make one with `nsor-server keys create`") from None


def load(source: str) -> Keyring:
    """Read the keyring from where `keys` says: a path, `command:PROGRAM ARGUMENTS` or `fd:N`.

    Raises:
        KeyringError: it cannot be had, anybody else could read it, or it is none.
    """
    kind, colon, rest = source.partition(":")
    if colon and kind == "command":
        return Keyring.from_bytes(_from_command(rest))
    if colon and kind == "fd":
        return Keyring.from_bytes(_from_descriptor(int(rest)))
    keyring = Keyring.from_bytes(read_private(Path(source)))
    # A command takes its time, and a descriptor is read once: there a server starts again after a rotation.
    keyring.ledger.reads(functools.partial(_signers_in, Path(source)))
    return keyring


def _signers_in(path: Path) -> LedgerSigners | None:
    try:
        return Keyring.from_bytes(read_private(path)).ledger
    except KeyringError:
        return None


def read_private(path: Path) -> bytes:
    """Read a file that only we, or root for us, may have written and that nobody else can read.

    Raises:
        KeyringError: there is none, or its mode or owner is not that.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise KeyringError(
            f"{path} does not exist. Restore its backup with `nsor-server keys restore`; only for a new register, "
            "make it with `nsor-server keys create`"
        ) from None
    except OSError as error:
        raise KeyringError(f"{path} cannot be read ({error.strerror})") from None
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, so that what is checked is what is read
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise KeyringError(f"{path} is not a file")
        if found.st_mode & 0o077 or found.st_uid not in {os.geteuid(), 0}:
            raise KeyringError(f"{path} can be read by others; make it yours alone with `chmod 600`")
        return file.read(_MOST_BYTES)


def write_private(path: Path, content: bytes, *, replace: bool) -> None:
    """Write a file of mode 0600, whole or not at all, and on the disk when this returns.

    Raises:
        KeyringError: `replace` is off and it exists, or it cannot be written.
    """
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor that nobody else could have made
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        if replace:
            fresh.replace(path)
        else:
            os.link(fresh, path)
            fresh.unlink()
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileExistsError:
        fresh.unlink(missing_ok=True)
        raise KeyringError(f"{path} exists and is not overwritten: without it, what it sealed is lost") from None
    except OSError as error:
        raise KeyringError(f"{path} cannot be written ({error.strerror})") from None


def _from_command(command: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
            shlex.split(command), stdin=subprocess.DEVNULL, capture_output=True, timeout=_COMMAND_SECONDS, check=False
        )
    except (OSError, ValueError):
        raise KeyringError("the command of `keys` cannot be run") from None
    except subprocess.TimeoutExpired:
        raise KeyringError(f"the command of `keys` gave nothing within {_COMMAND_SECONDS} s") from None
    if done.returncode != 0:
        raise KeyringError(f"the command of `keys` ended with exit code {done.returncode}")
    return done.stdout[:_MOST_BYTES]


def _from_descriptor(number: int) -> bytes:
    try:
        with open(number, "rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise KeyringError(f"file descriptor {number} of `keys` cannot be read ({error.strerror})") from None


def _signer_text(signer: Ed25519PrivateKey) -> str:
    return _text(signer.private_bytes_raw())


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
