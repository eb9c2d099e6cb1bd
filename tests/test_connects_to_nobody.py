"""The server connects to nobody: it is called, and calls nobody. Whatever may open a connection is named here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import nsor_server

SERVER: Final = Path(nsor_server.__file__).parent
CLIENTS: Final = frozenset(
    {
        *("asyncssh", "ftplib", "http.client", "httplib2", "httpx", "imaplib", "opentelemetry.exporter", "paramiko"),
        *("poplib", "requests", "smtplib", "telnetlib", "urllib.request", "urllib3", "websockets", "xmlrpc.client"),
    }
)
"""Modules whose purpose is to call somebody."""
OPENS: Final = frozenset(
    {
        *("ClientSession", "connect", "connect_ex", "create_connection", "create_datagram_endpoint"),
        *("create_unix_connection", "insecure_channel", "open_connection", "open_unix_connection", "secure_channel"),
        *("sendto", "sock_connect", "urlopen"),
    }
)
"""Names by which a connection is opened: of sockets, asyncio, aiohttp and gRPC."""
POSTGRESQL: Final = ("psycopg", "database", "_database")
"""What ``connect`` is asked of where it is PostgreSQL that it connects to."""
NAMED: Final = {
    # What a running server has loaded.
    "tracing/otlp.py": {"opentelemetry.exporter"},  # the configured collector
    "rpc/renewal.py": {"create_connection"},  # its own port, to see its new certificate
    # Commands and processes of the operator, each to an address that he has given or that is the server's own.
    "commands/health.py": {"urllib.request", "urlopen"},
    "console/figures.py": {"urllib.request", "urlopen"},
    "verification/collectors/fetch.py": {"create_connection", "http.client"},
}
"""Modules that open connections. That the server loads no other ones of them, the layers in pyproject.toml say."""


def modules(tree: ast.AST) -> Iterator[str]:
    """The modules that a module imports, and the names that it takes from them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def opens(tree: ast.AST) -> set[str]:
    """By what a module may open a connection, other than to PostgreSQL."""
    imported = list(modules(tree))
    found = {one for each in imported for one in CLIENTS if f"{each}.".startswith(f"{one}.")}
    found |= OPENS.intersection(each.rpartition(".")[2] for each in imported)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in OPENS:
            of = node.value
            name = of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""
            if node.attr != "connect" or name not in POSTGRESQL:
                found.add(node.attr)
    return found


def may_open(text: str) -> bool:
    """Whether a module's text has a word that ``opens`` looks for; few have, and to parse all takes seconds."""
    words = {one.partition(".")[0] for one in CLIENTS} | OPENS
    return re.search(rf"\b(?:{'|'.join(sorted(words))})\b", text) is not None


def test_nothing_of_the_server_opens_a_connection_but_what_is_named_here() -> None:
    found = {}
    for path in sorted(SERVER.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        by = opens(ast.parse(text)) if may_open(text) else set()
        if by:
            found[path.relative_to(SERVER).as_posix()] = by
    assert found == NAMED
