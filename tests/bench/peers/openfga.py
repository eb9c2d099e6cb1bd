"""OpenFGA, whose Check reads PostgreSQL at each call: none of its caches is on."""

from __future__ import annotations

import itertools
from pathlib import Path

from tests.bench.peers.program import Check, Ways, post
from tests.bench.peers.relations import checks, relations

_MODEL = {
    "schema_version": "1.1",
    "type_definitions": [
        {"type": "officer"},
        {
            "type": "grant",
            "relations": {"holder": {"this": {}}},
            "metadata": {"relations": {"holder": {"directly_related_user_types": [{"type": "officer"}]}}},
        },
        {
            "type": "suspect",
            "relations": {
                "grant": {"this": {}},
                "look_up": {
                    "tupleToUserset": {"tupleset": {"relation": "grant"}, "computedUserset": {"relation": "holder"}}
                },
            },
            "metadata": {"relations": {"grant": {"directly_related_user_types": [{"type": "grant"}]}}},
        },
    ],
}
_PER_CALL = 100


class OpenFga:
    """The program at ``binary``."""

    name = "OpenFGA"

    def __init__(self, binary: Path) -> None:
        self._binary = str(binary)
        self._store = ""
        self._model = ""

    def migrate(self, ways: Ways) -> list[str]:
        """The command that makes its tables."""
        return [self._binary, "migrate", "--datastore-engine", "postgres", "--datastore-uri", ways.database]

    def serve(self, ways: Ways, *, filling: bool) -> list[str]:
        """The command that serves."""
        command = [
            self._binary, "run", "--datastore-engine", "postgres", "--datastore-uri", ways.database,
            "--grpc-addr", ways.grpc, "--playground-enabled=false", "--metrics-enabled=false", "--log-level", "error",
        ]  # fmt: skip
        if filling:
            return [*command, "--http-addr", ways.http]
        return [
            *command, "--http-enabled=false", "--grpc-tls-enabled",
            "--grpc-tls-cert", str(ways.certs / "server.pem"), "--grpc-tls-key", str(ways.certs / "server.key"),
        ]  # fmt: skip

    def fill(self, ways: Ways, suspects: int) -> None:
        """Write its model and the relations."""
        self._store = post(ways.http, "/stores", {"name": "bench"}, {})["id"]
        self._model = post(ways.http, f"/stores/{self._store}/authorization-models", _MODEL, {})[
            "authorization_model_id"
        ]
        tuples = (
            {"object": f"{kind}:{number}", "relation": relation, "user": f"{subject}:{subject_number}"}
            for kind, number, relation, subject, subject_number in relations(suspects)
        )
        while batch := list(itertools.islice(tuples, _PER_CALL)):
            post(ways.http, f"/stores/{self._store}/write", {"writes": {"tuple_keys": batch}}, {})

    def checks(self, suspects: int) -> list[Check]:
        """One line: every check reads the newest state."""
        bodies = [
            {
                "store_id": self._store,
                "authorization_model_id": self._model,
                "tuple_key": {"object": f"suspect:{suspect}", "relation": "look_up", "user": f"officer:{officer}"},
                "consistency": "HIGHER_CONSISTENCY",
            }
            for officer, suspect in checks(suspects)
        ]
        return [Check("OpenFGA `Check`, no cache", "openfga.v1.OpenFGAService/Check", {}, bodies)]
