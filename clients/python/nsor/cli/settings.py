# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""Where the command's settings come from: an option, then the environment, then the profile in a TOML file."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nsor.advice import Words
from nsor.errors import SettingsWrong

VARIABLES = {
    "target": "NSOR_TARGET",
    "certificate": "NSOR_CERT",
    "key": "NSOR_KEY",
    "ca": "NSOR_CA",
    "officer_key": "NSOR_OFFICER_KEY",
    "ledger_key": "NSOR_LEDGER_KEY",
    "witnesses": "NSOR_WITNESSES",
    "state": "NSOR_STATE",
    "log_target": "NSOR_LOG_TARGET",
    "witness_age": "NSOR_WITNESS_AGE",
}
_PATHS = frozenset({"certificate", "key", "ca", "officer_key", "state"})
_VERIFIER_KEYS = frozenset({"ledger_key", "witnesses"})


class NoSuchProfile(SettingsWrong):
    """The settings file has no table of the name that says who one is, or there is no such file."""

    def __init__(self, path: Path, agency: str, why: str) -> None:
        super().__init__(
            Words(
                f"The settings file {path} has no table [{agency}]: {why}.",
                f"سیٹنگز کی فائل {path} میں جدول [{agency}] نہیں۔",
            ),
            Words(
                "--agency, or NSOR_AGENCY, says who you are: a table there. `nsor --help` shows an example.",
                "--agency یا NSOR_AGENCY بتاتا ہے کہ آپ کون ہیں: وہاں کا ایک جدول۔ مثال: `nsor --help`",
            ),
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """What a connection needs.

    Attributes:
        target: host:port of the register.
        certificate: PEM file of the agency's certificate.
        key: PEM file of its key.
        ca: PEM file of the register's CA.
        ledger_key: the ledger's verifier key, as text.
        witnesses: verifier keys, as text, of those who must have co-signed each new epoch.
        state: folder in which proofs are kept.
        officer_key: file of the officer's key, if an officer acts.
        log_target: host:port where the log is published; empty: it isn't known.
        witness_age: hours after which a witness that hasn't signed is silent.
    """

    target: str
    certificate: Path
    key: Path
    ca: Path
    ledger_key: str
    witnesses: tuple[str, ...]
    state: Path
    officer_key: Path | None
    log_target: str = ""
    witness_age: int = 48


def load(options: Mapping[str, str | None], environment: Mapping[str, str]) -> Settings:
    """Put the settings together.

    Raises:
        NoSuchProfile: the file has no table of the agency's name.
        SettingsWrong: a setting is missing, or the file is wrong.
    """
    agency = options.get("agency") or environment.get("NSOR_AGENCY")
    values = _profile(agency, environment)
    values |= {name: environment[variable] for name, variable in VARIABLES.items() if environment.get(variable)}
    values |= {name: value for name, value in options.items() if name in VARIABLES and value}
    values.setdefault("state", str(_home(environment, "XDG_STATE_HOME", ".local/state") / (agency or "default")))
    officer = values.get("officer_key")
    ca = Path(_needed(values, "ca")).expanduser()
    _check_ca(ca)
    return Settings(
        target=_needed(values, "target"),
        certificate=Path(_needed(values, "certificate")).expanduser(),
        key=Path(_needed(values, "key")).expanduser(),
        ca=ca,
        ledger_key=_verifier_keys(_needed(values, "ledger_key")),
        witnesses=tuple(_verifier_keys(values.get("witnesses", "")).split()),
        state=Path(values["state"]).expanduser(),
        officer_key=Path(officer).expanduser() if officer else None,
        log_target=values.get("log_target", ""),
        witness_age=_hours(values.get("witness_age", "48")),
    )


def ledger_key(options: Mapping[str, str | None], environment: Mapping[str, str]) -> str:
    """The ledger's verifier key alone, for whoever only checks what he was shown: he needs no certificate.

    Raises:
        SettingsWrong: it is missing, or the file is wrong.
    """
    values = _profile(options.get("agency") or environment.get("NSOR_AGENCY"), environment)
    named = options.get("ledger_key") or environment.get(VARIABLES["ledger_key"])
    return _verifier_keys(named or _needed(values, "ledger_key"))


def _home(environment: Mapping[str, str], variable: str, otherwise: str) -> Path:
    return Path(environment.get(variable) or Path.home() / otherwise) / "nsor"


def _needed(values: Mapping[str, str], name: str) -> str:
    value = values.get(name)
    if value:
        return value
    option, variable = f"--{name.replace('_', '-')}", VARIABLES[name]
    raise SettingsWrong(
        Words(f"The setting {name} is missing.", f"سیٹنگ {name} موجود نہیں۔"),
        Words(
            f"Give {option}, set {variable}, or write {name} = ... in ~/.config/nsor/config.toml.",
            f"{option} دیں، یا {variable}، یا config.toml میں {name} لکھیں۔",
        ),
    )


def _hours(text: str) -> int:
    if text.isascii() and text.isdecimal() and int(text):
        return int(text)
    raise SettingsWrong(
        Words("The setting witness_age is not a number of hours.", "سیٹنگ witness_age گھنٹوں کی تعداد نہیں۔"),
        Words("Write a whole number, such as 48.", "پورا عدد لکھیں، مثلاً 48۔"),
    )


def _check_ca(path: Path) -> None:
    """See that a file holds certificates; one that can't be read is told of where it is used."""
    from cryptography import x509  # noqa: PLC0415 - only a call needs it

    try:
        x509.load_pem_x509_certificates(path.read_bytes())
    except OSError:
        return
    except ValueError:
        # gRPC would say so in lines of its own log, and then that nobody answers.
        raise SettingsWrong(
            Words(
                f"The file of the register's CA holds no PEM certificate: {path}.",
                "سی اے کی فائل میں PEM سرٹیفکیٹ نہیں۔",
            ),
            Words("Use the CA file that came with your certificate.", "وہ سی اے فائل دیں جو سرٹیفکیٹ کے ساتھ آئی تھی۔"),
        ) from None


def _verifier_keys(value: str) -> str:
    """The text of a key, or the text in the file that is named: for witnesses one key a line."""
    if value.count("+") >= 2 or not value:
        return value
    try:
        return Path(value).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return value


def _profile(agency: str | None, environment: Mapping[str, str]) -> dict[str, str]:
    named = environment.get("NSOR_CLIENT_CONFIG")
    path = Path(named) if named else _home(environment, "XDG_CONFIG_HOME", ".config") / "config.toml"
    if not (path.exists() or named or agency):
        return {}
    if agency and not path.exists():
        raise NoSuchProfile(path, agency, "it doesn't exist")
    content = _read(path)
    tables = {name: value for name, value in content.items() if isinstance(value, dict)}
    values = {name: value for name, value in content.items() if name not in tables}
    if agency:
        if agency not in tables:
            raise NoSuchProfile(path, agency, f"there are: {', '.join(tables) or 'none'}")
        values |= tables[agency]
    return {name: _value(path, name, value) for name, value in values.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _file_wrong(path, "it doesn't exist") from None
    except (OSError, UnicodeDecodeError):
        raise _file_wrong(path, "it can't be read") from None
    except tomllib.TOMLDecodeError as error:
        raise _file_wrong(path, f"not TOML: {error}") from None


def _value(path: Path, name: str, value: object) -> str:
    if name not in VARIABLES:
        near = difflib.get_close_matches(name, VARIABLES, n=1)
        raise _file_wrong(path, f"unknown key {name}" + (f"; did you mean {near[0]}?" if near else ""))
    if name == "witness_age" and isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        raise _file_wrong(path, f"{name} must be text in quotes")
    if name in _PATHS or (name in _VERIFIER_KEYS and value.count("+") < 2):
        # A path in the file is relative to the file, wherever the command is run.
        return str(path.parent / Path(value).expanduser())
    return value


def _file_wrong(path: Path, what: str) -> SettingsWrong:
    return SettingsWrong(
        Words(f"The settings file {path} is wrong: {what}.", "سیٹنگز کی فائل درست نہیں۔"),
        Words("`nsor --help` shows an example.", "مثال کے لیے `nsor --help` دیکھیں۔"),
    )
