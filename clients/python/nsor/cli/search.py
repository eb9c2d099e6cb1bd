"""`nsor search`: one person by name, on a grant, a ticket, a court case or an FIR; what was found, and why."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from nsor import cleaning
from nsor.advice import Words
from nsor.cli import agreement, called, lookup, own_agency
from nsor.cli.arguments import fir_key, record_id
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import lookup_pb2, search_pb2

_YEARS: Final = re.compile(r"(\d{4})(?:\s*-\s*(\d{4}))?", re.ASCII)
_RELATIVE: Final = "Father's or husband's name (empty: none)"
_PARTS: Final = {1: "name", 2: "relative", 3: "year", 4: "district", 5: "sex"}
_RULES: Final = {
    1: "same",
    2: "other spelling",
    3: "other script",
    4: "slip of a key",
    5: "near",
    6: "missing",
    7: "different",
}


@click.command()
@click.option("--grant", "grant_id", type=record_id, metavar="ID", help="Investigation: the prosecutor's grant.")
@click.option(
    "--fir",
    nargs=4,
    metavar="STATION YEAR SERIAL DATE",
    help="The FIR, such as PK-PB/LHR/PS-001 2024 17 2024-03-05; of police their own grant for it is found.",
)
@click.option("--case", "case_id", type=record_id, metavar="ID", help="Trial: the case that `nsor case open` opened.")
@click.option(
    "--ticket", "ticket_id", type=record_id, metavar="ID", help="Register operation: what `nsor ticket open` opened."
)
@click.option(
    "--subject",
    type=click.IntRange(1, 20),
    default=1,
    show_default=True,
    help="Which of those whom the grant, ticket or case names, in its order.",
)
@click.option("--years", metavar="YEARS", help="Year of birth, or the first and the last one: 1980, 1975-1985.")
@click.option("--district", metavar="PLACE", help="A district where the person was or is, such as PK-PB/LHR.")
@click.option("--sex", type=click.Choice(["male", "female", "transgender"]), help="Sex.")
@common
def search(session: Session, subject: int, **given: Any) -> None:
    """Search by name for one whom your grant, ticket or court case names, in Urdu or Roman letters.

    The name is the one that the grant has, with the by-names; it is found in other spellings and in the other script.
    A prosecution searches the records of its own FIR: there the name is asked for, or read from stdin (the name on the
    first line, the father's or husband's on the second). A by-name stands behind @, alias, urf or عرف. At most 20 are
    shown, masked; at a terminal one's number looks him up.
    """
    from nsor.v1 import search_pb2, types_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    if sum(given[each] is not None for each in ("grant_id", "fir", "case_id", "ticket_id")) != 1:
        raise WrongUse("Name the case with exactly one of --grant, --fir, --case or --ticket.")
    request = search_pb2.SearchRegistrationsRequest(subject=subject, district=given["district"] or "")
    if given["sex"] is not None:
        request.sex = types_pb2.Sex.Value(f"SEX_{given['sex'].upper()}")
    if given["years"] is not None:
        request.first_birth_year, request.last_birth_year = _years(given["years"])
    with session.client(officer=True) as client:
        look_up = _name_case(session, client, request, given)
        answer = client.lookup.search_registrations(request)
        if session.as_json:
            session.answer(answer, title="Candidates", confidential=True)
            return
        candidates = answer.message.candidates
        _show(session, answer.message)
        number = _chosen(session, len(candidates)) if candidates else None
        if number is not None:
            look_up.candidate_id = candidates[number - 1].candidate_id
            lookup.answer(session, client, look_up)
        elif candidates:
            session.say(
                "Look one up: `nsor lookup {} --candidate {}`",
                lookup.options_of(look_up.basis),
                candidates[0].candidate_id,
            )


def _name_case(
    session: Session, client: Client, request: search_pb2.SearchRegistrationsRequest, given: Mapping[str, Any]
) -> lookup_pb2.LookUpRegistrationRequest:
    """Say on what it rests; gives the look-up of a candidate on the same."""
    from nsor.v1 import lookup_pb2, options_pb2  # noqa: PLC0415 - as above

    look_up = lookup_pb2.LookUpRegistrationRequest()
    lookup.name_case(look_up, {"prisoner_number": None, "travel_document_file": None, **given})
    if given["fir"] is not None and own_agency.kind(client) == options_pb2.AGENCY_KIND_POLICE:
        lookup.find_grant(session, client, look_up)
    if look_up.basis.HasField("fir"):
        request.basis.fir.CopyFrom(fir_key(given["fir"]))
        request.subject = 0
        _ask_name(session, request)
    else:
        kind = str(look_up.basis.WhichOneof("basis"))
        setattr(request.basis, kind, getattr(look_up.basis, kind))
    return look_up


def _ask_name(session: Session, request: search_pb2.SearchRegistrationsRequest) -> None:
    """A name is personal data: it is asked for, or read from stdin, and never on the command line."""
    asks = agreement.at_a_terminal(session)

    def line(question: str) -> str:
        if asks:
            return str(click.prompt(session.said(question), default="", show_default=False, err=True))
        return sys.stdin.readline()

    try:
        named = cleaning.name(line("Name, with by-names (@, alias, urf)"))
        # At a terminal s/o behind the name has answered the next question.
        other = cleaning.Name() if asks and named.relative else cleaning.relative(line(_RELATIVE))
    except cleaning.Unclear as unclear:
        raise WrongUse("The name can't be read: {}.", Words(*unclear.meaning)) from None
    if named.relative and other.relative:
        raise WrongUse("The father's or husband's name stands twice.")
    relation, relative = (named.relation, named.relative) if named.relative else (other.relation, other.relative)
    called.fill(session, request.name, dataclasses.replace(named, relation=relation, relative=relative))


def _years(text: str) -> tuple[int, int]:
    found = _YEARS.fullmatch(text.strip())
    if found is None:
        raise WrongUse("Give a year of birth or two, such as 1980 or 1975-1985.")
    return int(found[1]), int(found[2] or found[1])


def _show(session: Session, answer: search_pb2.SearchRegistrationsResponse) -> None:
    found = answer.candidates
    if found:
        rows = [
            (
                str(at),
                "likely" if each.band == 1 else "possible",
                str(each.birth_year or ""),
                " ".join(each.districts),
                _why(each.evidence),
                " / ".join([*each.person.initials, *each.relative_initials]),
            )
            for at, each in enumerate(found, 1)
        ]
        columns = ("", "band", "born", "districts", "why", "initials, and the relative's")
        # A grant may show no addresses: an empty column would look like a person without one.
        kept = [at for at, column in enumerate(columns) if column != "districts" or any(row[at] for row in rows)]
        session.table("Candidates", [columns[at] for at in kept], [[row[at] for at in kept] for row in rows])
        session.say("{:,} of {:,} who fit are shown, the most alike first.", len(found), len(found) + answer.others)
    else:
        session.say("Nobody is found by this name.")
    if answer.others:
        session.say("There is no way to see the others: add --years, --district or --sex.")


def _why(evidence: Sequence[search_pb2.CandidateEvidence]) -> str:
    """How each part was found: "name: same, other script; year: near"."""
    parts: dict[str, list[str]] = {}
    for each in evidence:
        rule = _RULES.get(each.rule, str(each.rule))
        part = f"by-name {each.by_name}" if each.by_name else _PARTS.get(each.part, str(each.part))
        parts.setdefault(part, []).append(rule)
    return "; ".join(f"{part}: {', '.join(rules)}" for part, rules in parts.items())


def _chosen(session: Session, many: int) -> int | None:
    """Whom a person at a terminal looks up; None: nobody."""
    if not agreement.at_a_terminal(session):
        return None
    question = session.said("Look which one up? It uses the grant. 1 to {}, or Enter for none", many)
    while True:
        typed = click.prompt(question, default="", show_default=False, err=True).strip()
        if not typed:
            return None
        if typed.isdecimal() and 1 <= int(typed) <= many:
            return int(typed)
