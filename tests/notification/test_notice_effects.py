"""Whatever is told and taken back, in whatever order: the record is as before, and has what it must have."""

import uuid
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from nsor.v1 import notices_pb2, registration_pb2, types_pb2
from nsor_server.notification.notices import effects, kinds, states
from nsor_server.registration import facts as registrations
from nsor_server.storage.v1 import record_pb2

HAPPENED = notices_pb2.NOTICE_TIMING_HAPPENED
OFFICIAL, ALIAS = types_pb2.NAME_KIND_OFFICIAL, types_pb2.NAME_KIND_ALIAS
LATER = 100
"""When a decision is made."""
HOMES = ["PK-PB/LHR/PS-001", "PK-PB/FSD/PS-003", "PK-PB/MUL/PS-002", "PK-SD/KHI/PS-001"]
NAMES = ["Zafar Testi", "Zafar Khan", "Zafar Ali", "ظفر ٹیسٹی", "ظفر خان"]
NUMBERS = ["+923990000001", "+923990000002", "+923990000003"]
Record: TypeAlias = record_pb2.RegistrationRecord
Notice: TypeAlias = record_pb2.NoticeRecord


def begun() -> Record:
    return Record(
        version=2,
        state=registration_pb2.REGISTRATION_STATE_CONFIRMED,
        responsible_place=HOMES[0],
        names=[record_pb2.Name(kind=OFFICIAL, name=NAMES[0])],
        mobiles=NUMBERS[:1],
        addresses=[record_pb2.Address(kind=types_pb2.ADDRESS_KIND_CURRENT, place_code=HOMES[0])],
        custody_state=types_pb2.CUSTODY_STATE_RELEASED,
    )


def moved(place: str) -> Notice:
    address = record_pb2.Address(kind=types_pb2.ADDRESS_KIND_CURRENT, place_code=place)
    return Notice(kind=kinds.ADDRESS, timing=HAPPENED, address=address)


def told_names(names: list[tuple[str, int]]) -> Notice:
    return Notice(
        kind=kinds.NAME, timing=HAPPENED, names=[record_pb2.Name(kind=kind, name=name) for name, kind in names]
    )


def reached(new: list[str], ended: list[str]) -> Notice:
    kept = [each for each in ended if each not in new]
    return Notice(kind=kinds.CONTACT, timing=HAPPENED, mobiles=new, ended_mobiles=kept)


NOTICES = st.one_of(
    st.builds(moved, st.sampled_from(HOMES)),
    st.builds(
        told_names,
        st.lists(
            st.tuples(st.sampled_from(NAMES), st.sampled_from([OFFICIAL, ALIAS])),
            min_size=1,
            max_size=2,
            unique_by=lambda each: each[0].isascii(),
        ),
    ),
    st.builds(
        reached, st.lists(st.sampled_from(NUMBERS), unique=True), st.lists(st.sampled_from(NUMBERS), unique=True)
    ),
)


def take(record: Record, notice: Notice, day: int) -> Record:
    """A notice of a day, as the service takes it."""
    notice.notice_id, notice.event_day, notice.create_time_us = uuid.uuid4().bytes, day, day
    notice.version, notice.at_home = record.version + 1, notice.HasField("address")
    notice.place_before = record.responsible_place
    return effects.after(record, notice)


def said(record: Record) -> object:
    """What a record says of the person, whatever the order."""
    return (
        record.responsible_place,
        sorted((each.name, each.kind) for each in record.names),
        sorted(record.mobiles),
        sorted(each.place_code for each in record.addresses),
        record.home_version,
    )


@settings(max_examples=60)
@given(notices=st.lists(NOTICES, max_size=5))
def test_what_is_taken_back_in_the_reverse_order_leaves_what_was_there(notices: list[Notice]) -> None:
    record = begun()
    for day, notice in enumerate(notices, 1):
        record = take(record, notice, day)
    for notice in reversed(notices):
        record = effects.decided(record, notice, states.REFUSED, LATER)
    assert said(record) == said(begun())
    assert not record.waiting_notices


@settings(max_examples=60)
@given(notices=st.lists(NOTICES, max_size=5), data=st.data())
def test_in_any_order_the_person_has_a_name_a_home_and_a_station(notices: list[Notice], data: st.DataObject) -> None:
    record = begun()
    for day, notice in enumerate(notices, 1):
        record = take(record, notice, day)
    for notice in data.draw(st.permutations(notices)):
        if data.draw(st.booleans()):
            record = effects.decided(record, notice, states.REFUSED, LATER)
        official = [each.name.isascii() for each in record.names if each.kind == OFFICIAL]
        assert official
        assert len(official) == len(set(official))  # one of a script
        assert record.responsible_place == HOMES[0]  # nobody has accepted him
        assert record.addresses


@settings(max_examples=60)
@given(moves=st.lists(st.sampled_from(HOMES[:3]), max_size=5), data=st.data())
def test_whoever_never_moved_after_all_is_to_be_taken_on_by_nobody(moves: list[str], data: st.DataObject) -> None:
    record, notices = begun(), [moved(place) for place in moves]
    for day, notice in enumerate(notices, 1):
        record = take(record, notice, day)
    for notice in data.draw(st.permutations(notices)):
        record = effects.decided(record, notice, states.REFUSED, LATER)
    assert not registrations.has_open_transfer(record)
    assert [each.place_code for each in record.addresses] == HOMES[:1]
