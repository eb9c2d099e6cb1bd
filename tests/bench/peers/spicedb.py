"""SpiceDB, which answers from its cache or, when it is asked to be fully consistent, from the newest state."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.peers.program import Check, Ways, post
from tests.bench.peers.relations import checks, relations

_SCHEMA = """
definition officer {}
definition grant {
    relation holder: officer
}
definition suspect {
    relation grant: grant
    permission look_up = grant->holder
}
"""
_PER_CALL = 1_000
_KEY = "bench"
_HEADERS = {"authorization": f"Bearer {_KEY}"}


class SpiceDb:
    """The program at ``binary``."""

    name = "SpiceDB"

    def __init__(self, binary: Path) -> None:
        self._binary = str(binary)

    def migrate(self, ways: Ways) -> list[str]:
        """The command that makes its tables."""
        return [
            self._binary, "datastore", "migrate", "head", "--skip-release-check",
            "--datastore-engine", "postgres", "--datastore-conn-uri", ways.database,
        ]  # fmt: skip

    def serve(self, ways: Ways, *, filling: bool) -> list[str]:
        """The command that serves."""
        command = [
            self._binary, "serve", "--datastore-engine", "postgres", "--datastore-conn-uri", ways.database,
            "--grpc-addr", ways.grpc, "--grpc-preshared-key", _KEY, "--grpc-max-conn-age", "1h",
            "--metrics-enabled=false", "--telemetry-endpoint", "", "--skip-release-check", "--log-level", "error",
        ]  # fmt: skip
        if filling:
            return [*command, "--http-enabled", "--http-addr", ways.http]
        return [
            *command,
            "--grpc-tls-cert-path", str(ways.certs / "server.pem"),
            "--grpc-tls-key-path", str(ways.certs / "server.key"),
        ]  # fmt: skip

    def fill(self, ways: Ways, suspects: int) -> None:
        """Write its schema and the relations."""
        post(ways.http, "/v1/schema/write", {"schema": _SCHEMA}, _HEADERS)
        updates = (
            {
                "operation": "OPERATION_TOUCH",
                "relationship": {
                    "resource": _object(kind, number),
                    "relation": relation,
                    "subject": {"object": _object(subject, subject_number)},
                },
            }
            for kind, number, relation, subject, subject_number in relations(suspects)
        )
        while batch := list(itertools.islice(updates, _PER_CALL)):
            post(ways.http, "/v1/relationships/write", {"updates": batch}, _HEADERS)

    def checks(self, suspects: int) -> list[Check]:
        """Two lines: from the newest state, as the register reads; and the same checks again, which may be cached."""
        return [
            self._check("SpiceDB `CheckPermission`, fully consistent", {"fully_consistent": True}, suspects),
            self._check("SpiceDB `CheckPermission`, minimize latency", {"minimize_latency": True}, suspects),
        ]

    def _check(self, name: str, consistency: Mapping[str, bool], suspects: int) -> Check:
        bodies: list[Mapping[str, Any]] = [
            {
                "consistency": consistency,
                "resource": _object("suspect", suspect),
                "permission": "look_up",
                "subject": {"object": _object("officer", officer)},
            }
            for officer, suspect in checks(suspects)
        ]
        return Check(name, "authzed.api.v1.PermissionsService/CheckPermission", _HEADERS, bodies)


def _object(kind: str, number: str) -> dict[str, str]:
    return {"object_type": kind, "object_id": number}
