import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from demo import running
from nsor import advice
from nsor.v1 import errors_pb2, options_pb2
from nsor_server.calls import Agency
from nsor_server.formats import person_name
from nsor_server.policy import source
from nsor_server.policy.deadlines import Deadlines
from nsor_server.policy.grants import GrantPolicy
from nsor_server.policy.loaded import Policy
from nsor_server.policy.messages import Messages
from nsor_server.policy.narrowing import Narrowing
from nsor_server.policy.places import Places

KARACHI = ZoneInfo("Asia/Karachi")


def test_hours_end_at_the_exact_instant() -> None:
    # 48 hours for the prosecutor (SOPs of 22 August 2024): a newspaper says so, nobody has read them.
    start = dt.datetime(2025, 3, 1, 10, 30, 15, 250_000, tzinfo=dt.UTC)
    due = Deadlines.load().due("prosecutor-forwarding", start)
    assert due.due == start + dt.timedelta(hours=48)
    assert due.due.tzinfo == KARACHI
    assert (due.verified, due.calendar, due.start) == (False, "calendar-hours", start)


def test_days_end_in_karachi_at_the_end_of_the_day() -> None:
    # 30 days for the appeal (s.18(3)). 20:00 UTC is already the next day in Karachi.
    due = Deadlines.load().due("appeal-window", dt.datetime(2025, 5, 5, 20, tzinfo=dt.UTC))
    assert due.due == dt.datetime(2025, 6, 5, 23, 59, 59, tzinfo=KARACHI)
    assert (due.verified, due.calendar) == (True, "calendar-days")


def test_a_lead_time_is_counted_back_and_years_keep_the_day() -> None:
    deadlines = Deadlines.load()
    departure = dt.datetime(2025, 3, 10, 9, tzinfo=KARACHI)
    assert deadlines.due("foreign-travel-lead", departure).due == dt.datetime(2025, 3, 3, 23, 59, 59, tzinfo=KARACHI)
    leap = dt.datetime(2024, 2, 29, 9, tzinfo=KARACHI)
    assert deadlines.due("re-verification", leap).due == dt.datetime(2025, 2, 28, 23, 59, 59, tzinfo=KARACHI)


def test_only_the_appeal_from_a_special_court_claims_a_source() -> None:
    # The Rules 2023 could not be read; whoever reads them changes this test together with the data.
    deadlines = Deadlines.load()
    now = dt.datetime(2025, 5, 5, tzinfo=dt.UTC)
    verified = {rule for rule in deadlines.rule_ids() if deadlines.due(rule, now).verified}
    assert verified == {"appeal-window"}
    # s.18(3) speaks of Special Courts; other courts' judgments have a row of their own.
    assert "Special Courts only" in deadlines.due("appeal-window", now).citation
    assert "general law" in deadlines.due("appeal-window-other-courts", now).citation
    assert {"address-change-notice", "grant-expiry"} <= set(deadlines.rule_ids())
    assert not GrantPolicy.load().verified
    assert GrantPolicy.load().uses_per_subject == 1


def test_the_version_in_force_at_the_start_counts(tmp_path: Path) -> None:
    path = tmp_path / "deadlines.toml"
    row = '[[deadline]]\nid = "a"\nstart_event = "b"\ncitation = "c"\nverified = true\n'
    path.write_text(row + "days = 7\n" + row + "days = 3\nvalid_from = 2025-01-01\n")
    deadlines = Deadlines.load(path)
    assert deadlines.due("a", dt.datetime(2024, 12, 31, 12, tzinfo=KARACHI)).due.day == 7
    assert deadlines.due("a", dt.datetime(2025, 1, 1, 12, tzinfo=KARACHI)).due.day == 4
    with pytest.raises(source.PolicyError):
        deadlines.due("unknown", dt.datetime(2025, 1, 1, tzinfo=KARACHI))


@pytest.mark.parametrize(
    "wrong", ["", "days = 3\nhours = 2\n", "days = 0\n", "days = 'x'\n", "days = 3\nsurprise = 1\n", "days = \n"]
)
def test_wrong_policy_data_names_its_place(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "deadlines.toml"
    path.write_text('[[deadline]]\nid = "a"\nstart_event = "b"\ncitation = "c"\nverified = true\n' + wrong)
    with pytest.raises(source.PolicyError, match=r"deadlines\.toml"):
        Deadlines.load(path)


def test_places_are_the_seven_units_and_their_districts() -> None:
    places = Places.load()
    assert set(places.units()) == {"PK-IS", "PK-PB", "PK-SD", "PK-KP", "PK-BA", "PK-GB", "PK-JK"}
    assert sum(len(places.districts(unit)) for unit in places.units()) > 130
    assert places.exists("PK-JK/MZD/PS-001")
    assert places.province("PK-PB/LHR/PS-001") == "PK-PB"
    assert places.district("PK-PB/LHR/PS-001") == "PK-PB/LHR"
    assert places.district("PK-PB") is None


@pytest.mark.parametrize("code", ["PK", "PK-XX", "PK-PB/XXX", "PK-PB/LHR/PS-1", "PK-PB/LHR/PS-001/A", "PK-PB/", ""])
def test_what_is_no_place_does_not_exist(code: str) -> None:
    assert not Places.load().exists(code)


def test_listed_stations_are_the_only_ones(tmp_path: Path) -> None:
    path = tmp_path / "places.toml"
    path.write_text(
        '[[unit]]\ncode = "PK-PB"\nen = "P"\nur = "P"\ncitation = "c"\nverified = true\n'
        'districts = [{ code = "LHR", en = "L", ur = "L", stations = ["PS-001"] }]\n'
    )
    assert Places.load(path).exists("PK-PB/LHR/PS-001")
    assert not Places.load(path).exists("PK-PB/LHR/PS-002")


def test_a_levies_post_has_a_form_of_its_own_where_there_are_levies() -> None:
    places = Places.load()
    assert places.exists("PK-BA/KCH/LV-001")
    for code in ("PK-PB/LHR/LV-001", "PK-BA/KCH/LV-1", "PK-BA/KCH/LV-0001", "PK-BA/KCH/LVX-001", "PK-BA/LV-001"):
        assert not places.exists(code), code
    assert places.district("PK-BA/KCH/LV-001") == "PK-BA/KCH"


def test_a_list_of_stations_names_levies_posts_too(tmp_path: Path) -> None:
    path = tmp_path / "places.toml"
    path.write_text(
        '[[unit]]\ncode = "PK-BA"\nen = "B"\nur = "B"\ncitation = "c"\nverified = true\nlevies = true\n'
        'districts = [{ code = "KCH", en = "K", ur = "K", stations = ["PS-001", "LV-002"] }]\n'
    )
    places = Places.load(path)
    assert places.exists("PK-BA/KCH/LV-002")
    assert not places.exists("PK-BA/KCH/LV-001")


def test_a_district_has_its_days() -> None:
    # Gilgit-Baltistan's four of 17 June 2019.
    places, before = Places.load(), dt.date(2019, 6, 16)
    for code in ("PK-GB/GYN", "PK-GB/DAR", "PK-GB/TNG", "PK-GB/RND"):
        assert places.exists(code)
        assert places.existed(f"{code}/PS-001", dt.date(2019, 6, 17))
        assert not places.existed(f"{code}/PS-001", before)
        assert code not in places.districts("PK-GB", before)
    assert places.existed("PK-GB", before)
    assert places.existed("PK-PB/LHR/PS-001", before)
    assert set(places.districts("PK-GB")) - set(places.districts("PK-GB", before)) == {
        *("PK-GB/GYN", "PK-GB/DAR", "PK-GB/TNG", "PK-GB/RND"),
    }


def test_a_district_does_not_end_before_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "places.toml"
    path.write_text(
        '[[unit]]\ncode = "PK-BA"\nen = "B"\nur = "B"\ncitation = "c"\nverified = true\n'
        'districts = [{ code = "KCH", en = "K", ur = "K", valid_from = 2020-01-02, valid_to = 2020-01-01 }]\n'
    )
    with pytest.raises(source.PolicyError, match="ends before it begins"):
        Places.load(path)


def test_districts_that_are_doubtful_say_so_themselves() -> None:
    # When somebody has compared a unit's list, these stay unverified until their own notification is read.
    file: Any = Policy.load().documents["places"]
    of = {f"{unit.code}/{row.code}": row for unit in file.unit for row in unit.districts}
    for code in ("PK-KP/ALI", "PK-BA/KRZ", "PK-BA/TMP", "PK-GB/GYN", "PK-GB/DAR", "PK-GB/TNG", "PK-GB/RND"):
        assert of[code].verified is False, code
        assert of[code].citation, code
    # The order of words in Khyber Pakhtunkhwa's names: upper and lower come first, in the words that are used there.
    for row in of.values():
        assert not row.ur.startswith(("زیریں", "بالائی")), row.code
        assert not row.ur.endswith((" زیریں", " بالا")), row.code


def test_every_place_has_an_urdu_name() -> None:
    places = Places.load()
    for unit in places.units():
        for code in (unit, *places.districts(unit)):
            place = places.name(code)
            assert place is not None
            assert person_name.script(person_name.normalise(place.ur)) is person_name.Script.URDU


def _agency(*jurisdiction: str, kind: options_pb2.AgencyKind.ValueType = options_pb2.AGENCY_KIND_POLICE) -> Agency:
    return Agency("an-agency", kind, jurisdiction, enabled=True)


@pytest.mark.parametrize(
    ("folder", "off"), [(None, {"PK-JK", "PK-GB"}), (running.POLICY, set())], ids=["ships", "demonstration"]
)
def test_where_nobody_found_the_act_adopted_it_is_off_until_somebody_does(folder: Path | None, off: set[str]) -> None:
    # Azad Kashmir and Gilgit-Baltistan legislate for themselves. The demonstration's people live there too.
    policy = Policy.load(folder)
    found = {
        unit
        for unit in ("PK", *policy.places.units())
        if not policy.narrowing.allows(_agency(unit), options_pb2.PURPOSE_INVESTIGATION)
    }
    assert found == off
    # The Act's extent was read; the notification that brings it into force wasn't.
    assert not any(row.verified for row in policy.documents["narrowing"].province)  # type: ignore[attr-defined]


def test_a_unit_that_has_not_adopted_the_act_and_a_purpose_that_is_off_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "narrowing.toml"
    path.write_text(
        '[[province]]\ncode = "PK-JK"\nadopted = false\ncitation = "c"\nverified = true\n'
        '[[switched_off]]\npurpose = "CUSTODY"\ncitation = "c"\nverified = true\n'
        '[[switched_off]]\npurpose = "TRIAL"\nkinds = ["COURT"]\nprovinces = ["PK-GB"]\n'
        'citation = "c"\nverified = true\n'
    )
    narrowing = Narrowing.load(path)
    court = options_pb2.AGENCY_KIND_COURT
    assert not narrowing.allows(_agency("PK-JK/MZD"), options_pb2.PURPOSE_INVESTIGATION)
    assert narrowing.allows(_agency("PK-PB", "PK-JK"), options_pb2.PURPOSE_INVESTIGATION)
    assert narrowing.allows(_agency("PK"), options_pb2.PURPOSE_INVESTIGATION)
    assert not narrowing.allows(_agency("PK-PB"), options_pb2.PURPOSE_CUSTODY)
    assert not narrowing.allows(_agency("PK-GB", kind=court), options_pb2.PURPOSE_TRIAL)
    assert narrowing.allows(_agency("PK-PB", kind=court), options_pb2.PURPOSE_TRIAL)


@pytest.mark.parametrize("code", ["PK", "PK-JK"])
def test_no_unit_is_shut_out_of_overseeing_and_of_taking_it_back(tmp_path: Path, code: str) -> None:
    path = tmp_path / "narrowing.toml"
    path.write_text(f'[[province]]\ncode = "{code}"\nadopted = false\ncitation = "c"\nverified = true\n')
    narrowing = Narrowing.load(path)
    for purpose in ("OVERSIGHT", "SELF_REVIEW", "DIRECTORY"):
        assert narrowing.allows(_agency(code), options_pb2.Purpose.Value(f"PURPOSE_{purpose}"))
    assert not narrowing.allows(_agency(code), options_pb2.PURPOSE_INVESTIGATION)


def test_a_purpose_that_the_contract_lacks_stops_the_start(tmp_path: Path) -> None:
    # A misspelled switch must not leave the purpose on.
    path = tmp_path / "narrowing.toml"
    path.write_text('[[switched_off]]\npurpose = "CUSTODDY"\ncitation = "c"\nverified = true\n')
    with pytest.raises(source.PolicyError):
        Narrowing.load(path)


def test_every_error_says_in_english_and_urdu_what_to_do_next() -> None:
    for reason in errors_pb2.ErrorReason.values():
        if reason != errors_pb2.ERROR_REASON_UNSPECIFIED:
            english, urdu = Messages.load().error(reason)
            _check_text(english, urdu)
            # What happened is one sentence, what to do is another.
            assert len(english.split(". ")) > 1


def test_every_rule_is_described_in_english_and_urdu() -> None:
    for reason in errors_pb2.FieldReason.values():
        if reason != errors_pb2.FIELD_REASON_UNSPECIFIED:
            _check_text(*Messages.load().field(reason))


def test_the_words_of_the_list_stand_in_the_urdu_texts() -> None:
    # One word for one thing; the words on the left mislead: a legal agreement, an account book, a party to a suit.
    steps = (words.ur for words in (*advice.NEXT_STEPS.values(), *advice.UNREACHABLE_STEPS.values()))
    texts = " ".join((*(urdu for _, urdu in _all(Messages.load())), *steps))
    for word in ("معاہد", " کھات", "فریق", "طریق", "الزام", "دائرہ ", "گواہ", "تلاش"):
        assert word not in texts, word


def _all(messages: Messages) -> list[tuple[str, str]]:
    return [
        *(messages.error(reason) for reason in errors_pb2.ErrorReason.values() if reason),
        *(messages.field(reason) for reason in errors_pb2.FieldReason.values() if reason),
    ]


def _check_text(english: str, urdu: str) -> None:
    # Whoever reads it at 80 columns reads two lines.
    assert max(len(english), len(urdu)) <= 145
    assert english.isascii()
    assert "{" not in english + urdu
    assert "%" not in english + urdu
    letters = [character for character in urdu if character.isalpha()]
    assert sum("\u0600" <= letter <= "\u06ff" for letter in letters) > len(letters) / 2
    # Urdu is written with Urdu's letters, not with Arabic's.
    assert not set("\u0643\u064a\u0649\u0647") & set(urdu)
