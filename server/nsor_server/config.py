"""Settings: what an operator may choose, where each choice came from, and a clear word when one is wrong.

A setting comes from an environment variable (`NSOR_` and its name in capitals) or from one TOML file that
`NSOR_CONFIG` names; the environment wins. This module reads and checks text and opens nothing but that file.
It never repeats a value in an error, for a value can be a password, and it takes no key: `keys` says where
keys are.
"""

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

PREFIX = "NSOR_"
CONFIG_VARIABLE = "NSOR_CONFIG"

# Variables of the agencies' command, which an operator's shell may hold as well.
_OF_THE_CLIENT = frozenset(
    f"{PREFIX}{name}"
    for name in (
        *(
            "AGENCY",
            "CA",
            "CERT",
            "CLIENT_CONFIG",
            "FOCAL_KEY",
            "KEY",
            "LANG",
            "LEDGER_KEY",
            "LOG_TARGET",
            "OFFICER_KEY",
        ),
        *("SECOND_FOCAL_KEY", "STATE", "TARGET"),
    )
)
_HIDDEN = frozenset({"database_url", "database_owner_url", "publish_database_url", "console_database_url"})
_OFF = frozenset({"metrics_listen", "publish_listen"})


class OperatorError(Exception):
    """An expected failure of a command: its text is one line that says what is wrong and what to do next."""


class SettingsError(OperatorError):
    """A setting is wrong or unknown. Names it, where it was found and what is allowed; never the value."""

    def __init__(self, name: str, problem: str, *, source: str, allowed: str) -> None:
        super().__init__(f"{name} ({source}) {problem}. Allowed: {allowed}.")
        self.name = name
        """The setting's name, e.g. `unary_threads`."""
        self.source = source
        """Where it was found: `environment NSOR_X` or `file PATH`."""
        self.allowed = allowed
        """What would be accepted, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one server; made by `load`, which also fills in the defaults that depend on others."""

    state_dir: Path = Path(".nsor")
    """Folder of the embedded database, development keys, checkpoints and local spans; made with mode 0700."""

    listen: str = "127.0.0.1:7443"
    """Address of the gRPC server, HOST:PORT; port 0 takes a free one."""

    database_url: str | None = field(default=None, repr=False)
    """libpq URL for the server's role; unset means the embedded PostgreSQL. Never shown."""

    database_owner_url: str | None = field(default=None, repr=False)
    """libpq URL for the role that owns the tables (migrate, agency, pki import). Never shown."""

    postgres_bin: Path | None = None
    """Folder with initdb, pg_ctl and postgres for the embedded database; unset means the wheel's."""

    wal_archive: Path | None = None
    """Folder to which the embedded PostgreSQL archives its WAL, on another disk; None: `backup` alone is restored."""

    server_certificate: Path = Path("certs/dev/server.pem")
    """PEM of the server's certificate followed by its issuing CA."""

    server_key: Path = Path("certs/dev/server.key")
    """PEM file of the server's TLS key, mode 0600."""

    client_ca: Path = Path("certs/dev/ca.pem")
    """PEM of the CA certificates that agencies' certificates are checked against."""

    keys: str
    """Where the keyring is, never a key: a path (mode 0600), `command:PROGRAM ARGUMENTS`, or `fd:N`.

    Default: keys.json in state_dir.
    """

    checkpoint_file: Path
    """Append-only copy of every checkpoint, in production on another host.

    Default: checkpoints in state_dir.
    """

    witnesses: Path | None = None
    """File with verifier keys of witnesses, one a line: each must have co-signed the beginning of every new epoch."""

    ledger_origin: str = "nsor.gov.pk/ledger"
    """Origin line of the checkpoints: names the log for whoever verifies it."""

    trace_store: bool
    """Keep recent spans in a bounded local store for `nsor-server traces` and the console, also beside a collector.

    Default: on with the embedded database.
    """

    policy_dir: Path | None = None
    """Folder of policy documents for a register's first start; unset means those that ship with the server."""

    unary_threads: int = 24
    """Threads for calls with one answer that read, and as many connections; one agency has a third of them at most."""

    stream_threads: int = 64
    """Threads for streams, apart from those for unary calls."""

    streams_per_agency: int
    """Streams that one agency may hold open. Default: an eighth of stream_threads (8)."""

    streams_per_officer: int
    """Of these, streams that one officer or system may hold open. Default: a quarter of streams_per_agency (2)."""

    rate_per_second: int = 5000
    """Calls per second that one agency may make."""

    in_flight_per_agency: int = 400
    """Unary calls of one agency at a time: those that wait do so behind their own."""

    connections_per_certificate: int = 128
    """Connections that one certificate may keep, counted from the first call on each; the newest beyond are ended."""

    commit_timeout_seconds: float = 5.0
    """Seconds after which a commit counts as hanging: its calls get UNAVAILABLE, its connection goes."""

    copy_patience_seconds: float = 60.0
    """Seconds for which the outside copy of the checkpoints may be behind before health says NOT_SERVING."""

    events_patience_seconds: float = 60.0
    """Seconds for which events may wait to be delivered before health says NOT_SERVING."""

    drain_seconds: float = 10.0
    """Seconds that running calls get to end after SIGTERM."""

    maximum_message_bytes: int = 294912
    """Largest request, in bytes."""

    metrics_listen: str | None = None
    """Address of the Prometheus endpoint, HOST:PORT; None is off."""

    log_format: Literal["text", "json"] = "text"
    """Form of the log's lines on stderr: `text` for people, `json` for programs, one object a line."""

    publish_listen: str | None = None
    """Address of `nsor-server ledger publish`, HOST:PORT: the log over HTTPS; None is off."""

    publish_database_url: str | None = field(default=None, repr=False)
    """libpq URL for the role nsor_publisher; needed beside database_url to publish the log. Never shown."""

    publish_rate_per_second: int = 100
    """Tiles, entry bundles and checkpoints per second that one agency may fetch."""

    log_keys: Path
    """File with the ledger's verifier keys, one a line (`ledger log-key` prints it), for whoever has no keyring.

    Default: ledger.key in state_dir.
    """

    console_listen: str = "127.0.0.1:0"
    """Address of `nsor-server console`; one that isn't loopback is under mutual TLS, for NPB and NADRA."""

    console_database_url: str | None = field(default=None, repr=False)
    """libpq URL for the role nsor_console; needed beside database_url for the console. Never shown."""

    watch_file: Path
    """File that `nsor-server ledger watch --metrics` writes, for the console's page.

    Default: watch.prom in state_dir.
    """

    spans_ca: Path | None = None
    """PEM of the CA of the collector that `ledger verify --spans-from` asks; unset means this computer's."""

    spans_certificate: Path | None = None
    """PEM of the certificate that is shown to that collector, with its chain."""

    spans_key: Path | None = None
    """PEM file of its key, mode 0600."""

    spans_header_file: Path | None = None
    """File of mode 0600 with a line `Name: value` for each header that the collector wants, such as a token."""

    sources: Mapping[str, str] = field(default_factory=dict)
    """Setting name -> `default`, `environment NSOR_X` or `file PATH`."""

    ignored: tuple[str, ...] = ()
    """NSOR_ variables that resemble no setting and were not used; `check` lists them."""

    @property
    def copy_marker(self) -> Path:
        """The file by which the server knows that it has begun the outside copy, wherever that is."""
        return self.state_dir / "checkpoints.begun"

    @property
    def embedded(self) -> bool:
        """Whether the server runs its own PostgreSQL."""
        return self.database_url is None

    @property
    def development_certificates(self) -> bool:
        """Whether client certificates are checked against the default, the development CA."""
        return self.sources.get("client_ca", "default") == "default"

    def shown(self, name: str) -> str:
        """The value of a setting as it may be printed: addresses of databases and key commands are not."""
        value = getattr(self, name)
        if value is None:
            return "off" if name in _OFF else "not set"
        if name in _HIDDEN:
            return "set (not shown)"
        if name == "keys" and value.startswith("command:"):
            return "command: (not shown)"
        if isinstance(value, bool):
            return "on" if value else "off"
        return str(value)


class _WrongError(ValueError):
    """What is wrong with a value, without the value."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """How one setting is read."""

    allowed: str
    read: Callable[[object, Path], Any]
    """(value, folder that relative paths start from) -> checked value; raises _WrongError."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _WrongError("is not text")
    if not value.strip():
        raise _WrongError("is empty")
    if "-----BEGIN" in value or value.lstrip().startswith("{"):
        raise _WrongError("looks like a key or certificate itself; settings only say where these are")
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in value):
        raise _WrongError("has control characters or line breaks")
    return value.strip()


def _path(value: object, folder: Path) -> Path:
    return folder / Path(_text(value)).expanduser()


_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})")


def _address(value: object, _folder: Path) -> str:
    text = _text(value)
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise _WrongError("is not an address")
    return text


def _optional_address(value: object, folder: Path) -> str | None:
    return None if value in {"off", False} else _address(value, folder)


def _database(value: object, _folder: Path) -> str:
    text = _text(value)
    if not text.startswith(("postgresql://", "postgres://")):
        raise _WrongError("is not a PostgreSQL URL")
    return text


def _keys(value: object, folder: Path) -> str:
    text = _text(value)
    kind, colon, rest = text.partition(":")
    if colon and kind == "command":
        if not rest.strip():
            raise _WrongError("names no program")
        return text
    if colon and kind == "fd":
        if not re.fullmatch(r"[0-9]{1,4}", rest):
            raise _WrongError("names no file descriptor")
        return text
    return str(_path(text, folder))


def _origin(value: object, _folder: Path) -> str:
    text = _text(value)
    if not re.fullmatch(r"[a-z0-9][a-z0-9./-]{0,127}", text):
        raise _WrongError("is not an origin")
    return text


def _switch(value: object, _folder: Path) -> bool:
    if isinstance(value, bool):
        return value
    if value not in {"on", "off"}:
        raise _WrongError("is neither on nor off")
    return value == "on"


def _form(value: object, _folder: Path) -> str:
    if value not in {"text", "json"}:
        raise _WrongError("is neither text nor json")
    return str(value)


def _count(low: int, high: int) -> _Rule:
    def read(value: object, _folder: Path) -> int:
        if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,12}\s*", value, re.ASCII):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise _WrongError("is not a whole number")
        if not low <= value <= high:
            raise _WrongError("is out of range")
        return value

    return _Rule(f"a whole number from {low} to {high}", read)


def _seconds(low: float, high: float) -> _Rule:
    def read(value: object, _folder: Path) -> float:
        if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,9}(\.[0-9]{1,6})?\s*", value, re.ASCII):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _WrongError("is not a number of seconds")
        if not low <= value <= high:
            raise _WrongError("is out of range")
        return float(value)

    return _Rule(f"seconds from {low:g} to {high:g}", read)


_FILE = _Rule("a path", _path)
_URL = _Rule("a URL such as postgresql://user@host/database?sslmode=verify-full", _database)

RULES: Mapping[str, _Rule] = {
    "state_dir": _Rule("a path of a folder", _path),
    "listen": _Rule("HOST:PORT, such as 127.0.0.1:7443 or [::1]:7443", _address),
    "database_url": _URL,
    "database_owner_url": _URL,
    "postgres_bin": _Rule("a path of a folder that holds initdb, pg_ctl and postgres", _path),
    "wal_archive": _Rule("a path of a folder", _path),
    "server_certificate": _FILE,
    "server_key": _FILE,
    "client_ca": _FILE,
    "keys": _Rule("a path, command:PROGRAM ARGUMENTS, or fd:N", _keys),
    "checkpoint_file": _FILE,
    "witnesses": _FILE,
    "ledger_origin": _Rule("lower-case letters, digits, dots, slashes and dashes, at most 128", _origin),
    "trace_store": _Rule("on or off", _switch),
    "policy_dir": _Rule("a path of a folder", _path),
    "unary_threads": _count(1, 256),
    "stream_threads": _count(1, 4096),
    "streams_per_agency": _count(1, 4096),
    "streams_per_officer": _count(1, 4096),
    "rate_per_second": _count(1, 1_000_000),
    "in_flight_per_agency": _count(1, 4096),
    "connections_per_certificate": _count(1, 4096),
    "commit_timeout_seconds": _seconds(0.05, 300),
    "copy_patience_seconds": _seconds(1, 86400),
    "events_patience_seconds": _seconds(1, 86400),
    "drain_seconds": _seconds(0, 3600),
    "maximum_message_bytes": _count(1024, 4 * 1024 * 1024),
    "metrics_listen": _Rule("HOST:PORT or off", _optional_address),
    "log_format": _Rule("text or json", _form),
    "publish_listen": _Rule("HOST:PORT or off", _optional_address),
    "publish_database_url": _URL,
    "publish_rate_per_second": _count(1, 100_000),
    "log_keys": _FILE,
    "console_listen": _Rule("HOST:PORT, such as 127.0.0.1:8444", _address),
    "console_database_url": _URL,
    "watch_file": _FILE,
    "spans_ca": _FILE,
    "spans_certificate": _FILE,
    "spans_key": _FILE,
    "spans_header_file": _FILE,
}
"""Every setting, in the order in which `check` lists them."""


def load(environ: Mapping[str, str], file: Path | None = None) -> Settings:
    """Read the settings from the environment and from one TOML file.

    Args:
        environ: variables; only those that begin with NSOR_ are looked at.
        file: the TOML file; None takes the one that NSOR_CONFIG names, if any. Its relative paths start from
            its own folder, those of the environment from the working folder.

    Raises:
        SettingsError: a setting is unknown, malformed, out of range or contradicts another.
    """
    if file is None and environ.get(CONFIG_VARIABLE):
        file = Path(environ[CONFIG_VARIABLE])
    values: dict[str, Any] = {}
    sources = dict.fromkeys(RULES, "default")
    if file is not None:
        source = f"file {file}"
        for name, value in _toml(file).items():
            if name not in RULES:
                raise _unknown(name, source=source)
            values[name] = _checked(name, value, folder=file.parent, source=source)
            sources[name] = source
    ignored = []
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE or variable in _OF_THE_CLIENT:
            continue
        name = variable.removeprefix(PREFIX).lower()
        source = f"environment {variable}"
        if variable == PREFIX + name.upper() and name in RULES:
            values[name] = _checked(name, environ[variable], folder=Path(), source=source)
            sources[name] = source
        elif _nearest(name) is not None:
            raise _unknown(name, source=source)
        else:
            ignored.append(variable)
    _complete(values, sources)
    return Settings(**values, sources=sources, ignored=tuple(ignored))


def _toml(file: Path) -> dict[str, object]:
    source = f"file {file}"
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        problem = "is not UTF-8 text"
    except tomllib.TOMLDecodeError as error:
        # The parser's text can quote the line; its position cannot.
        place = re.search(r"at line \d+, column \d+|at end of document", str(error))
        problem = f"is not valid TOML ({place[0] if place else 'syntax'})"
    raise SettingsError("config", problem, source=source, allowed="a readable TOML file of settings")


def _checked(name: str, value: object, *, folder: Path, source: str) -> object:
    rule = RULES[name]
    try:
        return rule.read(value, folder)
    except _WrongError as wrong:
        raise SettingsError(name, str(wrong), source=source, allowed=rule.allowed) from None


def _nearest(name: str) -> str | None:
    return next(iter(difflib.get_close_matches(name, RULES, n=1, cutoff=0.75)), None)


def _unknown(name: str, *, source: str) -> SettingsError:
    nearest = _nearest(name)
    problem = "is not a setting" if nearest is None else "is not a setting but looks like one"
    return SettingsError(name, problem, source=source, allowed=nearest or ", ".join(RULES))


def _complete(values: dict[str, Any], sources: Mapping[str, str]) -> None:
    """Fill in defaults that depend on other settings; refuse a share that is larger than the whole, and half a pair."""
    for given, other in (("spans_certificate", "spans_key"), ("spans_key", "spans_certificate")):
        if given in values and other not in values:
            problem = f"is set without {other}, and would be used for nothing"
            raise SettingsError(given, problem, source=sources[given], allowed=f"{given} and {other}, or neither")
    plain = {item.name: item.default for item in dataclasses.fields(Settings)}
    state: Path = values.get("state_dir", plain["state_dir"])
    values.setdefault("keys", str(state / "keys.json"))
    values.setdefault("checkpoint_file", state / "checkpoints")
    values.setdefault("log_keys", state / "ledger.key")
    values.setdefault("watch_file", state / "watch.prom")
    values.setdefault("trace_store", values.get("database_url") is None)
    streams = values.get("stream_threads", plain["stream_threads"])
    values.setdefault("streams_per_agency", max(1, streams // 8))
    if values["streams_per_agency"] > streams:
        problem = "is more than stream_threads, so one agency could take every thread"
        allowed = f"1 to {streams}"
        raise SettingsError("streams_per_agency", problem, source=sources["streams_per_agency"], allowed=allowed)
    of_agency = values["streams_per_agency"]
    # Two where there are two: after a lost connection the one before counts until the server has noticed.
    values.setdefault("streams_per_officer", max(min(2, of_agency), of_agency // 4))
    if values["streams_per_officer"] > of_agency:
        problem = "is more than streams_per_agency, which one officer or system could take alone"
        allowed = f"1 to {of_agency}"
        raise SettingsError("streams_per_officer", problem, source=sources["streams_per_officer"], allowed=allowed)
