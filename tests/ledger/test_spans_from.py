"""`ledger verify --spans-from`: what an operator sees of entries and a collector's spans."""

from __future__ import annotations

import http.server
import re
import uuid

from nsor_server.ledger import leaf as leaves
from nsor_server.tracing.attributes import ACCESS_ID, RPC_METHOD, RPC_STATUS
from tests.ledger.conftest import Write
from tests.ledger.http_collector import Jaeger, Kept, listening, respond
from tests.ledger.test_commands import Operator, operator
from tests.polling import until

__all__ = ["operator"]

METHOD = "nsor.v1.LookupService/LookUpRegistration"


def kept(access_id: bytes | str, time_us: int) -> Kept:
    identifier = str(uuid.UUID(bytes=access_id)) if isinstance(access_id, bytes) else access_id
    return Kept(uuid.uuid4().hex, time_us, {ACCESS_ID: identifier, RPC_METHOD: METHOD, RPC_STATUS: "OK"})


def test_an_operator_compares_entries_with_a_collector_s_spans(operator: Operator, write: Write) -> None:
    first, _second = (leaves.decode(each.leaf) for each in write(2).receipts)
    stranger = str(uuid.uuid4())
    with listening(Jaeger([kept(first.access_id, first.time_us), kept(stranger, first.time_us + 1)])) as url:

        def compared() -> tuple[int, str]:
            done = operator.run("verify", "--spans-from", url)
            return done if "1 span has an entry" in done[1] else (0, "")

        # What is younger than two seconds isn't compared: clocks may differ by so much.
        until(lambda: compared()[0], seconds=60)
        code, output = compared()
    assert code == 1
    assert "1 span has an entry; 1 entry of that time no span" in output
    assert f"spans of {url} go back to" in output
    assert f"the call {stranger} was answered, by its span, and has no entry" in output


def test_a_collector_that_doesn_t_answer_is_no_fault_of_the_ledger(operator: Operator, write: Write) -> None:
    write(2)
    with listening(Jaeger()) as url:
        assert until(
            lambda: "has no spans of this register" in operator.run("verify", "--spans-from", url)[1], seconds=60
        )
    code, output = operator.run("verify", "--spans-from", url)
    assert code == 0, output
    assert "whole 2 entries" in output
    assert re.search(r"not compared from .* to .*, because nothing listens at 127", output)
    assert "--spans-from takes the query API of Jaeger" in output
    assert operator.run("verify", "--spans-from", "http://collector.example:16686")[0] == 2
    operator.environment["NSOR_SPANS_CA"] = str(operator.folder / "none.pem")
    code, output = operator.run("verify", "--spans-from", url)
    assert code == 2
    assert "spans_ca" in output


def test_a_collector_behind_a_token_is_asked_with_the_headers_of_a_file(operator: Operator, write: Write) -> None:
    (entry,) = (leaves.decode(each.leaf) for each in write(1).receipts)
    path = operator.folder / "headers"
    path.write_text("Authorization: Bearer s3cret\n")
    path.chmod(0o600)
    played = Jaeger([kept(entry.access_id, entry.time_us)])

    def guarded(handler: http.server.BaseHTTPRequestHandler, _path: str) -> bool:
        if known := handler.headers["Authorization"] == "Bearer s3cret":
            return False
        respond(handler, 401, b"")
        return not known

    played.instead = guarded
    with listening(played) as url:
        code, output = operator.run("verify", "--spans-from", url)
        assert "neither Jaeger's query API nor Tempo's answers there" in output
        asked = ("verify", "--spans-from", url, "--spans-header-file", str(path))
        assert until(lambda: "1 span has an entry" in operator.run(*asked)[1], seconds=60)
        # The setting is the same, for what runs all the time.
        operator.environment["NSOR_SPANS_HEADER_FILE"] = str(path)
        code, output = operator.run("watch", "--once", "--spans-from", url)
        assert code == 0, output
        assert "couldn't be read" not in output
        path.chmod(0o644)
        code, output = operator.run("watch", "--once", "--spans-from", url)
    assert code == 2
    assert "spans_header_file" in output
    assert "can be read by others: chmod 600" in " ".join(output.split())
    assert "s3cret" not in output
    del operator.environment["NSOR_SPANS_HEADER_FILE"]
    path.chmod(0o600)
    code, output = operator.run("verify", "--spans-header-file", str(path))
    assert (code, "belongs to --spans-from URL" in output) == (2, True)
