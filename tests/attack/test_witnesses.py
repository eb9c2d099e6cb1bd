"""Whoever owns the database changes what witnesses have signed, or the entries' times: ledger verify finds it."""

import time

from nsor.ledger.cosignature import TOLERANCE_SECONDS, WitnessKey, cosign
from nsor.ledger.note import Note
from nsor_server.verification import cosigned_times
from nsor_server.verification.report import Report
from tests.agencies import SPECIAL_COMMITTEE
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.services import Services
from tests.witnesses import add, cosigned, newest, registered, retirement, shown

LATER = "the entry says a later time than that at which witness.example/one co-signed a tree with it"


def compared(owner: Owner) -> Report:
    """What is said of co-signatures alone."""
    report = Report()
    with owner.conn.transaction():
        cosigned_times.compare(owner.conn, report)
    return report


def test_what_is_as_it_was_handed_in_is_no_finding(services: Services, owner: Owner) -> None:
    one, two = registered(services), registered(services, "witness.example/two")
    cosigned(services, one)
    cosigned(services, two)
    signed = cosigned(services, one, later=5)
    services.ask(call_of(SPECIAL_COMMITTEE), retirement(two))
    assert owner.findings() == []
    report = compared(owner)
    size = Note.parse(signed).text.split(b"\n")[1].decode()
    assert any(f"witness.example/one co-signed {size} entries at " in each for each in report.remarks)


def test_an_entry_later_than_its_cosignature_is_found_at_the_first_one(services: Services, owner: Owner) -> None:
    # A register whose clock was set ahead; the witness's clock is right.
    key = registered(services)
    signed, early = newest(services), int(time.time()) - TOLERANCE_SECONDS - 3600
    assert add(services, cosign(signed, key, early)) == {"witness.example/one": "KEPT"}
    report = compared(owner)
    assert [(each.index, each.problem) for each in report.findings] == [(0, LATER)]
    assert LATER in owner.findings()


def test_what_lies_within_the_tolerance_is_no_finding(services: Services, owner: Owner) -> None:
    cosigned(services, registered(services), later=-TOLERANCE_SECONDS // 2)
    assert owner.findings() == []


def test_a_cosignature_that_was_written_past_the_register_is_found_and_not_shown(
    services: Services, owner: Owner
) -> None:
    key = registered(services)
    cosigned(services, key)
    forged = WitnessKey.generate("witness.example/one").line(Note.parse(newest(services)).text, int(time.time()))
    owner.conn.execute(
        "INSERT INTO ledger_cosignature SELECT witness_id, 2, (SELECT size FROM ledger_head), time_s + 1, %s"
        " FROM ledger_cosignature",
        (forged,),
    )
    assert list(shown(services).cosigned) == []
    assert "ledger_cosignature has a row that no entry wrote" in " ".join(owner.findings())


def test_one_that_was_taken_away_or_set_back_is_found(services: Services, owner: Owner) -> None:
    key = registered(services)
    for _ in range(2):
        cosigned(services, key)
    with owner.without("ledger_cosignature", "number = 2"):
        assert owner.findings() != []
    with owner.changing(
        "UPDATE ledger_cosignature SET time_s = time_s + 1", "UPDATE ledger_cosignature SET time_s = time_s - 1"
    ):
        assert "a co-signature of witness.example/one doesn't hold for the checkpoint of" in " ".join(owner.findings())
        assert list(shown(services).cosigned) == []
    assert owner.findings() == []
