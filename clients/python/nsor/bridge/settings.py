# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""The bridge's settings: one TOML file. It names a file of its own for the secrets, which is its owner's alone."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import stat
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from nsor.advice import Words
from nsor.errors import SettingsWrong

TEMPLATE: Final = """\
# Settings of nsor-bridge. Paths are relative to this file. `nsor-bridge check --settings FILE` tries them.

[register]
target = "register.example:7443"
certificate = "punjab-police.pem"   # of the agency
key = "punjab-police.key"
ca = "ca.pem"                       # of the register
system_key = "bridge.key"           # `nsor officer new-key` makes it, `nsor officer system-key` enrols it
ledger_key = "nsor.gov.pk/ledger+1a2b3c4d+..."   # from the register's operator, or a file with it
# witnesses = "witnesses.txt"       # a file with one key a line
# consumer = "SYSTEM-1"             # only this consumer's events: `nsor consumer enrol`; without it all of the agency

[endpoint]
url = "https://events.example/nsor"
secret_file = "webhook.secret"      # mode 0600: whsec_ and base64; while you change it two, each on a line
# ca = "endpoint-ca.pem"            # only certificates of this CA; without it those that the computer trusts
# networks = ["10.20.0.0/16"]       # only these addresses; without it all but link-local, multicast and reserved ones
# answer_contains = "stored"        # a 2xx answer counts only with this text in it
# timeout_seconds = 15              # for a whole post

[bridge]
state = "state"                     # folder of what was taken, dead letters and proofs
# tries = 12                        # posts of one event that the endpoint answers with an error of the event's own
# longest_pause_seconds = 300       # between two posts of one event
"""

_SECRET_BYTES: Final = range(24, 65)
"""How long a secret may be, by Standard Webhooks."""


@dataclass(frozen=True, slots=True)
class Register:
    """How the register is reached; as ``nsor.cli.settings``.

    Attributes:
        target: host:port.
        certificate: PEM file of the agency's certificate.
        key: PEM file of its key.
        ca: PEM file of the register's CA.
        system_key: file of this system's key.
        ledger_key: the ledger's verifier key, as text.
        witnesses: verifier keys of witnesses, as text.
        consumer: the consumer whose events they are; empty: the agency's.
    """

    target: str
    certificate: Path
    key: Path
    ca: Path
    system_key: Path
    ledger_key: str
    witnesses: tuple[str, ...] = ()
    consumer: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events are posted.

    Attributes:
        url: an https address; its query may be a secret.
        secrets: the keys that sign, the present one first.
        ca: PEM file of the only CA that counts; None: those that the computer trusts.
        networks: the only addresses that are called; empty: all but those that are nobody's server.
        answer_contains: text without which a 2xx answer doesn't count; empty: none is needed.
        timeout_seconds: for a whole post.
    """

    url: str = field(repr=False)
    secrets: tuple[bytes, ...] = field(repr=False)
    ca: Path | None = None
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    answer_contains: str = ""
    timeout_seconds: float = 15.0

    @property
    def shown(self) -> str:
        """The address as it is said to the operator: what is behind a ? is often a token."""
        return self.url.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings.

    Attributes:
        register: where events come from.
        endpoint: where they go.
        state: folder of what was taken, dead letters and proofs.
        tries: how often an event is posted that the endpoint itself refuses.
        longest_pause_seconds: between two posts of one event.
    """

    register: Register
    endpoint: Endpoint
    state: Path
    tries: int = 12
    longest_pause_seconds: float = 300.0


def load(path: Path) -> Settings:
    """Read the settings file, and the files with secrets that it names.

    Raises:
        SettingsWrong: something is missing or wrong; the text names the key, never a secret.
    """
    tables = _tables(path)
    register, endpoint, bridge = (
        _Table(path, name, tables.pop(name, {})) for name in ("register", "endpoint", "bridge")
    )
    if tables:
        raise _wrong(path, f"unknown: {', '.join(sorted(tables))}; there are [register], [endpoint] and [bridge]")
    found = Settings(
        register=Register(
            target=register.text("target"),
            certificate=register.path("certificate"),
            key=register.path("key"),
            ca=register.path("ca"),
            system_key=register.path("system_key"),
            ledger_key=register.verifier_keys("ledger_key"),
            witnesses=tuple(register.verifier_keys("witnesses", "").split()),
            consumer=register.text("consumer", ""),
        ),
        endpoint=Endpoint(
            url=_url(endpoint),
            secrets=_secrets(endpoint),
            ca=endpoint.path("ca") if endpoint.has("ca") else None,
            networks=_networks(endpoint),
            answer_contains=endpoint.text("answer_contains", ""),
            timeout_seconds=endpoint.number("timeout_seconds", 15.0, 0.1, 120.0),
        ),
        state=bridge.path("state"),
        tries=int(bridge.number("tries", 12, 1, 1000)),
        longest_pause_seconds=bridge.number("longest_pause_seconds", 300.0, 0.01, 86_400.0),
    )
    for table in (register, endpoint, bridge):
        table.nothing_else()
    return found


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _wrong(path, "it doesn't exist; `nsor-bridge --template` prints one to fill in") from None
    except (OSError, UnicodeDecodeError):
        raise _wrong(path, "it can't be read") from None
    except tomllib.TOMLDecodeError as error:
        raise _wrong(path, f"not TOML: {error}") from None


class _Table:
    """One table of the file, which is asked for its keys; none may be left."""

    def __init__(self, file: Path, name: str, values: object) -> None:
        self.file, self.name = file, name
        self._values = dict(values) if isinstance(values, dict) else {}

    def wrong(self, key: str, what: str) -> SettingsWrong:
        return _wrong(self.file, f"{key} in [{self.name}] {what}")

    def has(self, key: str) -> bool:
        return key in self._values

    def value(self, key: str) -> object:
        if key not in self._values:
            raise self.wrong(key, "is missing")
        return self._values.pop(key)

    def text(self, key: str, default: str | None = None) -> str:
        if default is not None and not self.has(key):
            return default
        value = self.value(key)
        if not isinstance(value, str) or not value:
            raise self.wrong(key, "must be text in quotes")
        return value

    def path(self, key: str) -> Path:
        return self.file.parent / Path(self.text(key)).expanduser()

    def number(self, key: str, default: float, least: float, most: float) -> float:
        if not self.has(key):
            return default
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self.wrong(key, f"must be a number from {least:g} to {most:g}")
        return value

    def verifier_keys(self, key: str, default: str | None = None) -> str:
        """The text of keys, or what is in the file that is named."""
        value = self.text(key, default)
        if value.count("+") >= 2 or not value:
            return value
        try:
            return (self.file.parent / Path(value).expanduser()).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise self.wrong(key, "is neither a verifier key nor a file with one") from None

    def nothing_else(self) -> None:
        if self._values:
            raise _wrong(self.file, f"unknown keys in [{self.name}]: {', '.join(sorted(self._values))}")


def _url(table: _Table) -> str:
    url = table.text("url")
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and parts.hostname and parts.port != 0
    except ValueError:
        raise table.wrong("url", "is no address") from None
    if not usable:
        raise table.wrong("url", "must begin with https:// and name a host")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise table.wrong("url", "must have no user, no password and no #")
    return url


def _networks(table: _Table) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    if not table.has("networks"):
        return ()
    given = table.value("networks")
    texts = [each for each in given if isinstance(each, str)] if isinstance(given, list) else []
    try:
        found = tuple(ipaddress.ip_network(each) for each in texts)
    except ValueError:
        found = ()
    if not found or given != texts:
        raise table.wrong("networks", 'must be a list such as ["10.20.0.0/16"]')
    return found


def _secrets(table: _Table) -> tuple[bytes, ...]:
    path = table.path("secret_file")
    try:
        mode = path.stat().st_mode
        lines = path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        raise table.wrong("secret_file", f"can't be read: {path}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise table.wrong("secret_file", f"can be read by others: chmod 600 {path}")
    if not 1 <= len(lines) <= 2:
        raise table.wrong("secret_file", "must hold one secret, or two while it is changed, each on a line")
    return tuple(_secret(table, line) for line in lines)


def _secret(table: _Table, line: str) -> bytes:
    try:
        secret = base64.b64decode(line.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) not in _SECRET_BYTES:
        raise table.wrong("secret_file", "must hold whsec_ and 24 to 64 bytes in base64 on each line")
    return secret


def _wrong(path: Path, what: str) -> SettingsWrong:
    return SettingsWrong(
        Words(f"The settings file {path} is wrong: {what}.", f"سیٹنگز کی فائل {path} درست نہیں: {what}"),
        Words(
            "`nsor-bridge --template` prints one to fill in.", "`nsor-bridge --template` پُر کرنے کے لیے ایک دکھاتی ہے۔"
        ),
    )
