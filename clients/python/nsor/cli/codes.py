"""`nsor places` and `nsor offences`: the codes that the register takes, found offline by words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nsor.cli.session import Session, common

if TYPE_CHECKING:
    from nsor.codes.source import Offence, Place


@click.command()
@click.argument("words", nargs=-1)
@common
def places(session: Session, words: tuple[str, ...]) -> None:
    """Find a place's code by its name in English or Urdu, or list what is in PK-PB; without WORDS, all."""
    from nsor.codes import places as registry  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.codes import source  # noqa: PLC0415 - as above

    found = registry.find(" ".join(words))
    if session.as_json:
        for place in found.places:
            days = {"valid_from": place.valid_from, "valid_to": place.valid_to}
            session.json({"code": place.code, "en": place.en, "ur": place.ur, "verified": place.verified, **days})
        return
    if not found.exact:
        session.say("No place has such a name. The list has provinces and districts: name the district.")
        session.say(_NEAR if found.places else "`nsor places PK-PB` lists what is in a province.")
    if found.places:
        rows = [(place.code, _where(place), place.en, place.ur) for place in found.places]
        session.table("", ("code", "in", "name", "نام"), rows)
    session.counted(len(found.places), len(source.places()), "places")
    if not all(place.verified for place in found.places):
        session.say("These codes are a working list, not compared with the provinces' notifications.")
    if found.places and not any(place.stations for place in found.places):
        session.say("A police station is DISTRICT/PS-001, such as PK-PB/LHR/PS-001: your province gives its number.")
    if any(place.levies for place in found.places):
        session.say("A Levies post is DISTRICT/LV-001.")


_NEAR = "These come near:"


def _where(place: Place) -> str:
    """The province of a district, and from when to when it was one."""
    from nsor.codes import source  # noqa: PLC0415 - as above

    unit, _, district = place.code.partition("/")
    if not district:
        return ""
    province = next(other.en for other in source.places() if other.code == unit)
    days = [f"from {place.valid_from}"] * bool(place.valid_from) + [f"to {place.valid_to}"] * bool(place.valid_to)
    return ", ".join((province, *days))


@click.command()
@click.argument("words", nargs=-1)
@common
def offences(session: Session, words: tuple[str, ...]) -> None:
    """Find an offence's code by words of its title, or by its section: 376, "376 PPC", PPC-376; without WORDS, all."""
    from dataclasses import asdict  # noqa: PLC0415 - as above

    from nsor.codes import offences as table  # noqa: PLC0415 - as above
    from nsor.codes import source  # noqa: PLC0415 - as above

    found = table.find(" ".join(words))
    if session.as_json:
        for offence in found.offences:
            session.json(asdict(offence))
        return
    if not found.exact:
        session.say("No offence has such a section or title. Titles are in English, as the law's text is.")
        session.say(_NEAR if found.offences else "`nsor offences` lists every section.")
    if found.offences:
        rows = [
            (row.code, _window(row), _registrable(row), "yes" if row.verified else "no", row.title)
            for row in found.offences
        ]
        session.table("", ("code", "law", "registrable", "verified", "title"), rows)
    session.counted(len(found.offences), len(source.offences()), "sections")
    if not all(row.verified for row in found.offences):
        session.say("verified no: nobody has compared this row with the law's text yet.")


def _window(row: Offence) -> str:
    """From when to when it was law: the day of the offence decides."""
    parts = [f"from {row.valid_from}"] * bool(row.valid_from) + [f"to {row.valid_to}"] * bool(row.valid_to)
    parts += [f"then {row.superseded_by}"] * bool(row.superseded_by)
    return ", ".join(parts) or "any day"


def _registrable(row: Offence) -> str:
    if row.always:
        return "yes"
    if row.principal:
        return "victim woman or child"
    if row.inchoate:
        return "with or of a principal offence"
    return "with a principal offence" if row.connected else "no"
