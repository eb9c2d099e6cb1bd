"""The whole way through: a conviction, its confirmation, a grant, a look-up, and the Committee's proof of it.

The story is told once; each test then looks at one of its promises.
"""

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from nsor.answers import Answer
from nsor.errors import Refused
from nsor.ledger import merkle
from nsor.v1 import (
    grants_pb2,
    lookup_pb2,
    notices_pb2,
    notification_pb2,
    options_pb2,
    oversight_pb2,
    registration_pb2,
    transfers_pb2,
    types_pb2,
)
from nsor_synthetic.dates import to_date
from tests.e2e.agencies import Agencies, Entered
from tests.polling import until

POLICE, PROSECUTION, COURT = "punjab-police", "punjab-prosecution", "lahore-special-court"
LookUp = lookup_pb2.LookUpRegistrationResponse
Orders = Iterator[registration_pb2.CreateRegistrationRequest]


@dataclass(frozen=True, slots=True)
class Story:
    """What happened.

    Attributes:
        offender: registered and confirmed, and a suspect of the grant.
        unconfirmed: registered only, and a suspect of the grant.
        absent: CNIC of a suspect of the grant who is in no register.
        look_up: the look-up that found the offender.
    """

    offender: Entered
    unconfirmed: Entered
    absent: str
    grant: grants_pb2.Grant
    look_up: Answer[LookUp]


def on_grant(grant: grants_pb2.Grant, cnic: str) -> lookup_pb2.LookUpRegistrationRequest:
    return lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=options_pb2.PURPOSE_INVESTIGATION,
        cnic=cnic,
        basis=lookup_pb2.LookUpBasis(grant_id=grant.grant_id),
    )


@pytest.fixture(scope="module")
def story(agencies: Agencies, people: Orders) -> Story:
    offender, unconfirmed, nobody = agencies.confirmed(next(people)), agencies.entered(next(people)), next(people)
    grant = agencies.granted(offender.order, unconfirmed.order, nobody)
    found = agencies.client(POLICE).lookup.look_up_registration(on_grant(grant, offender.cnic))
    return Story(offender, unconfirmed, nobody.person.cnic, grant, found)


def heard(agencies: Agencies, agency: str, **about: str) -> list[str]:
    """Kinds of the agency's events about a record, replayed from the last acknowledged one."""
    (field, wanted) = about.popitem()
    events = [event for event in agencies.events(agency) if getattr(event, field) == wanted]
    return [notification_pb2.EventKind.Name(event.kind).removeprefix("EVENT_KIND_") for event in events]


def test_the_look_up_shows_the_offender_as_the_purpose_allows(story: Story) -> None:
    # On a grant the police see who he is and what he was convicted of, and not where he is held or who entered him.
    assert story.look_up.message.outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND
    shown = story.look_up.message.registration
    assert shown.person.cnic == story.offender.cnic
    assert [name.name for name in shown.person.names] == [name.name for name in story.offender.order.person.names]
    assert shown.convictions[0].court_case == story.offender.order.convictions[0].court_case
    assert (shown.created_by_agency, shown.custody.state, shown.person.no_cnic_reason) == ("", 0, 0)


def test_a_grant_is_used_once_for_each_suspect(story: Story, agencies: Agencies) -> None:
    with pytest.raises(Refused) as refused:
        agencies.client(POLICE).lookup.look_up_registration(on_grant(story.grant, story.offender.cnic))
    assert (refused.value.reason, refused.value.code) == ("GRANT_USED_UP", "PERMISSION_DENIED")
    assert refused.value.message.ur
    assert refused.value.access_id


def test_a_grant_is_for_its_suspects_only(story: Story, agencies: Agencies, people: Orders) -> None:
    # Somebody else who is registered is as far away as somebody who isn't.
    stranger = agencies.confirmed(next(people))
    reasons = set()
    for cnic in (stranger.cnic, next(people).person.cnic):
        with pytest.raises(Refused) as refused:
            agencies.client(POLICE).lookup.look_up_registration(on_grant(story.grant, cnic))
        reasons.add((refused.value.reason, refused.value.code))
    assert reasons == {("GRANT_NOT_VALID", "PERMISSION_DENIED")}


def test_absent_and_unconfirmed_are_the_same_answer(story: Story, agencies: Agencies) -> None:
    # Whoever asks must not learn that a case is under way: the bytes are equal, and so are the leaves but for hashes.
    lookup = agencies.client(POLICE).lookup
    absent = lookup.look_up_registration(on_grant(story.grant, story.absent))
    unconfirmed = lookup.look_up_registration(on_grant(story.grant, story.unconfirmed.cnic))
    assert absent.message.outcome == lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD
    assert absent.message.SerializeToString() == unconfirmed.message.SerializeToString()
    assert len(absent.proof.leaf) == len(unconfirmed.proof.leaf)


def test_those_hear_of_it_whom_it_concerns(story: Story, agencies: Agencies) -> None:
    # NPB and the court of what was entered; the police at his home, NPB and the prosecution of what was confirmed.
    about = {"registration_id": story.offender.registration_id}
    assert heard(agencies, POLICE, **about) == ["REGISTRATION_CONFIRMED"]
    assert heard(agencies, PROSECUTION, **about) == ["REGISTRATION_CONFIRMED"]
    assert heard(agencies, COURT, **about) == ["REGISTRATION_CREATED"]
    assert heard(agencies, "npb", **about) == ["REGISTRATION_CREATED", "REGISTRATION_CONFIRMED"]
    assert heard(agencies, "sindh-police", **about) == []


@pytest.mark.usefixtures("story")
def test_an_event_is_sent_until_it_is_acknowledged(agencies: Agencies, people: Orders) -> None:
    sequences = [event.sequence for event in agencies.events(POLICE)]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    assert [event.sequence for event in agencies.events(POLICE)] == sequences
    last = notification_pb2.AcknowledgeEventsRequest(through_sequence=sequences[-1])
    answer = agencies.client(POLICE).notification.acknowledge_events(last).message
    assert answer.acknowledged_sequence == sequences[-1]
    # The next one is the first that comes.
    agencies.confirmed(next(people))
    assert [event.sequence for event in agencies.events(POLICE)] == [sequences[-1] + 1]


def moved(offender: Entered, place: str) -> notices_pb2.CreateNoticeRequest:
    today = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    return notices_pb2.CreateNoticeRequest(
        registration_id=offender.registration_id,
        address=types_pb2.Address(kind=types_pb2.ADDRESS_KIND_CURRENT, place_code=place, house_number="9/B"),
        event_date=to_date(today),
        received_date=to_date(today),
        receiving_station="PK-PB/LHR/PS-001",
        timing=notices_pb2.NOTICE_TIMING_HAPPENED,
    )


def test_a_move_within_the_province_leaves_the_old_station_responsible(agencies: Agencies, people: Orders) -> None:
    offender = agencies.confirmed(next(people))
    home = offender.order.addresses[-1].place_code
    notice = agencies.client(POLICE).notification.create_notice(moved(offender, "PK-PB/RWP/PS-003")).message
    assert (notice.responsible_place, notice.transfer_needed) == (home, True)
    about = {"notice_id": notice.notice_id}
    for agency in ("npb", PROSECUTION, POLICE):
        assert heard(agencies, agency, **about) == ["ADDRESS_CHANGED"]
    assert heard(agencies, "sindh-police", **about) == []


def test_a_move_to_another_province_is_told_to_both_and_moves_nothing_yet(agencies: Agencies, people: Orders) -> None:
    # The old station stays responsible until the new one has accepted; the new one's police can't see the record yet.
    offender = agencies.confirmed(next(people))
    home = offender.order.addresses[-1].place_code
    notice = agencies.client(POLICE).notification.create_notice(moved(offender, "PK-SD/KHI/PS-001")).message
    assert (notice.responsible_place, notice.transfer_needed) == (home, True)
    about = {"notice_id": notice.notice_id}
    for agency in ("npb", PROSECUTION, POLICE, "sindh-police"):
        assert heard(agencies, agency, **about) == ["ADDRESS_CHANGED_ACROSS_PROVINCES"]
    request = registration_pb2.GetRegistrationRequest(registration_id=offender.registration_id)
    with pytest.raises(Refused) as refused:
        agencies.client("sindh-police").registration.get_registration(request)
    assert refused.value.reason == "NO_RECORD"


def test_the_police_of_the_new_province_accept_and_see_the_record(agencies: Agencies, people: Orders) -> None:
    offender = agencies.confirmed(next(people))
    agencies.client(POLICE).notification.create_notice(moved(offender, "PK-SD/KHI/PS-001"))
    sindh = agencies.client("sindh-police")
    seen = sindh.notification.get_transfer(transfers_pb2.GetTransferRequest(registration_id=offender.registration_id))
    decided = sindh.notification.decide_transfer(
        transfers_pb2.DecideTransferRequest(
            registration_id=offender.registration_id,
            etag=seen.message.etag,
            decision=transfers_pb2.TRANSFER_DECISION_ACCEPT,
        )
    )
    assert decided.message.responsible_place == "PK-SD/KHI/PS-001"
    request = registration_pb2.GetRegistrationRequest(registration_id=offender.registration_id)
    shown = sindh.registration.get_registration(request).message.registration
    assert shown.responsible_place == "PK-SD/KHI/PS-001"


def test_the_committee_proves_that_the_look_up_is_in_the_ledger(story: Story, agencies: Agencies) -> None:
    # The leaf that the police were shown is in the tree, and the tree only grew: computed here, not asked.
    committee = agencies.client("special-committee")
    proof, newest = story.look_up.proof, committee.oversight.get_checkpoint(oversight_pb2.GetCheckpointRequest()).proof
    included = committee.oversight.get_inclusion_proof(
        oversight_pb2.GetInclusionProofRequest(leaf_index=proof.index, tree_size=newest.checkpoint.size)
    ).message
    size, root = newest.checkpoint.size, newest.checkpoint.root
    merkle.verify_inclusion(merkle.leaf_hash(proof.leaf), proof.index, size, included.hashes, root)
    consistent = committee.oversight.get_consistency_proof(
        oversight_pb2.GetConsistencyProofRequest(first_tree_size=proof.checkpoint.size, second_tree_size=size)
    ).message
    merkle.verify_consistency(proof.checkpoint.size, size, proof.checkpoint.root, root, consistent.hashes)


@pytest.mark.usefixtures("story")
def test_every_agency_verifies_what_it_was_shown(agencies: Agencies) -> None:
    for agency in (POLICE, PROSECUTION, COURT):
        assert agencies.client(agency).verify_ledger(everything=True).leaves > 0


def test_an_agency_lists_its_own_accesses_only(story: Story, agencies: Agencies) -> None:
    # Its own it sees with officer and case; others' not at all, also not by their id. The Committee sees no officer.
    access_id = story.look_up.access_id
    (own,) = agencies.accesses(POLICE, access_id=access_id)
    assert own.officer_number == agencies.officer(POLICE).number
    assert {access.agency_id for access in agencies.accesses(POLICE)} == {POLICE}
    assert agencies.accesses("sindh-police", access_id=access_id) == []
    (overseen,) = agencies.accesses("special-committee", access_id=access_id)
    assert (overseen.agency_id, overseen.outcome) == (POLICE, oversight_pb2.ACCESS_OUTCOME_ALLOWED)
    assert (overseen.officer_number, overseen.case_reference) == ("", "")


def test_the_trace_of_the_look_up_names_its_entry(story: Story, agencies: Agencies) -> None:
    # Operators go from a trace to the ledger by the access id, and see no person on the way.
    def spans() -> list[dict[str, object]]:
        done = agencies.register.operate("traces", "--trace-id", story.look_up.trace_id, "--json", check=False)
        return [json.loads(line) for line in done.stdout.splitlines()]

    found = until(spans, seconds=60)
    ids = {span["attributes"].get("nsor.access_id") for span in found}  # type: ignore[attr-defined]
    assert story.look_up.access_id in ids
    shown = agencies.register.operate("traces", "--trace-id", story.look_up.trace_id).stdout
    assert "LookUpRegistration" in shown
    assert story.offender.cnic not in shown


@pytest.mark.usefixtures("story")
def test_the_ledger_verifies(agencies: Agencies) -> None:
    # From the leaves up, and against the outside copy and the spans.
    done = agencies.register.operate("ledger", "verify", "--spans", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "whole" in done.stdout
