"""Why a database doesn't answer, in words of ours: the driver's text holds addresses, names of roles, and values."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

_REASONS: Final = (
    ("password authentication failed", "the password is wrong, or the role isn't there"),
    ("no pg_hba.conf entry", "pg_hba.conf doesn't let this host, role or kind of connection in"),
    ("certificate verify failed", "its certificate isn't signed by the CA that sslrootcert names"),
    ("does not match host name", "its certificate is another host's"),
    ("root certificate file", "the file that sslrootcert names can't be read"),
    ("server does not support SSL", "it doesn't speak TLS, and sslmode asks for it"),
    ("could not translate host name", "the host's name isn't known"),
    ("Name or service not known", "the host's name isn't known"),
    ("failed to resolve host", "the host's name isn't known"),
    ("Connection refused", "nothing listens at that address"),
    ("No such file or directory", "there is no socket at that path"),
    ("timeout expired", "it didn't answer in time"),
    ("No route to host", "there is no route to the host"),
    ("Network is unreachable", "the network isn't reachable"),
    ("starting up", "it is starting, or recovering"),
    ("shutting down", "it is shutting down"),
    ("hot standby mode", "it is a standby; the register writes to the primary alone"),
    ("in recovery", "it is a standby, or recovering"),
    ("session is read-only", "it is read-only"),
    ("too many clients", "it has no connection left (max_connections)"),
    ("remaining connection slots", "it has no connection left (max_connections)"),
    ("does not exist", "the role or the database isn't there"),
    ("is not permitted to log in", "the role may not log in"),
)


def reason(error: psycopg.Error) -> str:
    """What is wrong, from a closed list; else the class of the error and, if it has one, its SQLSTATE."""
    text = str(error)
    for sign, meaning in _REASONS:
        if sign in text:
            return meaning
    return type(error).__name__ + (f", SQLSTATE {error.sqlstate}" if error.sqlstate else "")


def is_private(url: str) -> bool:
    """Whether nobody between here and the database can read or answer: a Unix socket, or TLS that checks the name."""
    parts = conninfo_to_dict(url)
    hosts = [host for host in str(parts.get("host") or "").split(",") if host]
    over_network = parts.get("hostaddr") is not None or any(not host.startswith(("/", "@")) for host in hosts)
    return not over_network or parts.get("sslmode") == "verify-full"
