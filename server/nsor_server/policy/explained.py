"""What a policy would change, in words, for whoever decides about it. Pure; it compares two and decides nothing."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from nsor import policies
from nsor.counting import agreed
from nsor.v1 import options_pb2
from nsor_server.calls import Agency
from nsor_server.policy import documents
from nsor_server.policy.deadlines import DeadlineRow
from nsor_server.policy.holidays import COUNTRY
from nsor_server.policy.loaded import Policy
from nsor_server.policy.offences import OffenceRow

Ceiling = Mapping[int, frozenset[int]]
"""For each kind of agency the purposes that the contract allows it: policy can't give more."""
_WHOLE_COUNTRY: Final = "PK"
_MOST_NAMED: Final = 12
"""Places or days that a sentence names; the rest it counts."""
_DAYS_BACK: Final = 366
_DAYS_AHEAD: Final = 3 * 366
"""Days of which it is said whether they are closed or open."""


def changes(before: Policy, after: Policy, name: str) -> list[policies.Change]:
    """The differences of a document, row by row."""
    return policies.changes(_plain(before, name), _plain(after, name))


def sentences(before: Policy, after: Policy, ceiling: Ceiling, today: dt.date) -> Iterator[str]:
    """What would be decided otherwise, document by document.

    Args:
        before: in force.
        after: proposed.
        ceiling: what the contract allows.
        today: the day in Asia/Karachi.
    """
    for name in before.differs(after):
        match name:
            case "deadlines":
                yield from _deadlines(before, after, today)
            case "grants":
                yield from _grants(before, after)
            case "narrowing":
                yield from _narrowing(before, after, ceiling)
            case "offences":
                yield from _offences(before, after)
            case "places":
                yield from _places(before, after)
            case "holidays":
                yield from _holidays(before, after, today)
            case _:
                yield from _numbers(name, changes(before, after, name))


def _plain(policy: Policy, name: str) -> Any:
    return json.loads(documents.canonical(policy.documents[name]))


def _deadlines(before: Policy, after: Policy, today: dt.date) -> Iterator[str]:
    old = {(row.id, row.valid_from): row for row in before.deadlines.rows()}
    new = {(row.id, row.valid_from): row for row in after.deadlines.rows()}
    for key, row in new.items():
        if key in old:
            if old[key] != row:
                yield from _deadline_words(old[key], row)
            continue
        earlier = before.deadlines.row(row.id, row.valid_from)
        since = "from ever on" if row.valid_from == dt.date.min else f"for what begins on or after {row.valid_from}"
        instead = "" if earlier is None else f" instead of {_measure(earlier)}{_by_how_much(earlier, row)}"
        yield f"Deadline {row.id} ({row.start_event}): {_measure(row)}{instead}, {since}."
        yield f"Deadline {row.id}: what was decided keeps its end."
        if row.valid_from < today:
            yield f"Deadline {row.id}: also for what began since {row.valid_from} and is entered from now on."
    for key in old.keys() - new.keys():
        yield f"Deadline {key[0]}: the row that would count from {key[1]} is gone."


def _deadline_words(old: DeadlineRow, new: DeadlineRow) -> Iterator[str]:
    if _measure(old) != _measure(new):
        yield f"Deadline {new.id}, which counts from {new.valid_from}: {_measure(new)} instead of {_measure(old)}."
    if old.verified != new.verified:
        yield f"Deadline {new.id} is {'verified now' if new.verified else 'not verified any more'}: {new.citation}."
    elif old.citation != new.citation:
        yield f"Deadline {new.id} names another source: {new.citation}."


def _measure(row: DeadlineRow) -> str:
    for count, unit in ((row.minutes, "minute"), (row.hours, "hour"), (row.days, "day"), (row.years, "year")):
        if count is not None:
            return f"{count} {unit}{'' if count == 1 else 's'}{' before' if row.before else ''}"
    raise RuntimeError("a deadline has a measure")


def _by_how_much(old: DeadlineRow, new: DeadlineRow) -> str:
    for unit, first, second in (
        ("minutes", old.minutes, new.minutes),
        ("hours", old.hours, new.hours),
        ("days", old.days, new.days),
        ("years", old.years, new.years),
    ):
        if first is not None and second is not None and first != second:
            return f" ({abs(second - first)} {unit} {'more' if second > first else 'less'})"
    return ""


_GRANTS: Final = {
    "uses_per_subject": (
        "A new grant allows {new} look-ups of each suspect instead of {old}. Grants that were made keep theirs."
    ),
    "ticket_uses_per_subject": (
        "A new ticket allows {new} look-ups of each person instead of {old}. Tickets that were opened keep theirs."
    ),
    "court_case_uses_per_subject": (
        "A court case allows {new} look-ups of each person instead of {old}. Cases that were opened keep theirs."
    ),
    "repeat_minutes": "A look-up may be repeated for {new} minutes instead of {old}.",
    "emergency_grade": "An emergency look-up is opened by officers of grade {new} or above, instead of {old}.",
}


def _grants(before: Policy, after: Policy) -> Iterator[str]:
    said = False
    for field, words in _GRANTS.items():
        old, new = getattr(before.grants, field), getattr(after.grants, field)
        if old != new:
            said = True
            yield agreed(words, named={"new": new, "old": old}).format(new=new, old=old)
    if not said:
        yield "A grant's source is another one; how far it reaches stays."


def _narrowing(before: Policy, after: Policy, ceiling: Ceiling) -> Iterator[str]:
    toggled: dict[tuple[bool, int, str], list[str]] = defaultdict(list)
    for unit in (_WHOLE_COUNTRY, *after.places.units()):
        for kind, purposes in ceiling.items():
            agency = Agency("", options_pb2.AgencyKind.ValueType(kind), (unit,), enabled=True)
            for number in sorted(purposes):
                purpose = options_pb2.Purpose.ValueType(number)
                was, will = before.narrowing.allows(agency, purpose), after.narrowing.allows(agency, purpose)
                if was != will:
                    toggled[will, number, unit].append(_kind(kind))
    for (on, switched, unit), kinds in toggled.items():
        where = "agencies of the whole country" if unit == _WHOLE_COUNTRY else f"agencies of {unit}"
        state = "on again" if on else "off"
        yield f"{_purpose(switched)} is switched {state} for {', '.join(kinds)}: {where}."
    old, new = (set(_of_agencies(policy)) for policy in (before, after))
    for word, named in (("off", new - old), ("on again", old - new)):
        for of_purpose, agencies, kinds_only, provinces in sorted(named):
            only = " ".join((*kinds_only, *provinces))
            yield f"{of_purpose} is switched {word} for {', '.join(agencies)}{f' (if {only})' if only else ''}."
    if not toggled and old == new:
        yield "What is switched off stays; only sources are others."


def _of_agencies(policy: Policy) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    """What is switched off for agencies by name: purpose, agencies, kinds and provinces."""
    file: Any = policy.documents["narrowing"]
    return ((row.purpose, row.agencies, row.kinds, row.provinces) for row in file.switched_off if row.agencies)


def _kind(number: int) -> str:
    return options_pb2.AgencyKind.Name(options_pb2.AgencyKind.ValueType(number)).removeprefix("AGENCY_KIND_")


def _purpose(number: int) -> str:
    return options_pb2.Purpose.Name(options_pb2.Purpose.ValueType(number)).removeprefix("PURPOSE_")


def _offences(before: Policy, after: Policy) -> Iterator[str]:
    if before.offences.s24_only is not after.offences.s24_only:
        old, new = before.offences.s24_only.value, after.offences.s24_only.value
        yield f"Counts that only s.24's explanation covers are {new} instead of {old}."
    was, will = ({row.code: row.title for row in policy.offences.rows()} for policy in (before, after))
    for code, title in will.items():
        old, new = (_registrable(policy.offences.of(code)) for policy in (before, after))
        if code not in was:
            yield f"{code} ({title}) is new: {new}."
        elif old != new:
            yield f"{code} ({title}): {new}; until now {old}."
    for code in was.keys() - will.keys():
        yield f"{code} is gone: no count and no application can name it, whatever its day."
    yield "Counts that are in the register keep the legal basis that they were entered with."


def _registrable(rows: tuple[OffenceRow, ...]) -> str:
    """How a section is registrable, and when: by each of its rows."""
    return ", and ".join(map(_of_row, rows))


def _of_row(row: OffenceRow) -> str:
    if row.s2h or row.principal_in:
        kind = "registrable by itself"
    elif row.connected_in:
        kind = f"registrable only with {'or of ' * row.inchoate}a principal offence"
    else:
        kind = "known, but not registrable"
    first = f" from {row.valid_from}" if row.valid_from else ""
    last = f" until {row.valid_to}" if row.valid_to else ""
    return f"{kind}{first}{last}"


def _places(before: Policy, after: Policy) -> Iterator[str]:
    old, new = (_all_places(policy) for policy in (before, after))
    for word, found in (
        ("Places that are new", new.keys() - old.keys()),
        ("Places that no request can name any more", old.keys() - new.keys()),
        ("Places with another name", {code for code in new.keys() & old.keys() if new[code][0] != old[code][0]}),
        (
            "Places of which other stations are accepted",
            {c for c in new.keys() & old.keys() if new[c][1] != old[c][1]},
        ),
        ("Districts that are districts on other days", {c for c in new.keys() & old.keys() if new[c][2] != old[c][2]}),
    ):
        if found:
            yield f"{word}: {_named(sorted(found))}."


def _all_places(policy: Policy) -> dict[str, tuple[Any, Any, Any]]:
    """Each unit and district: its names, which stations are accepted, and its days."""
    file: Any = policy.documents["places"]
    found: dict[str, tuple[Any, Any, Any]] = {}
    for unit in file.unit:
        found[unit.code] = ((unit.en, unit.ur), unit.levies, None)
        for district in unit.districts:
            days = (district.valid_from, district.valid_to)
            found[f"{unit.code}/{district.code}"] = ((district.en, district.ur), district.stations, days)
    return found


def _named(codes: list[str]) -> str:
    more = len(codes) - _MOST_NAMED
    return ", ".join(codes[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _holidays(before: Policy, after: Policy, today: dt.date) -> Iterator[str]:
    found: dict[tuple[str, str], list[dt.date]] = defaultdict(list)
    for number in range(-_DAYS_BACK, _DAYS_AHEAD):
        day = today + dt.timedelta(days=number)
        for unit in sorted(before.holidays.units() | after.holidays.units()):
            old, new = before.holidays.code(day, unit), after.holidays.code(day, unit)
            if bool(old) != bool(new) and (unit == COUNTRY or not _same_in_country(before, after, day)):
                found[unit, f"closed ({new})" if new else f"open, no longer {old}"].append(day)
    for (unit, what), days in found.items():
        where = "everywhere" if unit == COUNTRY else f"in {unit}"
        yield f"Offices are {what} {where} on {_named([day.isoformat() for day in days])}."
    was, will = (_ending_later(policy) for policy in (before, after))
    for rule in sorted(will - was):
        yield f"Deadline {rule}: if its last day is closed, it ends with the next open day from now on."
    for rule in sorted(was - will):
        yield f"Deadline {rule}: it ends on its last day from now on, open or closed."
    yield "Deadlines that were computed keep their end."


def _same_in_country(before: Policy, after: Policy, day: dt.date) -> bool:
    """Whether what becomes of a day in a province becomes of it in the whole country too."""
    return bool(before.holidays.code(day)) != bool(after.holidays.code(day))


def _ending_later(policy: Policy) -> set[str]:
    file: Any = policy.documents["holidays"]
    return {rule for row in file.ends_later for rule in row.rules}


def _numbers(name: str, found: list[policies.Change]) -> Iterator[str]:
    """A document of numbers: which shrink and which grow."""
    for change in found:
        try:
            grows = float(change.after) > float(change.before)
        except ValueError:
            yield f"{name}: {change.text()[2:]}."
        else:
            word = "more" if grows else "less"
            yield f"{name}, {change.row}: {change.field} {change.after} instead of {change.before}, {word} than before."
