"""What somebody is called who is searched for, as it is typed into one line: name, by-names and relative apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nsor.cli.session import Session

if TYPE_CHECKING:
    from nsor import cleaning
    from nsor.v1 import types_pb2


def fill(session: Session, name: types_pb2.SearchedName, typed: cleaning.Name) -> None:
    """Take over what was typed, and show what of it is a by-name: nobody has to guess how it was read."""
    from nsor.v1 import types_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    name.name, name.relative_name = typed.name, typed.relative
    name.by_names.extend(typed.aliases)
    if typed.relation:
        name.relation = types_pb2.Relation.Value(typed.relation)
    if typed.aliases:
        session.say("Name: {}. Also called: {}.", typed.name, ", ".join(typed.aliases))
