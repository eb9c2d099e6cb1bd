"""`nsor transfers`: what a station and NPB type, and what they are told."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from nsor.v1 import transfers_pb2, types_pb2, worklists_pb2
from tests.client.conftest import Register, Run
from tests.client.test_cli_custody import always

SERVICE = "nsor.v1.NotificationService"
LIST, GET = f"{SERVICE}/ListTransfers", f"{SERVICE}/GetTransfer"
DECIDE, RESOLVE = f"{SERVICE}/DecideTransfer", f"{SERVICE}/ResolveTransfer"
ID, ETAG = "8b5c1d2e-0000-4000-8000-000000000001", "0123456789abcdef"
HOME, AWAY = "PK-PB/LHR/PS-001", "PK-SD/KHI/PS-002"


def transfer(state: str = "PENDING", **fields: object) -> transfers_pb2.Transfer:
    return transfers_pb2.Transfer(
        state=transfers_pb2.TransferState.Value(f"TRANSFER_STATE_{state}"),
        from_place=HOME,
        to_place=AWAY,
        deadlines=[types_pb2.Deadline(rule_id="transfer-acceptance", due_time=Timestamp(seconds=4_000_000_000))],
        **fields,  # type: ignore[arg-type]  # a message's fields
    )


def item(side: str, **fields: object) -> transfers_pb2.TransferItem:
    return transfers_pb2.TransferItem(
        registration_id=ID,
        side=transfers_pb2.TransferSide.Value(f"TRANSFER_SIDE_{side}"),
        person=worklists_pb2.MaskedPerson(initials=["Z. T."], cnic_ending="671"),
        transfer=transfer(**fields),  # type: ignore[arg-type]  # as above
    )


@pytest.fixture(autouse=True)
def answers(register: Register) -> None:
    person = types_pb2.Person(names=[types_pb2.PersonName(name="Zafar Testi")])
    register.answers[GET] = always(transfers_pb2.GetTransferResponse(etag=ETAG, person=person, transfer=transfer()))
    register.answers[LIST] = always(transfers_pb2.ListTransfersResponse(items=[item("INCOMING")]))
    register.answers[DECIDE] = always(transfers_pb2.DecideTransferResponse(etag=ETAG, responsible_place=AWAY))
    register.answers[RESOLVE] = always(transfers_pb2.ResolveTransferResponse(etag=ETAG, responsible_place=HOME))


def test_the_list_is_masked_and_has_the_next_command(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("transfers") == 0
    shown = capsys.readouterr()
    assert [call.method for call in register.calls] == [LIST]
    for part in ("incoming, pending", HOME, AWAY, "Z. T., CNIC ...671", ID, "2096-10-02"):
        assert part in shown.out
    assert f"`nsor transfers accept {ID}`" in shown.err.replace("\n", " ")
    assert "1 open: all that there is." in shown.err


@pytest.mark.parametrize(
    ("side", "commands"),
    [
        ("INCOMING", [f"nsor transfers accept {ID}", f"nsor transfers refuse {ID}"]),
        ("UNRESOLVED", [f"nsor transfers assign {ID}", f"nsor transfers leave {ID}"]),
        ("OUTGOING", [f"nsor show {ID}"]),
    ],
)
def test_a_number_opens_one_and_says_what_can_be_done(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str], side: str, commands: list[str]
) -> None:
    register.answers[LIST] = always(transfers_pb2.ListTransfersResponse(items=[item(side)]))
    assert run("transfers", "1") == 0
    assert [call.method for call in register.calls] == [LIST, GET]
    shown = capsys.readouterr()
    assert "Zafar Testi" in shown.out
    for command in commands:
        assert command in shown.err.replace("\n", " ")


def test_a_number_that_is_not_there_is_said_so(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("transfers", "2") == 2
    assert "There are 1 open transfers." in capsys.readouterr().err


def test_a_side_is_asked_for(run: Run, register: Register) -> None:
    register.answers[LIST] = always(transfers_pb2.ListTransfersResponse())
    assert run("transfers", "--side", "outgoing") == 0
    asked = transfers_pb2.ListTransfersRequest.FromString(register.calls[-1].request)
    assert (asked.side, asked.page_size) == (transfers_pb2.TRANSFER_SIDE_OUTGOING, 50)


def test_who_accepts_has_seen_whom_and_of_which_version(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("transfers", "accept", ID, "--yes") == 0
    assert [call.method for call in register.calls] == [GET, DECIDE]
    request = transfers_pb2.DecideTransferRequest.FromString(register.calls[-1].request)
    assert (request.registration_id, request.etag) == (ID, ETAG)
    assert (request.decision, request.refusal) == (transfers_pb2.TRANSFER_DECISION_ACCEPT, 0)
    shown = capsys.readouterr()
    assert "Zafar Testi" in shown.out
    assert f"Responsible now: {AWAY}." in shown.err


def test_who_accepts_whom_an_arrival_notice_moves_compares_him_with_his_card(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    masked = worklists_pb2.MaskedPerson(initials=["Z. T."], cnic_ending="671")
    register.answers[GET] = always(
        transfers_pb2.GetTransferResponse(etag=ETAG, masked_person=masked, transfer=transfer())
    )
    for words in (("1",), ("accept", ID, "--yes")):
        assert run("transfers", *words) == 0
        shown = capsys.readouterr()
        assert "Z. T." in shown.out
        assert "671" in shown.out
        assert "Compare this with his card" in shown.err.replace("\n", " ")


def test_a_refusal_has_a_reason(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("transfers", "refuse", ID, "--yes") == 2
    assert "--reason" in capsys.readouterr().err
    assert run("transfers", "refuse", ID, "--reason", "not-found-there", "--yes") == 0
    request = transfers_pb2.DecideTransferRequest.FromString(register.calls[-1].request)
    assert request.decision == transfers_pb2.TRANSFER_DECISION_REFUSE
    assert request.refusal == transfers_pb2.TRANSFER_REFUSAL_NOT_FOUND_THERE


@pytest.mark.parametrize(("word", "resolution"), [("assign", "ASSIGN"), ("leave", "LEAVE")])
def test_npb_assigns_or_leaves(run: Run, register: Register, word: str, resolution: str) -> None:
    assert run("transfers", word, ID, "--yes") == 0
    assert [call.method for call in register.calls] == [GET, RESOLVE]
    request = transfers_pb2.ResolveTransferRequest.FromString(register.calls[-1].request)
    assert request.resolution == transfers_pb2.TransferResolution.Value(f"TRANSFER_RESOLUTION_{resolution}")
    assert request.etag == ETAG


@pytest.mark.parametrize(
    ("state", "decision"),
    [
        ("ACCEPTED", ("accept",)),
        ("REFUSED", ("refuse", "--reason", "other-station")),
        ("ASSIGNED", ("assign",)),
        ("LEFT", ("leave",)),
    ],
)
def test_deciding_twice_is_said_and_nothing_is_asked_again(
    run: Run, register: Register, capsys: pytest.CaptureFixture[str], state: str, decision: tuple[str, ...]
) -> None:
    register.answers[GET] = always(transfers_pb2.GetTransferResponse(etag=ETAG, transfer=transfer(state)))
    command, *options = decision
    assert run("transfers", command, ID, *options) == 0
    assert [call.method for call in register.calls] == [GET]
    assert "It was decided so before: nothing is left to do." in capsys.readouterr().err


def test_nothing_is_decided_without_a_yes(run: Run, register: Register) -> None:
    assert run("transfers", "accept", ID, "--json") == 2
    assert [call.method for call in register.calls] == [GET]
