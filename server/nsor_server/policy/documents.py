"""The documents of which the policy that decides consists, and the one form in which a document is stored.

A file's comments and its order of keys decide nothing and are words of somebody: what is kept is the canonical form,
the parsed values as JSON in the order of their type. What the words that are left may say is in ``texts``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from nsor_server.policy import source, texts
from nsor_server.policy.budgets import BudgetsFile
from nsor_server.policy.deadlines import DeadlinesFile
from nsor_server.policy.duties import DutiesFile
from nsor_server.policy.grants import GrantPolicy
from nsor_server.policy.holidays import HolidaysFile
from nsor_server.policy.narrowing import NarrowingFile
from nsor_server.policy.offences import OffencesFile
from nsor_server.policy.places import PlacesFile
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.policy.screening import ScreeningPolicy
from nsor_server.policy.search import SearchPolicy
from nsor_server.policy.tripwires import TripwirePolicy
from nsor_server.policy.written_forms import WrittenFormsFile

KINDS: Final[Mapping[str, type[msgspec.Struct]]] = {
    "deadlines": DeadlinesFile,
    "grants": GrantPolicy,
    "narrowing": NarrowingFile,
    "offences": OffencesFile,
    "places": PlacesFile,
    "written_forms": WrittenFormsFile,
    "reviews": ReviewPolicy,
    "budgets": BudgetsFile,
    "holidays": HolidaysFile,
    "duties": DutiesFile,
    "screening": ScreeningPolicy,
    "search": SearchPolicy,
    "tripwires": TripwirePolicy,
}
"""Name of a document -> its form. `messages.toml` isn't one: what people are told decides nothing."""
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


def parse(name: str, toml: bytes) -> msgspec.Struct:
    """Read a document.

    Args:
        name: one of ``KINDS``.
        toml: the file.

    Raises:
        source.PolicyError: it can't be used; names the file, the place in it and the rule.
    """
    file = f"{name}.toml"
    document = source.parse(file, toml, KINDS[name])
    texts.check(file, document)
    return document


def read(folder: Path | None, name: str) -> msgspec.Struct:
    """Read a document of a folder; the one that ships with the server when there is no folder, or none in it.

    Raises:
        source.PolicyError: it can't be used.
    """
    path = source.packaged(f"{name}.toml")
    if folder is not None and (folder / path.name).exists():
        path = folder / path.name
    try:
        return parse(name, path.read_bytes())
    except OSError as error:
        raise source.PolicyError(f"{path.name}: can't be read ({error.strerror})") from error


def check_folder(folder: Path) -> None:
    """See that a folder of documents is there and holds no file that nobody would read.

    Raises:
        source.PolicyError: it isn't, or does.
    """
    if not folder.is_dir():
        raise source.PolicyError(f"{folder} is no folder of policy documents")
    strangers = sorted(path.name for path in folder.glob("*.toml") if path.stem not in KINDS)
    if strangers:
        known = ", ".join(f"{name}.toml" for name in KINDS)
        raise source.PolicyError(f"{folder} has {', '.join(strangers)}; policy documents are {known}")


def canonical(document: msgspec.Struct) -> bytes:
    """A document in the form in which it is stored and compared: JSON, every field in the order of its type."""
    return _ENCODER.encode(document)


def decode(name: str, content: bytes) -> msgspec.Struct:
    """A document from its canonical form.

    Raises:
        source.PolicyError: this version of the server doesn't know it, or not in this form.
    """
    kind = KINDS.get(name)
    if kind is None:
        raise source.PolicyError(f"the policy in force has {name}, which this version doesn't know; run a newer one")
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError as error:
        raise source.PolicyError(f"the policy in force can't be read: {name}: {error}") from error


def digest(name: str, content: bytes) -> bytes:
    """What a document is known by: the SHA-256 of its name, a zero byte, and its canonical form."""
    return hashlib.sha256(name.encode() + b"\0" + content).digest()
