import datetime as dt

import msgspec
import pytest

from nsor.v1 import errors_pb2, types_pb2
from nsor_server.policy.offences import CountFacts, NotRegistrable, OffenceTable, S24Only

TABLE = OffenceTable.load()
DAY = dt.date(2022, 8, 30)
JUDGED = dt.date(2024, 1, 15)
WOMAN = types_pb2.VICTIM_CLASS_WOMAN
CHILD = types_pb2.VICTIM_CLASS_CHILD
MAN = types_pb2.VICTIM_CLASS_OTHER_ADULT
UNSAID = types_pb2.VICTIM_CLASS_NOT_STATED


def bases(*counts: tuple[str, types_pb2.VictimClass.ValueType], day: dt.date = DAY) -> list[str]:
    found = TABLE.legal_bases([CountFacts(code, day, victim) for code, victim in counts], JUDGED)
    return [types_pb2.LegalBasis.Name(basis).removeprefix("LEGAL_BASIS_") for basis in found]


def test_rape_of_a_woman_or_a_child_is_on_both_definitions() -> None:
    assert bases(("PPC-376", WOMAN), ("PPC-377B", CHILD), ("PECA-22", CHILD)) == ["BOTH", "BOTH", "BOTH"]


@pytest.mark.parametrize("victim", [MAN, UNSAID])
def test_the_same_section_is_only_s2h_when_the_victim_is_a_man(victim: types_pb2.VictimClass.ValueType) -> None:
    # s.2(1)(g), (k): an offence is scheduled only against a woman or a child.
    assert bases(("PPC-377", victim)) == ["S2H"]


def test_s24_is_wider_than_s2h() -> None:
    assert bases(("PPC-354A", WOMAN), ("PPC-336B", CHILD)) == ["S24_EXPLANATION", "S24_EXPLANATION"]


@pytest.mark.parametrize("code", ["PPC-354", "PPC-354A", "PPC-365B", "PPC-336A"])
def test_what_only_s24_covers_needs_a_woman_or_a_child(code: str) -> None:
    with pytest.raises(NotRegistrable):
        bases((code, MAN))


def test_connected_sections_need_a_principal_of_the_same_schedule() -> None:
    assert bases(("PPC-34", WOMAN), ("PPC-376", WOMAN)) == ["CONNECTED", "BOTH"]
    assert bases(("PPC-354", WOMAN), ("PPC-498C", WOMAN)) == ["S24_EXPLANATION", "CONNECTED"]
    with pytest.raises(NotRegistrable) as refused:
        bases(("PPC-376", WOMAN), ("PPC-498C", WOMAN))  # Schedule I's, with a principal of Schedule II
    assert refused.value.index == 1
    with pytest.raises(NotRegistrable):
        bases(("PPC-376", MAN), ("PPC-34", MAN))  # nothing scheduled to be connected with


@pytest.mark.parametrize("code", sorted(row.code for row in TABLE.rows() if row.connected_only))
def test_no_connected_section_stands_alone(code: str) -> None:
    with pytest.raises(NotRegistrable) as refused:
        bases((code, WOMAN))
    assert refused.value.field == "offence_code"


def of(code: str, underlying: str, *more: str, victim: types_pb2.VictimClass.ValueType = WOMAN) -> list[str]:
    counts = [CountFacts(code, DAY, victim, underlying), *(CountFacts(other, DAY, victim) for other in more)]
    return [types_pb2.LegalBasis.Name(b).removeprefix("LEGAL_BASIS_") for b in TABLE.legal_bases(counts, JUDGED)]


def refusal(code: str, underlying: str, *, victim: types_pb2.VictimClass.ValueType = WOMAN) -> tuple[str, str]:
    with pytest.raises(NotRegistrable) as refused:
        of(code, underlying, victim=victim)
    return refused.value.field, errors_pb2.FieldReason.Name(refused.value.rule).removeprefix("FIELD_REASON_")


@pytest.mark.parametrize("code", ["PPC-511", "PPC-107", "PPC-109", "PPC-114", "PPC-115", "PPC-120A", "PPC-120B"])
def test_an_attempt_abetment_or_conspiracy_of_a_scheduled_offence_stands_by_itself(code: str) -> None:
    # "376/511": nobody committed the rape, and the conviction is registrable (Schedule II: 511, Chapters V and V-A).
    assert of(code, "PPC-376") == ["S24_EXPLANATION"]
    assert of(code, "PECA-22", victim=CHILD) == ["S24_EXPLANATION"]
    # It passes the test for a principal offence, so that others are connected with it, of the same Schedule only.
    assert of(code, "PPC-376", "PPC-34", "PPC-364A") == ["S24_EXPLANATION", "CONNECTED", "CONNECTED"]
    with pytest.raises(NotRegistrable):
        of(code, "PPC-376", "PPC-498C")


def test_an_attempt_of_what_stands_by_itself_for_nobody_does_not_either() -> None:
    # Of a section that is connected only, or on neither definition: it counts beside a principal offence.
    for underlying in ("PPC-506", "PPC-364A", "PPC-511"):
        assert refusal("PPC-511", underlying) == ("offence_code", "OFFENCE_UNKNOWN")
        assert of("PPC-511", underlying, "PPC-376") == ["CONNECTED", "BOTH"]
    # s.2(1)(h) lists convictions under the section itself; an attempt against a man is in no Schedule.
    assert refusal("PPC-511", "PPC-377", victim=MAN) == ("offence_code", "OFFENCE_UNKNOWN")
    # The section that was attempted has to be law on the day, too.
    late = CountFacts("PPC-511", dt.date(2023, 7, 24), CHILD, "PPC-292B")
    with pytest.raises(NotRegistrable) as refused:
        TABLE.legal_bases([late], JUDGED)
    assert refused.value.field == "underlying_offence_code"


@pytest.mark.parametrize("code", ["PPC-376", "PPC-34", "PPC-364A", "PPC-302", "ATA-7"])
def test_no_other_count_names_a_section_that_it_was_of(code: str) -> None:
    assert refusal(code, "PPC-376") == ("underlying_offence_code", "ONLY_WITH_ATTEMPT")


def test_a_table_of_before_knows_no_attempts() -> None:
    # A register's own older document has no such field: it is read, and judges as it did.
    rows = tuple(msgspec.structs.replace(row, inchoate=False) for row in TABLE.rows())
    with pytest.raises(NotRegistrable):
        OffenceTable(rows).legal_bases([CountFacts("PPC-511", DAY, WOMAN, "PPC-376")], JUDGED)
    assert OffenceTable(rows).legal_bases(
        [CountFacts("PPC-511", DAY, WOMAN), CountFacts("PPC-376", DAY, WOMAN)], JUDGED
    )


@pytest.mark.parametrize(
    ("first", "codes"),
    [
        (dt.date(2006, 12, 1), ("PPC-365B", "PPC-367A", "PPC-371A", "PPC-371B", "PPC-375", "PPC-376")),
        (dt.date(2011, 12, 26), ("PPC-336A", "PPC-336B")),
        (dt.date(2016, 3, 18), ("PPC-292A", "PPC-292B", "PPC-292C", "PPC-377A", "PPC-377B")),
        (dt.date(2016, 8, 18), ("PECA-21", "PECA-22")),
        (dt.date(2020, 12, 14), ("PPC-375A",)),
    ],
)
def test_a_section_counts_for_offences_since_it_was_law(first: dt.date, codes: tuple[str, ...]) -> None:
    for code in codes:
        assert bases((code, CHILD), day=first)
        with pytest.raises(NotRegistrable):
            bases((code, CHILD), day=first - dt.timedelta(days=1))


@pytest.mark.parametrize(
    ("code", "day"),
    [
        ("PPC-369A", dt.date(2016, 3, 17)),
        ("PPC-498B", dt.date(2011, 12, 25)),
        ("PPC-498C", dt.date(2011, 12, 25)),
        ("PPC-366", dt.date(1979, 2, 10)),
    ],
)
def test_a_connected_section_needs_to_be_law_too(code: str, day: dt.date) -> None:
    # PPC 366 was probably repealed by Ordinance VII of 1979; the others came by Acts of 2011 and 2016.
    with pytest.raises(NotRegistrable) as refused:
        bases(("PPC-354", WOMAN), ("PPC-366A", WOMAN), (code, WOMAN), day=day)
    assert refused.value.index == 2


def test_what_stands_beside_a_rape_in_a_judgment_is_connected() -> None:
    # PPC Chapter XVI is in Schedule II as a whole, Chapters V and V-A are in both.
    beside = (
        *("PPC-310A", "PPC-328", "PPC-328A", "PPC-334", "PPC-336", "PPC-337J", "PPC-337L", "PPC-353", "PPC-355"),
        *("PPC-367", "PPC-370", "PPC-371", "PPC-374", "PPC-303", "PPC-308", "PPC-311", "PPC-319", "PPC-322"),
        *("PPC-329", "PPC-337D", "PPC-337H", "PPC-337K", "PPC-338A", "PPC-338C", "PPC-343", "PPC-344", "PPC-346"),
        *("PPC-347", "PPC-348", "PPC-356", "PPC-357"),
    )
    chapter_v = ("108", "108A", *(str(n) for n in range(107, 121) if n != 108), "120A", "120B")
    for code in (*beside, *(f"PPC-{section}" for section in chapter_v)):
        assert bases(("PPC-376", WOMAN), (code, WOMAN)) == ["BOTH", "CONNECTED"], code
    for section in chapter_v:
        assert bases(("PPC-354", WOMAN), (f"PPC-{section}", WOMAN))[1] == "CONNECTED"


def test_what_stands_in_firs_beside_them_is_known_and_not_registrable() -> None:
    for section in ("PPC-148", "PPC-149", "PPC-201", "PPC-376A", "PPC-384", "PPC-493A", "PPC-496B", "PECA-20"):
        assert TABLE.known(section)
        with pytest.raises(NotRegistrable) as refused:
            bases(("PPC-376", WOMAN), (section, WOMAN))
        assert refused.value.index == 1


def test_what_was_remembered_or_came_from_the_press_is_not_verified() -> None:
    rows = {row.code: row for row in TABLE.rows()}
    for code in ("PPC-375A", "PPC-292B", "PPC-292C", "PPC-366", "PPC-310A", "PPC-328A", "PPC-498B", "PPC-115"):
        assert not rows[code].verified, code
    assert not any(row.verified for row in rows.values() if "remembered" in row.citation or "press" in row.citation)


def test_a_repealed_section_counts_for_offences_of_its_time() -> None:
    # PPC 292B and 292C were repealed on 24 July 2023.
    assert bases(("PPC-292B", CHILD), day=dt.date(2023, 7, 23)) == ["BOTH"]
    with pytest.raises(NotRegistrable):
        bases(("PPC-292C", CHILD), day=dt.date(2023, 7, 24))


def test_an_offence_after_its_judgment_is_refused() -> None:
    with pytest.raises(NotRegistrable):
        bases(("PPC-376", WOMAN), day=JUDGED + dt.timedelta(days=1))


def test_known_is_not_registrable() -> None:
    assert TABLE.known("PPC-506")
    assert not TABLE.known("PPC-9999")
    with pytest.raises(NotRegistrable):
        bases(("PPC-506", WOMAN))


def test_the_switch_for_what_only_s24_covers() -> None:
    counts = [CountFacts("PPC-354A", DAY, WOMAN)]
    review = OffenceTable(TABLE.rows(), S24Only.ACCEPTED_WITH_REVIEW)
    assert review.needs_review(review.legal_bases(counts, JUDGED))
    assert not TABLE.needs_review(TABLE.legal_bases(counts, JUDGED))
    with pytest.raises(NotRegistrable):
        OffenceTable(TABLE.rows(), S24Only.REFUSED).legal_bases(counts, JUDGED)


def test_the_lists_are_those_of_the_act() -> None:
    # s.2(1)(h), and the principal offences of the two Schedules.
    rows = TABLE.rows()
    assert {row.code for row in rows if row.s2h} == {
        *("PPC-292A", "PPC-292B", "PPC-292C", "PPC-371A", "PPC-371B", "PPC-375", "PPC-375A", "PPC-376"),
        *("PPC-377", "PPC-377A", "PPC-377B", "PECA-21", "PECA-22"),
    }
    assert {row.code for row in rows if "I" in row.principal_in} == {
        *("PPC-292A", "PPC-292B", "PPC-292C", "PPC-354", "PECA-21", "PECA-22"),
    }
    assert {row.code for row in rows if "II" in row.principal_in} == {
        *("PPC-336A", "PPC-336B", "PPC-354A", "PPC-365B", "PPC-366A", "PPC-366B", "PPC-367A", "PPC-371A"),
        *("PPC-371B", "PPC-375", "PPC-375A", "PPC-376", "PPC-377", "PPC-377A", "PPC-377B"),
    }
