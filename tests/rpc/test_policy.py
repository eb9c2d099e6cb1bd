"""The policy of a register that serves: the one that it holds, in every process, and never that of a file."""

import logging
import os
import uuid
from pathlib import Path

import grpc
import pytest
from google.protobuf.message import Message

from nsor.v1 import directory_pb2, registration_pb2
from nsor_server.config import OperatorError
from nsor_server.policy import source
from tests.rpc.callers import Answered, Caller, Serve, Serving, decision

PROPOSE = "nsor.v1.DirectoryService/ProposePolicy"
ADOPT = "nsor.v1.DirectoryService/AdoptPolicy"
GET = "nsor.v1.DirectoryService/GetPolicy"
SHOW = "nsor.v1.RegistrationService/GetRegistration"
SWITCHED_OFF = (
    b'\n[[switched_off]]\npurpose = "REGISTRATION"\nkinds = ["PROSECUTION"]\n'
    b'citation = "a decision of this test"\nverified = false\n'
)


def narrowing() -> bytes:
    return source.packaged("narrowing.toml").read_bytes() + SWITCHED_OFF


def decide(caller: Caller, method: str, request: Message) -> Answered:
    """A call that its officer signs."""
    assert caller.officer is not None
    nonce, encoded = os.urandom(32), request.SerializeToString()
    signed = decision(caller.officer, method, nonce, encoded)
    return caller.call(method, encoded, nonce=nonce, nsor_decision_bin=signed)


def propose(caller: Caller, toml: bytes) -> directory_pb2.PolicyProposal:
    request = directory_pb2.ProposePolicyRequest(
        request_id=str(uuid.uuid4()), document=directory_pb2.POLICY_DOCUMENT_NARROWING, toml=toml
    )
    answer = decide(caller, PROPOSE, request)
    assert answer.code is grpc.StatusCode.OK, answer.reason
    assert answer.proves_itself()
    return directory_pb2.ProposePolicyResponse.FromString(answer.message).proposal


def adopt(caller: Caller, proposal: directory_pb2.PolicyProposal) -> Answered:
    request = directory_pb2.AdoptPolicyRequest(
        request_id=str(uuid.uuid4()), proposal_id=proposal.proposal_id, etag=proposal.etag
    )
    return decide(caller, ADOPT, request)


def asks(caller: Caller) -> str:
    """How a prosecution's question for a record that isn't there is answered."""
    return caller.call(SHOW, registration_pb2.GetRegistrationRequest(registration_id=str(uuid.uuid4()))).reason


def test_what_two_officers_decide_counts_in_every_process_from_the_next_call(serve: Serve, tmp_path: Path) -> None:
    own = {"state_dir": tmp_path / "other", "checkpoint_file": tmp_path / "other" / "checkpoints"}
    with serve() as one, serve(**own) as other:
        prosecutions = [serving.caller("punjab-prosecution", officer=True) for serving in (one, other)]
        first, second = (one.caller("npb", officer=True) for _ in range(2))
        proposal = propose(first, narrowing())
        # One officer alone changes nothing, and can't do the second's part.
        assert [asks(caller) for caller in prosecutions] == ["NO_RECORD", "NO_RECORD"]
        refused = adopt(first, proposal)
        assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SECOND_PERSON_REQUIRED")
        assert [asks(caller) for caller in prosecutions] == ["NO_RECORD", "NO_RECORD"]
        answer = adopt(second, proposal)
        assert answer.code is grpc.StatusCode.OK, answer.reason
        assert answer.proves_itself()
        assert [asks(caller) for caller in prosecutions] == ["SWITCHED_OFF", "SWITCHED_OFF"]


def test_what_was_proposed_just_now_by_another_process_is_there(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nsor_server.access.directory.WATCH_SECONDS", 3600.0)
    own = {"state_dir": tmp_path / "other", "checkpoint_file": tmp_path / "other" / "checkpoints"}
    with serve() as one, serve(**own) as other:
        first, second = one.caller("npb", officer=True), other.caller("npb", officer=True)
        shown = directory_pb2.GetPolicyRequest(document=directory_pb2.POLICY_DOCUMENT_NARROWING)
        assert second.call(GET, shown).code is grpc.StatusCode.OK
        proposal = propose(first, narrowing())
        answer = adopt(second, proposal)
        assert answer.code is grpc.StatusCode.OK, answer.reason


def test_only_officers_of_npb_see_or_touch_it(serving: Serving) -> None:
    request = directory_pb2.GetPolicyRequest(document=directory_pb2.POLICY_DOCUMENT_NARROWING)
    assert serving.caller("nadra", officer=True).call(GET, request).reason == "NOT_ALLOWED"
    assert serving.caller("npb").call(GET, request).reason == "OFFICER_REQUIRED"
    answer = serving.caller("npb", officer=True).call(GET, request)
    assert answer.code is grpc.StatusCode.OK, answer.reason
    assert directory_pb2.GetPolicyResponse.FromString(answer.message).policy.version == 1


def test_a_register_begins_with_the_folder_that_the_settings_name_and_never_follows_it(
    serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # Whoever writes to the server's disk decides nothing, and neither does a release.
    folder = tmp_path / "policy"
    folder.mkdir()
    (folder / "narrowing.toml").write_bytes(narrowing())
    with serve(policy_dir=folder) as serving:
        assert asks(serving.caller("punjab-prosecution", officer=True)) == "SWITCHED_OFF"
    assert "policy files differ" not in caplog.text
    (folder / "narrowing.toml").write_bytes(source.packaged("narrowing.toml").read_bytes())
    with caplog.at_level(logging.WARNING), serve(policy_dir=folder) as serving:
        assert asks(serving.caller("punjab-prosecution", officer=True)) == "SWITCHED_OFF"
    assert "the policy files differ from the policy in force (narrowing) and change nothing" in caplog.text


def test_a_document_that_was_exchanged_in_the_database_decides_nothing(serve: Serve) -> None:
    with serve() as serving:
        prosecution = serving.caller("punjab-prosecution", officer=True)
        before = asks(prosecution)
        with serving.database.owner() as owner:
            owner.execute(
                "UPDATE policy_version SET content = convert_to("
                "replace(convert_from(content, 'UTF8'), '\"adopted\":true', '\"adopted\":false'), 'UTF8')"
                " WHERE name = 'narrowing'"
            )
        serving.set_enabled("sindh-police", enabled=False)  # so that the directory is read anew
        # What an entry has changed and can't be read might be a seal: what discloses isn't answered.
        assert (before, asks(prosecution)) == ("NO_RECORD", "LEDGER_UNAVAILABLE")
    with pytest.raises(OperatorError, match="what decides isn't what the ledger says"), serve():
        pass
