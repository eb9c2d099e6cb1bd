"""Who may fetch what of the log."""

from nsor.ledger.tlog_tiles import Bundle, Tile
from nsor_server.publishing.rights import may_fetch
from tests.agencies import AGENCIES, NPB, PUNJAB_POLICE, SPECIAL_COMMITTEE


def test_entries_are_for_those_who_oversee_and_hashes_for_all() -> None:
    assert [each for each in AGENCIES if may_fetch(Bundle(0, 1), each, ())] == [NPB, SPECIAL_COMMITTEE]
    assert all(may_fetch(named, each, ()) for named in (None, Tile(0, 0), Tile(3, 7, 2)) for each in AGENCIES)


def test_and_for_agencies_of_witnesses() -> None:
    of_witnesses = (PUNJAB_POLICE.agency_id,)
    found = [each for each in AGENCIES if may_fetch(Bundle(0, 1), each, of_witnesses)]
    assert found == [PUNJAB_POLICE, NPB, SPECIAL_COMMITTEE]
