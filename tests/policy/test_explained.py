"""What a policy would change, said before it does."""

import datetime as dt

import pytest

from nsor import policies
from nsor.v1 import options_pb2
from nsor_server.access.contract import Contract
from nsor_server.policy import documents, explained, source
from nsor_server.policy.loaded import Policy

SHIPPED = Policy.load()
TODAY = dt.date(2026, 11, 26)
CEILING: dict[int, frozenset[int]] = {}
for _rule in Contract.load().methods.values():
    for _kind, _allowed in _rule.allow.items():
        CEILING[_kind] = CEILING.get(_kind, frozenset()) | frozenset(_allowed.purposes)


def changed(name: str, before: str, after: str, more: str = "") -> Policy:
    toml = source.packaged(f"{name}.toml").read_text(encoding="utf-8")
    assert before in toml
    return SHIPPED.replaced(name, documents.parse(name, (toml.replace(before, after, 1) + more).encode()))


def words(after: Policy, before: Policy = SHIPPED) -> list[str]:
    return list(explained.sentences(before, after, CEILING, TODAY))


def lines(after: Policy, name: str) -> list[str]:
    return [change.text() for change in explained.changes(SHIPPED, after, name)]


def row(days: int, since: str) -> str:
    return (
        '\n[[deadline]]\nid = "grant-expiry"\nstart_event = "the prosecutor grants the request"\n'
        f'days = {days}\ncitation = "working value"\nverified = false\nvalid_from = {since}\n'
    )


def test_nothing_is_said_of_what_stays() -> None:
    assert words(SHIPPED) == []
    # Comments and the order of rows decide nothing.
    toml = source.packaged("deadlines.toml").read_text(encoding="utf-8")
    assert words(SHIPPED.replaced("deadlines", documents.parse("deadlines", b"# later\n" + toml.encode()))) == []


def test_a_deadline_that_moves_says_by_how_much_and_for_what() -> None:
    found = words(changed("deadlines", "", "", row(7, "2027-01-01")))
    moved = "7 days instead of 14 days (7 days less), for what begins on or after 2027-01-01."
    assert found == [
        f"Deadline grant-expiry (the prosecutor grants the request): {moved}",
        "Deadline grant-expiry: what was decided keeps its end.",
    ]
    back = words(changed("deadlines", "", "", row(20, "2026-11-01")))
    assert "(6 days more)" in back[0]
    assert back[-1] == "Deadline grant-expiry: also for what began since 2026-11-01 and is entered from now on."
    (added,) = lines(changed("deadlines", "", "", row(7, "2027-01-01")), "deadlines")
    assert added.startswith("+ deadline grant-expiry from 2027-01-01: ")
    assert "days 7" in added


def test_a_source_that_was_read_is_said() -> None:
    after = changed(
        "deadlines", 'comparables = "UK weekly"\nverified = false', 'comparables = "UK weekly"\nverified = true'
    )
    assert words(after)[0].startswith("Deadline no-fixed-abode-notice is verified now: ")
    assert lines(after, "deadlines") == ["~ deadline no-fixed-abode-notice: verified no -> yes"]


def test_a_grant_that_reaches_further_is_said() -> None:
    after = changed("grants", "uses_per_subject = 1", "uses_per_subject = 3")
    assert words(after) == [
        "A new grant allows 3 look-ups of each suspect instead of 1. Grants that were made keep theirs."
    ]
    assert lines(after, "grants") == ["~ document: uses_per_subject 1 -> 3"]


def test_what_is_switched_off_names_purposes_kinds_and_units() -> None:
    off = changed("narrowing", 'code = "PK-KP"\nadopted = true', 'code = "PK-KP"\nadopted = false')
    found = words(off)
    assert "INVESTIGATION is switched off for POLICE: agencies of PK-KP." in found
    assert all("PK-KP" in each and "switched off" in each for each in found)
    # Only what the contract gives can be taken away.
    assert not any("INVESTIGATION" in each and "COURT" in each for each in found)
    assert "INVESTIGATION is switched on again for POLICE: agencies of PK-KP." in words(SHIPPED, off)
    assert lines(off, "narrowing") == ["~ province PK-KP: adopted yes -> no"]


def test_a_purpose_that_one_agency_loses_names_the_agency() -> None:
    more = (
        '\n[[switched_off]]\npurpose = "INVESTIGATION"\nagencies = ["punjab-police"]\n'
        'citation = "decision"\nverified = false\n'
    )
    off = changed("narrowing", "", "", more)
    assert words(off) == ["INVESTIGATION is switched off for punjab-police."]
    assert words(SHIPPED, off) == ["INVESTIGATION is switched on again for punjab-police."]


def test_an_offence_that_is_judged_otherwise_is_named() -> None:
    toml = source.packaged("offences.toml").read_text(encoding="utf-8")
    rape = next(each for each in SHIPPED.offences.rows() if each.code == "PPC-376")
    assert (rape.s2h, rape.valid_to) == (True, None)
    head = f'code = "PPC-376"\ntitle = "{rape.title}"\n'
    since = "registrable by itself from 2006-12-01"
    assert head in toml
    found = words(changed("offences", head, head + "valid_to = 2026-12-31\n"))
    assert found[0] == f"PPC-376 ({rape.title}): {since} until 2026-12-31; until now {since}."
    assert found[-1] == "Counts that are in the register keep the legal basis that they were entered with."


def test_places_that_come_and_go_are_named_and_counted() -> None:
    after = changed("places", '  { code = "ATK", en = "Attock"', '  { code = "ATX", en = "Attock"')
    assert words(after) == [
        "Places that are new: PK-PB/ATX.",
        "Places that no request can name any more: PK-PB/ATK.",
    ]
    stations = changed("places", 'code = "ATK", en = "Attock",', 'code = "ATK", stations = ["PS-001"], en = "Attock",')
    assert words(stations) == ["Places of which other stations are accepted: PK-PB/ATK."]
    levies = changed("places", 'code = "PK-SD"\n', 'code = "PK-SD"\nlevies = true\n')
    assert words(levies) == ["Places of which other stations are accepted: PK-SD."]
    ended = changed("places", 'code = "ATK", en = "Attock",', 'code = "ATK", valid_to = 2026-12-31, en = "Attock",')
    assert words(ended) == ["Districts that are districts on other days: PK-PB/ATK."]


SOURCE = 'citation = "working value: no source for the life of a grant was found"'
GRANTS_SOURCE = 'citation = "working values: the SOPs'
KEPT = "Counts that are in the register keep the legal basis that they were entered with."


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        (
            "deadlines",
            "days = 14\n" + SOURCE,
            "days = 21\n" + SOURCE,
            "Deadline grant-expiry, which counts from 0001-01-01: 21 days instead of 14 days.",
        ),
        ("deadlines", SOURCE, 'citation = "an order"', "Deadline grant-expiry names another source: an order."),
        (
            "grants",
            "ticket_uses_per_subject = 3",
            "ticket_uses_per_subject = 4",
            "A new ticket allows 4 look-ups of each person instead of 3. Tickets that were opened keep theirs.",
        ),
        (
            "grants",
            "court_case_uses_per_subject = 10",
            "court_case_uses_per_subject = 9",
            "A court case allows 9 look-ups of each person instead of 10. Cases that were opened keep theirs.",
        ),
        (
            "grants",
            "repeat_minutes = 10",
            "repeat_minutes = 5",
            "A look-up may be repeated for 5 minutes instead of 10.",
        ),
        ("grants", GRANTS_SOURCE, 'citation = "The SOPs', "A grant's source is another one; how far it reaches stays."),
        (
            "narrowing",
            'citation = "Anti-Rape',
            'citation = "The Anti-Rape',
            "What is switched off stays; only sources are others.",
        ),
        (
            "offences",
            's24_only = "accepted"',
            's24_only = "refused"',
            "Counts that only s.24's explanation covers are refused instead of accepted.",
        ),
        (
            "places",
            'code = "ATK", en = "Attock"',
            'code = "ATK", en = "Attok"',
            "Places with another name: PK-PB/ATK.",
        ),
    ],
)
def test_each_kind_of_change_is_said_in_its_own_words(name: str, before: str, after: str, said: str) -> None:
    # Whoever adopts it reads these sentences, and signs.
    assert [each for each in words(changed(name, before, after)) if each != KEPT] == [said]


def test_rows_that_go_are_said() -> None:
    later = changed("deadlines", "", "", row(7, "2027-01-01"))
    assert words(SHIPPED, later) == ["Deadline grant-expiry: the row that would count from 2027-01-01 is gone."]
    toml = source.packaged("offences.toml").read_text(encoding="utf-8")
    start = toml.index('[[offence]]\ncode = "PPC-375A"')
    whole = toml[start : toml.index("[[offence]]", start + 1)]
    without = changed("offences", whole, "")
    assert words(without) == ["PPC-375A is gone: no count and no application can name it, whatever its day.", KEPT]
    assert words(SHIPPED, without) == ["PPC-375A (Gang rape) is new: registrable by itself from 2020-12-14.", KEPT]


def test_how_an_offence_is_registrable_is_said_with_its_days() -> None:
    head = 'code = "PPC-375A"\ntitle = "Gang rape"\n'
    both = 's2h = true\nprincipal_in = ["II"]\n'
    for after, said in (
        ('s2h = false\nconnected_in = ["II"]\n', "registrable only with a principal offence"),
        ("s2h = false\n", "known, but not registrable"),
        ("valid_to = 2026-12-31\n" + both, "registrable by itself from 2020-12-14 until 2026-12-31"),
    ):
        found = words(changed("offences", head + both, head + after))
        assert any("PPC-375A (Gang rape)" in each and f": {said}" in each for each in found), found


def test_a_section_that_only_begins_on_another_day_is_not_said_to_be_gone() -> None:
    head = 'code = "PPC-375A"\ntitle = "Gang rape"\ns2h = true\nprincipal_in = ["II"]\nvalid_from = '
    found = words(changed("offences", head + "2020-12-14", head + "2021-12-01"))
    new, old = "registrable by itself from 2021-12-01", "registrable by itself from 2020-12-14"
    assert found == [f"PPC-375A (Gang rape): {new}; until now {old}.", KEPT]
    # A later version of the law beside the old one: both are said.
    more = (
        '\n[[offence]]\ncode = "PPC-452"\ntitle = "Later"\nvalid_from = 2027-01-01\n'
        'principal_in = ["I"]\ncitation = "c"\nverified = false\n'
    )
    known = "known, but not registrable"
    assert words(changed("offences", "", "", more)) == [
        f"PPC-452 (Later): {known}, and registrable by itself from 2027-01-01; until now {known}.",
        KEPT,
    ]


def test_a_purpose_that_is_switched_off_everywhere_says_so() -> None:
    more = '\n[[switched_off]]\npurpose = "INVESTIGATION"\ncitation = "decision"\nverified = false\n'
    found = words(changed("narrowing", "", "", more))
    assert any(each.endswith(": agencies of the whole country.") for each in found)


def test_a_change_that_is_no_number_is_shown_as_it_is() -> None:
    after = changed("budgets", "in hand; no source names a number", "in hand")
    (found,) = words(after)
    assert found.startswith("budgets: budget INVESTIGATION POLICE nsor.v1.LookupService/LookUpRegistration: citation ")
    assert found.endswith("in hand.")


@pytest.mark.parametrize("name", documents.KINDS)
def test_every_row_of_every_document_is_known_by_a_name_of_its_own(name: str) -> None:
    # Two rows of one name would hide each other's changes.
    document = explained._plain(SHIPPED, name)
    assert not any("#" in row for row in policies.rows(document))


def test_rows_of_one_name_do_not_hide_each_other() -> None:
    twice = {"row": [{"id": "a", "n": 1}, {"id": "a", "n": 2}]}
    found = policies.changes(twice, {"row": [{"id": "a", "n": 1}, {"id": "a", "n": 3}]})
    assert [each.text() for each in found] == ["~ row a #2: n 2 -> 3"]


def test_numbers_that_shrink_and_grow_are_told_apart() -> None:
    found = policies.changes(
        {"budget": [{"purpose": "TRIAL", "capacity": 4}]}, {"budget": [{"purpose": "TRIAL", "capacity": 9}]}
    )
    assert list(explained._numbers("budgets", found)) == [
        "budgets, budget TRIAL: capacity 9 instead of 4, more than before."
    ]


def test_no_kind_of_agency_is_left_out() -> None:
    # A monitoring system calls no method of the contract: there is nothing to take away.
    kinds = {kind for kind in options_pb2.AgencyKind.values() if kind}
    assert kinds - CEILING.keys() == {options_pb2.AGENCY_KIND_MONITORING}
