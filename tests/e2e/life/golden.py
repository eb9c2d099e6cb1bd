"""What the golden matrix says: which methods there are about records, and for which purposes a field is shown."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from google.protobuf.message import Message

from nsor_synthetic import examples

GOLDEN: Final = Path(__file__).parents[2] / "access" / "golden_matrix.txt"
_ELSEWHERE: Final = {
    "AddConviction",
    "ConfirmRegistration",
    "ConfirmRegistrations",
    "ConfirmUnsealing",
    "CreateRegistration",
    "ImportRegistrations",
    "RecordCustodyEvent",
    "RecordJudgment",
    "SubscribeEvents",
}
"""What is tried by name, as far as it can succeed, and streams."""


def methods() -> Sequence[str]:
    """Every unary method about records that an officer may call, by the golden matrix."""
    text = GOLDEN.read_text(encoding="utf-8")
    named = re.findall(r"^(nsor\.v1\.(?:Registration|Notification|Lookup)Service/\w+): ", text, re.MULTILINE)
    made_up = {each.DESCRIPTOR.full_name for each in examples.requests(1)}
    return [each for each in named if request(each) in made_up and each.split("/")[1] not in _ELSEWHERE]


@functools.cache
def examples_of(seed: int) -> Sequence[Message]:
    return tuple(examples.requests(seed))


def request(method: str) -> str:
    return f"nsor.v1.{method.split('/')[1]}Request"


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def within(message: Message, purpose: str) -> None:
    """No field is set whose class the purpose doesn't show; by the golden matrix, not by the server's code."""
    for path, kind in _set_fields(message):
        assert kind in CLASSES, f"{path} has no class"
        assert purpose in CLASSES[kind], f"{path} isn't for {purpose}"


def _set_fields(message: Message) -> Iterator[tuple[str, str]]:
    name = message.DESCRIPTOR.full_name
    for described, value in message.ListFields():
        yield f"{name}.{described.name}", FIELDS.get(f"{name}.{described.name}", "")
        if described.message_type is not None and described.message_type.full_name in MESSAGES:
            for each in value if described.is_repeated else [value]:
                yield from _set_fields(each)


def _matrix() -> tuple[dict[str, set[str]], dict[str, str]]:
    text = GOLDEN.read_text(encoding="utf-8")
    by_class, by_field = text.split("\n# class of fields")[1].split("\n# field x class")
    classes = {
        found[1]: set(found[2].split(";")[0].split())
        for found in re.finditer(r"^([A-Z_]+): (.+)$", by_class, re.MULTILINE)
    }
    fields: dict[str, str] = {}
    for block in re.split(r"\n\n", by_field):
        head, *lines = block.strip().split("\n")
        fields |= {
            f"{head}.{line.split(':')[0].strip()}": line.split(": ")[1].split(",")[0] for line in lines if ": " in line
        }
    return classes, fields


CLASSES, FIELDS = _matrix()
MESSAGES = {name.rsplit(".", 1)[0] for name in FIELDS}
