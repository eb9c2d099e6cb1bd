"""What PostgreSQL reads for a statement."""

import json
import re
from collections import Counter
from typing import Final

from nsor_server.storage.pool import Database
from nsor_server.storage.session import Statement, ask

_START: Final = re.compile(rb"encode\(substring\(\S+ FROM 1 FOR 16\), 'hex'\)::uuid")


def touched(database: Database, statement: Statement, *parameters: bytes) -> Counter[str]:
    """How often each table is read for a statement."""
    found = Counter[str]()
    # From the first one on: in a small register nobody may stand behind the id that follows from a number.
    sql = _START.sub(b"'00000000-0000-0000-0000-000000000000'::uuid", statement.sql)
    explained = Statement(statement.name + b" explained", b"EXPLAIN (ANALYZE, FORMAT JSON) " + sql, statement.types)
    with database.reading() as conn:
        ((plan,),) = ask(conn, explained, *parameters)
    waiting = [json.loads(plan)[0]["Plan"] if isinstance(plan, str) else plan[0]["Plan"]]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if node.get("Actual Loops") and "Relation Name" in node:
            found[node["Relation Name"]] += node["Actual Loops"]
    del found["registration_identifier_withdrawal"]  # read where a number is found, to see that it still counts
    return found
