"""Whom a grant, ticket or court case names: between the contract and what is sealed, and who has which place in it.

One who is named by name only has no identifier: no number finds him, whatever it is. Pure: neither grpc nor psycopg.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nsor.v1 import grants_pb2, lookup_pb2, types_pb2
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2


def stored(suspects: Iterable[grants_pb2.Suspect]) -> list[record_pb2.Suspect]:
    """Suspects as they are stored."""
    return [
        record_pb2.Suspect(
            cnic=suspect.cnic,
            document=registrations.document_record(suspect.document) if suspect.HasField("document") else None,
            name=_name_record(suspect.name) if suspect.HasField("name") else None,
            birth_year=suspect.birth_year,
            by_names=suspect.name.by_names,
        )
        for suspect in suspects
    ]


def message(suspect: record_pb2.Suspect) -> grants_pb2.Suspect:
    """A suspect as the contract shows him."""
    shown = grants_pb2.Suspect(birth_year=suspect.birth_year)
    if suspect.cnic:
        shown.cnic = suspect.cnic
    elif suspect.HasField("document"):
        registrations.fill_document(shown.document, suspect.document)
    if suspect.HasField("name"):
        shown.name.name, shown.name.relative_name = suspect.name.name, suspect.name.relative_name
        shown.name.relation = types_pb2.Relation.ValueType(suspect.name.relation)
        shown.name.by_names.extend(suspect.by_names)
    return shown


def called(suspect: record_pb2.Suspect) -> list[str]:
    """What he is called: the name, and the by-names in their order; nothing of who is named by an identifier alone."""
    return [suspect.name.name, *suspect.by_names] if suspect.name.name else []


def _name_record(name: types_pb2.SearchedName) -> record_pb2.Name:
    return record_pb2.Name(name=name.name, relative_name=name.relative_name, relation=name.relation)


def written(subjects: Iterable[record_pb2.Suspect]) -> bytes:
    """The persons whom a grant names, as they stand in it beside their identifiers."""
    return record_pb2.GrantSubjects(subjects=subjects).SerializeToString()


def of(grant: record_pb2.GrantRecord) -> Sequence[record_pb2.Suspect]:
    """The persons whom a grant names, in the order that numbers their uses."""
    return record_pb2.GrantSubjects.FromString(grant.subjects).subjects


def position(grant: record_pb2.GrantRecord, subject: registrations.Identifier | None) -> int | None:
    """The place in a grant of whom it names by this identifier; None: it names nobody so.

    Args:
        grant: opened.
        subject: None: who names nobody by an identifier has no place.
    """
    if subject is None:
        return None
    named, everybody = named_as(subject), list(grant.named)
    return everybody.index(named) if named in everybody else None


def of_request(request: lookup_pb2.LookUpRegistrationRequest) -> registrations.Identifier | None:
    """The identifier that a checked look-up names; None: it names a candidate."""
    if request.candidate_id:
        return None
    if request.cnic:
        return registrations.of_cnic(request.cnic)
    document = request.document
    return registrations.of_document(document.country, document.number, document.kind)


def identifier(suspect: record_pb2.Suspect) -> str:
    """By which identifier he is named, as it stands in a grant; empty: by name only."""
    if suspect.cnic:
        return named_as(registrations.of_cnic(suspect.cnic))
    if suspect.HasField("document"):
        document = suspect.document
        return named_as(registrations.of_document(document.country, document.number, document.kind))
    return ""


def named_as(one: registrations.Identifier) -> str:
    """How a grant names somebody by an identifier."""
    return f"{one.use} {one.text}"
