"""Documents of the policy: what is kept of a file, what isn't taken, and what a policy owes the one before it."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from nsor import policies
from nsor.v1 import errors_pb2
from nsor_server.policy import documents, source, store, succession
from nsor_server.policy.deadlines import ADDRESS_CHANGE_NOTICE, MOVEMENT_EXPIRY
from nsor_server.policy.loaded import Policy
from nsor_server.policy.tripwires import LONGEST_TRAVELLED_HOURS, Tripwire

SHIPPED = Policy.load()
TODAY = dt.date(2026, 11, 26)
GRANTS = (
    b"uses_per_subject = 2\nticket_uses_per_subject = 3\ncourt_case_uses_per_subject = 10\nrepeat_minutes = 10\n"
    b'citation = "working value"\nverified = false\n'
)


def shipped(name: str) -> bytes:
    return source.packaged(f"{name}.toml").read_bytes()


@pytest.mark.parametrize("name", documents.KINDS)
def test_the_canonical_form_holds_what_the_file_says_and_none_of_its_comments(name: str) -> None:
    # Comments are words of somebody, and there is no free text in the register.
    toml = shipped(name)
    content = documents.canonical(documents.parse(name, b"# Fatima of Model Town\n" + toml))
    assert documents.decode(name, content) == documents.parse(name, toml) == SHIPPED.documents[name]
    assert b"Fatima" not in content
    assert content == documents.canonical(documents.decode(name, content))


@pytest.mark.parametrize("name", documents.KINDS)
def test_what_is_shown_can_be_edited_and_proposed(name: str) -> None:
    # The files of a release aren't what the register holds: an officer begins with what is in force.
    content = documents.canonical(SHIPPED.documents[name])
    shown = policies.as_toml(json.loads(content))
    assert documents.canonical(documents.parse(name, shown.encode())) == content


def test_whoever_travels_is_looked_for_as_long_as_movements_are_kept() -> None:
    one: dict[str, Any] = {"kind": "NOT_TRAVELLED", "citation": "c", "verified": False}
    assert Tripwire(**one, window_hours=LONGEST_TRAVELLED_HOURS).window_hours == LONGEST_TRAVELLED_HOURS
    with pytest.raises(ValueError, match="NOT_TRAVELLED"):
        Tripwire(**one, window_hours=LONGEST_TRAVELLED_HOURS + 1)
    longer = LONGEST_TRAVELLED_HOURS + 1
    assert Tripwire(**{**one, "kind": "DECOY"}, window_hours=longer).window_hours == longer
    # A window, the hours for which a flight may be late, and three days until it is verified: 108 hours.
    assert of_files(expiring("days = 5")).deadlines.whole_days(MOVEMENT_EXPIRY) == 5
    for shorter in ("days = 4", "hours = 119"):
        with pytest.raises(source.PolicyError, match=r"deadlines: movement-expiry is 4 days .* NOT_TRAVELLED .* 108 h"):
            of_files(expiring(shorter))
    late = shipped("screening").replace(b"late_hours = 12", b"late_hours = 80")
    changed = SHIPPED.replaced("screening", documents.parse("screening", late))
    with pytest.raises(source.PolicyError, match=r"movement-expiry is 7 days .* 176 hours"):
        succession.check(SHIPPED, changed, TODAY)
    toml = shipped("tripwires").replace(b'kind = "NOT_TRAVELLED"', b'kind = "DECOY_ENTERED"\npurposes = ["TRIAL"]')
    without = SHIPPED.replaced("tripwires", documents.parse("tripwires", toml))
    succession.check(SHIPPED, without.replaced("screening", documents.parse("screening", late)), TODAY)
    # A register that has adopted it before starts, and may change what has nothing to do with it.
    started = Policy.of(changed.documents, changed.versions)
    succession.check(started, started.replaced("budgets", started.documents["budgets"]), TODAY)


def test_movements_live_long_enough_on_every_day_to_come() -> None:
    def following(*rows: tuple[str, int]) -> Policy:
        return expiring("days = 7", *(EXPIRING.format(*row) for row in rows))

    for rows in ([("2026-11-27", 1), ("2099-01-01", 7)], [("2026-11-26", 1)], [("2099-01-01", 1)]):
        with pytest.raises(source.PolicyError, match=r"movement-expiry is 1 day at"):
            succession.check(SHIPPED, following(*rows), TODAY)
        with pytest.raises(source.PolicyError, match=r"movement-expiry is 1 day at"):
            of_files(following(*rows))
    # What has passed counts no movement any more.
    succession.check(SHIPPED, following(("2026-11-24", 1), ("2026-11-25", 7)), TODAY)


def test_whoever_has_adopted_movements_that_live_too_short_is_told_how_to_mend_it() -> None:
    adopted = Policy.of(expiring("days = 4").documents, {"deadlines": 2})
    row = rf"; a row that counts already stays: add one that is long enough, with valid_from = {TODAY}$"
    with pytest.raises(source.PolicyError, match=row):
        succession.check(adopted, expiring("days = 4", EXPIRING.format("2099-01-01", 7)), TODAY)
    with pytest.raises(source.PolicyError, match=r"a row of movement-expiry that counts since ever was changed"):
        succession.check(adopted, expiring("days = 7"), TODAY)
    succession.check(adopted, expiring("days = 4", EXPIRING.format(TODAY, 7)), TODAY)
    with pytest.raises(source.PolicyError, match=r"needs movements of 108 hours$"):
        of_files(expiring("days = 4"))


EXPIRING = (
    '[[deadline]]\nid = "movement-expiry"\nstart_event = "a movement is reported"\nvalid_from = {}\ndays = {}\n'
    'citation = "c"\nverified = false\n'
)


def expiring(length: str, *more: str) -> Policy:
    """The policy that ships, with movements that live for so long, and further rows."""
    others, expiry, behind = shipped("deadlines").partition(b'id = "movement-expiry"')
    changed = behind.replace(b"days = 7", length.encode(), 1)
    toml = others + expiry + changed + "\n".join(("", *more)).encode()
    return SHIPPED.replaced("deadlines", documents.parse("deadlines", toml))


def of_files(policy: Policy) -> Policy:
    """The same, as a register is given it at its first start."""
    return Policy.of(policy.documents)


def test_a_policy_of_decoded_documents_decides_as_that_of_the_files() -> None:
    decoded = {name: documents.decode(name, documents.canonical(each)) for name, each in SHIPPED.documents.items()}
    again = Policy.of(decoded, {"grants": 7, "offences": 3})
    start = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
    for rule in SHIPPED.deadlines.rule_ids():
        assert again.deadlines.due(rule, start) == SHIPPED.deadlines.due(rule, start)
    assert (again.offences.rows(), again.grants) == (SHIPPED.offences.rows(), SHIPPED.grants)
    assert again.differs(SHIPPED) == ()
    assert again.version == 7
    assert again.replaced("offences", SHIPPED.documents["offences"]).versions == {"grants": 7, "offences": 8}


def test_a_registers_own_document_of_before_is_read() -> None:
    # It was written before these fields were there, and judges as it did: every place by its form, no attempt.
    places = json.loads(documents.canonical(SHIPPED.documents["places"]))
    for unit in places["unit"]:
        del unit["levies"]
        unit["districts"] = [
            {field: value for field, value in row.items() if field in {"code", "en", "ur", "stations"}}
            for row in unit["districts"]
        ]
    offences = json.loads(documents.canonical(SHIPPED.documents["offences"]))
    for row in offences["offence"]:
        del row["inchoate"]
    policy = Policy.of(
        {
            **SHIPPED.documents,
            "places": documents.decode("places", json.dumps(places).encode()),
            "offences": documents.decode("offences", json.dumps(offences).encode()),
        }
    )
    assert policy.places.existed("PK-GB/GYN/PS-001", dt.date(2000, 1, 1))
    assert not policy.places.exists("PK-BA/KCH/LV-001")
    assert not any(row.inchoate for row in policy.offences.rows())


@pytest.mark.parametrize(
    ("toml", "path", "reason"),
    [
        (b"uses_per_subject = ", "", "NOT_TOML"),
        (b"\xff", "", "NOT_TOML"),
        (b"x = " + b"[" * 5000, "", "NOT_TOML"),
        (GRANTS.replace(b"uses_per_subject = 2\n", b"", 1), "uses_per_subject", "REQUIRED"),
        (GRANTS + b"surprise = 1\n", "", "UNKNOWN_FIELD"),
        (GRANTS.replace(b"= 2", b"= 0"), "uses_per_subject", "OUT_OF_RANGE"),
        (GRANTS.replace(b"= 2", b'= "many"'), "uses_per_subject", "VALUE_TYPE"),
        (GRANTS.replace(b"working value", b"x" * 301), "citation", "TOO_LONG"),
        (GRANTS.replace(b"working value", b"one\\nline"), "citation", "FORM"),
        (GRANTS.replace(b"working value", b"as 35202-1234567-1 says"), "citation", "TOO_MANY_DIGITS"),
        (GRANTS.replace(b"working value", b" "), "", "FORM"),
    ],
)
def test_what_does_not_load_names_the_place_and_the_rule_and_no_value(toml: bytes, path: str, reason: str) -> None:
    with pytest.raises(source.PolicyError) as refused:
        documents.parse("grants", toml)
    assert refused.value.path == path
    assert refused.value.reason == errors_pb2.FieldReason.Value(f"FIELD_REASON_{reason}")
    assert str(refused.value).startswith("grants.toml: ")
    assert "35202" not in str(refused.value)


def test_a_place_within_a_document_is_named() -> None:
    toml = shipped("deadlines").replace(b"hours = 48", b"hours = 'x'")
    with pytest.raises(source.PolicyError) as refused:
        documents.parse("deadlines", toml)
    assert refused.value.path == "deadline[0].hours"


@pytest.mark.parametrize("purpose", ["OVERSIGHT", "SELF_REVIEW", "DIRECTORY"])
def test_no_policy_shuts_out_who_oversees_or_who_could_take_it_back(purpose: str) -> None:
    toml = f'[[switched_off]]\npurpose = "{purpose}"\ncitation = "c"\nverified = false\n'.encode()
    with pytest.raises(source.PolicyError, match="can't be switched off"):
        SHIPPED.replaced("narrowing", documents.parse("narrowing", toml))


def test_a_deadline_that_the_register_counts_is_always_there() -> None:
    without = shipped("deadlines").replace(ADDRESS_CHANGE_NOTICE.encode(), b"another-notice")
    with pytest.raises(source.PolicyError, match=ADDRESS_CHANGE_NOTICE):
        SHIPPED.replaced("deadlines", documents.parse("deadlines", without))


def test_a_registers_own_deadlines_may_be_older_than_a_rule_that_is_counted_since() -> None:
    # It would not start on them, and nobody could adopt others.
    before = json.loads(documents.canonical(SHIPPED.documents["deadlines"]))
    before["deadline"] = [row for row in before["deadline"] if row["id"] != ADDRESS_CHANGE_NOTICE]
    content = json.dumps(before).encode()
    rows = [
        {"name": name, "version": 1, "digest": documents.digest(name, each), "content": each}
        for name, each in ((name, documents.canonical(document)) for name, document in SHIPPED.documents.items())
        if name != "deadlines"
    ]
    own = {"name": "deadlines", "version": 1, "digest": documents.digest("deadlines", content), "content": content}
    policy = store.decided([*rows, own])
    start = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
    assert policy.deadlines.due(ADDRESS_CHANGE_NOTICE, start) == SHIPPED.deadlines.due(ADDRESS_CHANGE_NOTICE, start)
    assert policy.documents["deadlines"] != SHIPPED.documents["deadlines"]
    # Whoever adopts the file that ships changes nothing that has counted.
    succession.check(policy, policy.replaced("deadlines", SHIPPED.documents["deadlines"]), TODAY)


def deadlines(change: tuple[bytes, bytes] = (b"", b""), more: bytes = b"") -> Policy:
    toml = shipped("deadlines")
    assert change[0] in toml
    return SHIPPED.replaced("deadlines", documents.parse("deadlines", toml.replace(*change) + more))


NEW_ROW = (
    b'\n[[deadline]]\nid = "grant-expiry"\nstart_event = "the prosecutor grants the request"\ndays = 7\n'
    b'citation = "working value"\nverified = false\nvalid_from = '
)


def test_a_row_that_has_counted_is_neither_changed_nor_taken_away() -> None:
    # A record names the rule by which its deadline was counted: without it the record can't be shown.
    counted = deadlines(more=NEW_ROW + b"2026-01-01\n")
    for before, after in ((SHIPPED, deadlines((b"days = 14", b"days = 15"))), (counted, SHIPPED)):
        with pytest.raises(source.PolicyError, match="was changed or is gone"):
            succession.check(before, after, TODAY)


def test_a_row_that_does_not_count_yet_may_be_changed() -> None:
    coming, other = deadlines(more=NEW_ROW + b"2027-01-01\n"), deadlines(more=NEW_ROW + b"2027-02-01\n")
    succession.check(SHIPPED, coming, TODAY)
    succession.check(coming, other, TODAY)
    with pytest.raises(source.PolicyError, match="since 2027-01-01"):
        succession.check(coming, other, dt.date(2027, 1, 1))


def test_a_citation_may_be_corrected() -> None:
    succession.check(SHIPPED, deadlines((b"working value: no source", b"value of the NPB: no source")), TODAY)


def test_a_folder_holds_documents_and_nothing_that_nobody_would_read(tmp_path: Path) -> None:
    (tmp_path / "grants.toml").write_bytes(GRANTS)
    policy = Policy.load(tmp_path)
    assert policy.grants.uses_per_subject == 2
    assert policy.differs(SHIPPED) == ("grants",)
    (tmp_path / "grant.toml").write_bytes(GRANTS)
    with pytest.raises(source.PolicyError, match=r"grant\.toml"):
        Policy.load(tmp_path)
    with pytest.raises(source.PolicyError, match="no folder"):
        Policy.load(tmp_path / "missing")
