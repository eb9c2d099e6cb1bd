"""`ledger verify --spans-from`: what an operator sees of entries and a collector's spans."""

from __future__ import annotations

import re
import uuid

from nsor_server.ledger import leaf as leaves
from nsor_server.tracing.attributes import ACCESS_ID, RPC_METHOD, RPC_STATUS
from tests.ledger.conftest import Write
from tests.ledger.http_collector import Jaeger, Kept, listening
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
    assert re.search(r"not compared from .* to .*, because it can't be reached", output)
    assert operator.run("verify", "--spans-from", "http://collector.example:16686")[0] == 2
    operator.environment["NSOR_SPANS_CA"] = str(operator.folder / "none.pem")
    code, output = operator.run("verify", "--spans-from", url)
    assert code == 2
    assert "spans_ca" in output
