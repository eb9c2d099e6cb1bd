"""The process that checks the rows of imports: `python -I -m nsor_server.rpc.check_process`.

It is started without an environment, imports what it needs, checks a message so that nothing is loaded later, gives up
everything (``confined/limits.py``), says that it is ready, and answers until its input ends. It has neither keys nor
database, and knows of the register what it is told: the lists of the policy, and rows while it checks them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from google.protobuf import descriptor_pool, message_factory

from nsor.v1 import registration_pb2
from nsor_server.confined import limits, pipes
from nsor_server.formats.checker import Checker
from nsor_server.policy import documents, written_forms
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places

POLICY: Final = b"p"
"""First byte of a request that brings the policy's lists, by which it checks from then on."""
MESSAGE: Final = b"m"
"""First byte of a request that brings a message: its type, a zero byte, and its bytes."""
TAKEN: Final = 1
"""Kind of the answer to a policy, which has no bytes."""
CHECKED: Final = 2
"""Kind of the answer to a message; its bytes are an ``Answer``."""
LISTS: Final = ("places", "offences", "written_forms")
"""The policy's documents of which a checker is made."""
NICENESS: Final = 5
"""What others wait for comes first."""
_NOT_CONFINED: Final = 3


class Answer(msgspec.Struct, array_like=True):
    """What became of a message.

    Attributes:
        normal: the message, normalised; None: it was so already.
        wrong: field and rule of each violation.
    """

    normal: bytes | None
    wrong: list[tuple[str, int]]


def main() -> int:
    """Answer until the input ends; gives the exit code."""
    os.nice(NICENESS)
    checker = _checker({name: documents.canonical(documents.read(None, name)) for name in LISTS})
    _checked(checker, _sample())
    try:
        limits.confine()
    except limits.NotConfined as why:
        sys.stderr.write(f"{why}\n")
        return _NOT_CONFINED
    pipes.answer(pipes.READY)
    while (request := pipes.request()) is not None:
        kind, content = request[:1], request[1:]
        if kind == POLICY:
            checker = _checker(msgspec.msgpack.decode(content, type=dict[str, bytes]))
            pipes.answer(TAKEN)
        else:
            pipes.answer(CHECKED, _checked(checker, content))
    return 0


def _checker(lists: Mapping[str, bytes]) -> Checker:
    read: dict[str, Any] = {name: documents.decode(name, content) for name, content in lists.items()}
    offences = read["offences"]
    return Checker(
        Places(read["places"].unit),
        OffenceTable(offences.offence, offences.policy.s24_only),
        written_forms.of(read["written_forms"]),
    )


def _checked(checker: Checker, content: bytes) -> bytes:
    name, _, encoded = content.partition(b"\0")
    kind = message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(name.decode()))
    message = kind.FromString(encoded)
    wrong = [(violation.field, int(violation.reason)) for violation in checker.check(message)]
    normal = message.SerializeToString()
    return msgspec.msgpack.encode(Answer(None if normal == encoded else normal, wrong))


def _sample() -> bytes:
    """A message that is looked at in every script, so that whatever its check loads is there."""
    request = registration_pb2.ImportRegistrationsRequest(import_id="-")
    order = request.rows.add(row=1).order
    for name in ("Lal Khan", "\u0644\u0627\u0644", "\u00c9"):
        order.person.names.add(name=name)
    order.person.birth_date.year = 1980
    order.addresses.add(kind=1, place_code="PK-PB/LHR", house_number="\u0661")
    order.convictions.add().court_case.case_number = "S.C. No. 1/2020"
    return request.DESCRIPTOR.full_name.encode() + b"\0" + request.SerializeToString()


if __name__ == "__main__":
    sys.exit(main())
