"""`nsor policy`: an officer sees what would change before he signs, and the next command stands ready."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from google.protobuf.message import Message

import nsor
from nsor import cli
from nsor.v1 import directory_pb2

if TYPE_CHECKING:
    from tests.client.conftest import Refusal, Register

LIST = "nsor.v1.DirectoryService/ListPolicies"
GET = "nsor.v1.DirectoryService/GetPolicy"
PROPOSE = "nsor.v1.DirectoryService/ProposePolicy"
ADOPT = "nsor.v1.DirectoryService/AdoptPolicy"
ID = "5e6d3d2f-8b1c-4f0a-9d3e-2b7c6a5f4e10"
GRANTS = directory_pb2.POLICY_DOCUMENT_GRANTS
Run = Callable[..., int]


@pytest.fixture
def npb(register: Register) -> Register:
    """A register with one proposal: grants of three uses instead of one."""
    proposal = directory_pb2.PolicyProposal(
        proposal_id=ID,
        etag="seen",
        state=directory_pb2.POLICY_PROPOSAL_STATE_OPEN,
        document=GRANTS,
        officer_key_id=bytes(32),
    )

    def get(request: bytes) -> Message:
        asked = directory_pb2.GetPolicyRequest.FromString(request)
        assert asked.document == GRANTS
        assert asked.proposal_id in {"", ID}
        answer = directory_pb2.GetPolicyResponse()
        answer.policy.content = json.dumps({"citation": "c", "verified": False, "uses_per_subject": 1}).encode()
        answer.proposal.CopyFrom(proposal)
        answer.proposal.content = json.dumps({"citation": "c", "verified": False, "uses_per_subject": 3}).encode()
        return answer

    register.answers[LIST] = lambda _: directory_pb2.ListPoliciesResponse(
        version=4, policies=[directory_pb2.Policy(document=GRANTS, version=2)], proposals=[proposal]
    )
    register.answers[GET] = get
    register.answers[PROPOSE] = lambda _: directory_pb2.ProposePolicyResponse(proposal=proposal)
    register.answers[ADOPT] = lambda _: directory_pb2.AdoptPolicyResponse(
        policy=directory_pb2.Policy(document=GRANTS, version=5)
    )
    return register


@pytest.fixture
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def adopted(npb: Register) -> list[directory_pb2.AdoptPolicyRequest]:
    return [directory_pb2.AdoptPolicyRequest.FromString(call.request) for call in npb.calls if call.method == ADOPT]


@pytest.mark.usefixtures("npb")
def test_the_list_has_the_next_command_ready(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("policy", "list") == 0
    said = capsys.readouterr()
    assert "In force: version 4" in said.out
    assert ID in said.out
    assert f"nsor policy adopt {ID[:8]}" in said.err
    assert "1 of 1 open proposals shown." in said.err


@pytest.mark.usefixtures("npb")
def test_ones_own_proposal_is_not_offered_to_decide(
    run: Run, capsys: pytest.CaptureFixture[str], npb: Register, tmp_path: Path
) -> None:
    own = nsor.OfficerKey.load(tmp_path / "officer.key").key_id
    npb.answers[LIST] = lambda _: directory_pb2.ListPoliciesResponse(
        proposals=[directory_pb2.PolicyProposal(proposal_id=ID, document=GRANTS, officer_key_id=own)]
    )
    assert run("policy", "list") == 0
    said = capsys.readouterr()
    assert "you" in said.out
    assert "nsor policy adopt" not in said.err


def test_a_file_is_proposed_as_the_document_that_it_is_named(
    npb: Register, run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "grants.toml"
    path.write_bytes(b"uses_per_subject = 3\n")
    assert run("policy", "propose", str(path)) == 0
    assert f"Another officer decides: nsor policy adopt {ID[:8]}" in capsys.readouterr().err
    (sent,) = [directory_pb2.ProposePolicyRequest.FromString(c.request) for c in npb.calls if c.method == PROPOSE]
    assert (sent.document, sent.toml) == (GRANTS, b"uses_per_subject = 3\n")
    other = path.rename(tmp_path / "grant.toml")
    assert run("policy", "propose", str(other)) == 2
    assert "deadlines.toml, grants.toml" in capsys.readouterr().err


@pytest.mark.parametrize("agrees", [True, False])
def test_who_adopts_sees_the_differences_first(
    npb: Register, run: Run, capsys: pytest.CaptureFixture[str], agrees: bool
) -> None:
    assert run("policy", "adopt", ID[:8], stdin="y\n" if agrees else "n\n") == (0 if agrees else cli.STOPPED)
    assert "~ document: uses_per_subject 1 -> 3" in capsys.readouterr().out
    assert [(each.proposal_id, each.etag) for each in adopted(npb)] == [(ID, "seen")] * agrees


def test_nothing_is_adopted_by_a_program_that_has_not_seen_it(npb: Register, run: Run) -> None:
    assert run("policy", "adopt", ID, "--json") == 2
    assert adopted(npb) == []
    assert run("policy", "adopt", ID, "--json", "--etag", "seen") == 0
    assert [each.etag for each in adopted(npb)] == ["seen"]


@pytest.mark.parametrize("text", ["5e6d", "00000000"])
def test_an_id_that_fits_no_proposal_is_said_so(npb: Register, run: Run, text: str) -> None:
    assert run("policy", "adopt", text) == 2
    assert adopted(npb) == []


@pytest.mark.usefixtures("npb")
def test_programs_get_the_differences_as_data(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("policy", "show", ID, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["changes"] == [{"row": "document", "field": "uses_per_subject", "before": "1", "after": "3"}]
    assert (shown["etag"], shown["document"]) == ("seen", "grants")


def test_a_proposal_is_withdrawn_by_the_beginning_of_its_id(npb: Register, run: Run) -> None:
    method = "nsor.v1.DirectoryService/WithdrawPolicyProposal"
    npb.answers[method] = lambda _: directory_pb2.WithdrawPolicyProposalResponse()
    assert run("policy", "withdraw", ID[:8]) == 0
    (sent,) = [each for each in npb.calls if each.method == method]
    assert directory_pb2.WithdrawPolicyProposalRequest.FromString(sent.request).proposal_id == ID


@pytest.mark.usefixtures("npb")
def test_a_document_in_force_is_shown_to_be_edited(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    # It goes into the file that is proposed: `nsor policy show grants > grants.toml`.
    assert run("policy", "show", "grants") == 0
    assert capsys.readouterr().out == 'citation = "c"\nverified = false\nuses_per_subject = 1\n'


@pytest.mark.usefixtures("in_a_folder")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"uses_per_subject 3\n", "grants.toml is not TOML, at line 1, column 18."),
        (b"uses_per_subject = [3\n", "grants.toml is not TOML, at its end."),
        (b"\xff", "grants.toml is not text in UTF-8."),
    ],
)
def test_what_is_no_toml_is_not_sent_and_its_place_is_said(
    npb: Register, run: Run, capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    Path("grants.toml").write_bytes(content)
    assert run("policy", "propose", "grants.toml") == cli.USAGE
    assert said in capsys.readouterr().err
    assert [call for call in npb.calls if call.method == PROPOSE] == []


def test_a_refusal_of_a_document_is_not_told_as_one_of_base64(
    npb: Register, run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path, refusals: type[Refusal]
) -> None:
    npb.answers[PROPOSE] = lambda _: refusals("INVALID_ARGUMENT", "POLICY_NOT_VALID", (("toml", "FORM"),))
    (tmp_path / "grants.toml").write_bytes(b"x = 1\n")
    assert run("policy", "propose", str(tmp_path / "grants.toml")) == 1
    said = capsys.readouterr().err
    assert "toml: The rule." in said
    assert "nsor policy show grants > grants.toml" in " ".join(said.split())
