"""What may be searched for, by whom, and who may be found. Pure: neither grpc nor psycopg, and no key.

On a grant, a ticket or a court case the one who is searched for is the subject as it names him: the officer says which,
and what he adds tells people of that name apart. A prosecution's case names nobody beforehand: there only records of
that very case are compared with the name that the officer gives.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from nsor.v1 import errors_pb2, options_pb2, search_pb2, types_pb2
from nsor_server import errors
from nsor_server.lookup.grants import subjects
from nsor_server.names import words
from nsor_server.names.card import Name, Person
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2

BASIS: Final[Mapping[int, str]] = {
    options_pb2.PURPOSE_INVESTIGATION: "grant_id",
    options_pb2.PURPOSE_PROSECUTION: "fir",
    options_pb2.PURPOSE_TRIAL: "court_case_id",
    options_pb2.PURPOSE_REGISTER_OPERATION: "ticket_id",
}
"""The field of SearchBasis that a purpose needs; a purpose that isn't here searches for nobody."""
MOST: Final = 20
"""Candidates of an answer."""
MOST_OF_CASE: Final = 100
"""Records of an FIR that are compared, of those that it has had, by their ids: there are that many accused in none."""
END_BYTES: Final = 4
"""Of the id of each of these, what the entry of a search has: all of them wouldn't fit."""
MOST_YEARS: Final = 20
"""Birth years of a range."""
YEARS_BESIDE: Final = 3
"""By so many years a range may leave the birth year that a grant names."""
_LEAST_WORDS: Final = 2
_SHORTEST_WORD: Final = 2
_LEAST_NATS: Final = 6.0
"""By chance one in 400 people has all of the words, and no more; titles count a quarter."""
_SHARE_OF_OTHERS: Final = 1 / 5_000
_TITLES_COUNT: Final = 0.25


def check_basis(purpose: int, basis: search_pb2.SearchBasis) -> None:
    """See that the request has the basis that its purpose needs.

    Raises:
        Denied: nobody is searched for for this purpose.
        InvalidFields: the request has another basis, or none.
    """
    needed = BASIS.get(purpose)
    if needed is None:
        raise errors.Denied
    if basis.WhichOneof("basis") != needed:
        raise _invalid(f"basis.{needed}", errors_pb2.FIELD_REASON_REQUIRED)


def check_request(request: search_pb2.SearchRegistrationsRequest) -> None:
    """See that a request says whom it is for: the subject that a grant names, or on an FIR a name; never both.

    Raises:
        InvalidFields: it doesn't, its years aren't a range, or the name says too little.
    """
    of_case = request.basis.WhichOneof("basis") == "fir"
    if of_case == bool(request.subject) or of_case != request.HasField("name"):
        raise _invalid("name" if of_case else "subject", errors_pb2.FIELD_REASON_EXACTLY_ONE)
    first, last = request.first_birth_year, request.last_birth_year
    if bool(first) != bool(last):
        raise _invalid("last_birth_year" if first else "first_birth_year", errors_pb2.FIELD_REASON_REQUIRED)
    if last < first:
        raise _invalid("last_birth_year", errors_pb2.FIELD_REASON_DATE_ORDER)
    if last - first >= MOST_YEARS:
        raise _invalid("last_birth_year", errors_pb2.FIELD_REASON_OUT_OF_RANGE)
    if request.district and "/" not in request.district:
        raise _invalid("district", errors_pb2.FIELD_REASON_FORM)
    if of_case:
        for nth, name in enumerate(names_of_request(request.name)):
            check_name(f"name.by_names[{nth - 1}]" if nth else "name", [name])


def check_granted(request: search_pb2.SearchRegistrationsRequest, classes: Collection[int]) -> None:
    """See that nobody is compared by what the grant doesn't show: who stands first would tell it.

    Args:
        request: checked.
        classes: those that the grant shows, where it shows fewer than its purpose; empty: all of them.

    Raises:
        InvalidFields: OUT_OF_RANGE, for a district on a grant that shows no addresses, and for a sex or years of birth
            on one that shows no identity.
    """
    for field, shown_as in _narrowing(request):
        if classes and shown_as not in classes:
            raise _invalid(field, errors_pb2.FIELD_REASON_OUT_OF_RANGE)


def narrowed_by(request: search_pb2.SearchRegistrationsRequest) -> list[int]:
    """The classes of fields by which a checked request narrows its search."""
    return sorted({int(shown_as) for _, shown_as in _narrowing(request)})


def _narrowing(
    request: search_pb2.SearchRegistrationsRequest,
) -> Iterator[tuple[str, options_pb2.FieldClass.ValueType]]:
    """The fields by which a request narrows its search, each with its class."""
    asked_by = (
        ("first_birth_year", request.first_birth_year, options_pb2.FIELD_CLASS_IDENTITY),
        ("district", request.district, options_pb2.FIELD_CLASS_CONTACT),
        ("sex", request.sex, options_pb2.FIELD_CLASS_IDENTITY),
    )
    return ((field, shown_as) for field, value, shown_as in asked_by if value)


def check_name(field: str, names: Sequence[Name]) -> Sequence[Name]:
    """The names by which somebody may be searched for; an empty one in the place of each that would list people.

    Raises:
        InvalidFields: NAME_SAYS_TOO_LITTLE: each has fewer than two words, or only such as very many people have.
    """
    enough = [says_enough(each) for each in names]
    if not any(enough):
        raise _invalid(field, errors_pb2.FIELD_REASON_NAME_SAYS_TOO_LITTLE)
    return [each if says else Name("") for each, says in zip(names, enough, strict=True)]


def says_enough(name: Name) -> bool:
    """Whether a name has two words, of which not all are such as very many people have.

    Where several stand in one text, as in ``Rafiq urf Kala``, who is called by one of them is found: so each has to.
    """
    own, relative = words.written(name.text), words.written(name.relative)
    of_relatives = (*own.relatives, *relative.names) or ((),)
    return all(map(_are_enough, itertools.product(own.names or ((),), of_relatives)))


def _are_enough(names: Iterable[Iterable[str]]) -> bool:
    found = {word for each in names for word in each if len(word) >= _SHORTEST_WORD}
    return len(found) >= _LEAST_WORDS and sum(map(_nats, found)) >= _LEAST_NATS


def names_of(subject: record_pb2.Suspect) -> list[Name]:
    """What a subject is called, each with the name of the father or husband; nothing, where he has no name."""
    return [Name(each, subject.name.relative_name) for each in subjects.called(subject)]


def names_of_request(name: types_pb2.SearchedName) -> list[Name]:
    """The same of whom a request names."""
    return [Name(each, name.relative_name) for each in (name.name, *name.by_names)]


def asked_for(names: Sequence[Name], birth_year: int, request: search_pb2.SearchRegistrationsRequest) -> Person:
    """Who is searched for: by each of his names, and by what the request adds to tell people of that name apart.

    Args:
        names: of the subject, or of the request.
        birth_year: that the grant names; 0: it names none, or there is no grant.
        request: checked.

    Raises:
        InvalidFields: the years of the request aren't those of the grant.
    """
    first, last = request.first_birth_year or birth_year, request.last_birth_year or birth_year
    if birth_year and (first < birth_year - YEARS_BESIDE or last > birth_year + YEARS_BESIDE):
        raise _invalid("first_birth_year", errors_pb2.FIELD_REASON_OUT_OF_RANGE)
    districts = (_district(request.district),) if request.district else ()
    return Person(tuple(names), first, request.sex, districts, last if last > first else 0)


def may_be_found(record: record_pb2.RegistrationRecord, claim: record_pb2.ClaimRecord) -> bool:
    """Whether a registration may be found by a name: it is compared by name, and isn't held.

    A list of candidates shows people who aren't the one who was searched for. So it has nobody who was under 18 at
    every offence that stands, and no record that is handled with more care; and what is held is shown on its own case
    alone.
    """
    return registrations.is_compared(record) and not claim.cnic_held and not claim.passport_held


def is_of_case(convictions: Iterable[record_pb2.Conviction], case: str) -> bool:
    """Whether one of the convictions that a look-up shows is of a case."""
    return case in registrations.standing_cases(convictions)


def initials(names: Iterable[str]) -> list[str]:
    """The first letter of each word of each name, each once."""
    return list(dict.fromkeys(" ".join(f"{word[0]}." for word in name.split()) for name in names if name))


def districts(record: record_pb2.RegistrationRecord) -> Sequence[str]:
    """The districts of the addresses of a record."""
    return registrations.compared_person(record).districts


def _nats(word: str) -> float:
    factor = _TITLES_COUNT if word in words.TITLES else 1.0
    return -factor * math.log(words.SHARES.get(word, _SHARE_OF_OTHERS))


def _district(place_code: str) -> str:
    return "/".join(place_code.split("/")[:2])


def _invalid(field: str, reason: errors_pb2.FieldReason.ValueType) -> errors.InvalidFields:
    return errors.InvalidFields(violations=(errors.Violation(field, reason),))
