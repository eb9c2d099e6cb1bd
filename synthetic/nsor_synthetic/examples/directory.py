"""Example requests of oversight, and of officers, consumers, agencies and policy."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.message import Message

from nsor.ledger.cosignature import WitnessKey
from nsor.v1 import (
    consumers_pb2,
    directory_pb2,
    notification_pb2,
    options_pb2,
    oversight_pb2,
    register_seal_pb2,
    witnesses_pb2,
)
from nsor_synthetic.examples import parts


def oversight(ids: parts.Ids) -> Iterator[Message]:
    """Of accesses and proofs."""
    accesses = oversight_pb2.ListAccessesRequest(
        page_size=50,
        page_token="dG9rZW4",  # noqa: S106 - a page token, no secret
        agency_id="punjab-police",
        outcome=oversight_pb2.ACCESS_OUTCOME_ALLOWED,
        access_id=ids.uuid("access id"),
        officer_number="PB-71",
        of_purpose=options_pb2.PURPOSE_INVESTIGATION,
        method="nsor.v1.LookupService/LookUpRegistration",
        fir=parts.fir(),
    )
    accesses.start_time.seconds = 1_700_000_000
    accesses.end_time.seconds = 1_700_086_400
    yield accesses
    yield oversight_pb2.GetCheckpointRequest(min_tree_size=1)
    yield oversight_pb2.GetInclusionProofRequest(leaf_index=1, tree_size=2)
    yield oversight_pb2.GetConsistencyProofRequest(first_tree_size=1, second_tree_size=2)
    yield oversight_pb2.GetStatisticsRequest(year=2026, month=10, measure=oversight_pb2.STATISTICS_MEASURE_ACCESSES)
    yield oversight_pb2.GetBatchProofRequest(leaf_indexes=[1], earlier_sizes=[1], tree_size=2)
    key = WitnessKey(Ed25519PrivateKey.from_private_bytes(ids.octets("witness key", 32)), "witness.example/one")
    yield witnesses_pb2.RegisterWitnessRequest(
        request_id=ids.uuid("register witness"), verifier_key=key.verifier.text(), agency_id="npb"
    )
    yield witnesses_pb2.RetireWitnessRequest(request_id=ids.uuid("retire witness"), verifier_key=key.verifier.text())
    yield witnesses_pb2.ListWitnessesRequest(page_size=50, page_token="dG9rZW4")  # noqa: S106 - as above
    yield witnesses_pb2.AddCosignaturesRequest(
        request_id=ids.uuid("add cosignatures"), checkpoint=ids.octets("checkpoint", 300)
    )


def directory(ids: parts.Ids) -> Iterator[Message]:
    """Of officers, consumers, agencies and policy."""
    yield directory_pb2.EnrolOfficerRequest(
        request_id=ids.uuid("enrol"),
        officer_number="PB-1234",
        public_key=ids.octets("public key", 32),
        proof_of_possession=ids.octets("proof", 64),
        jurisdiction=["PK-PB/LHR"],
        grade=17,
        kind=directory_pb2.KEY_KIND_OFFICER,
        decides=True,
        replaced_key_id=ids.octets("replaced key id", 32),
        own_number="8220312345670",
    )
    yield directory_pb2.DisableOfficerRequest(
        request_id=ids.uuid("disable"),
        officer_key_id=ids.octets("key id", 32),
        reason=directory_pb2.DISABLE_REASON_LEFT_POST,
    )
    yield directory_pb2.DisableOwnKeyRequest(
        request_id=ids.uuid("disable own"), reason=directory_pb2.DISABLE_REASON_KEY_COMPROMISED
    )
    yield directory_pb2.ListOfficersRequest(page_size=50, page_token="dG9rZW4")  # noqa: S106 - as above
    yield consumers_pb2.EnrolConsumerRequest(
        request_id=ids.uuid("enrol consumer"),
        consumer="SYSTEM-1",
        places=["PK-PB/LHR"],
        kinds=[notification_pb2.EVENT_KIND_KEY_ENROLLED],
    )
    yield consumers_pb2.DisableConsumerRequest(request_id=ids.uuid("disable consumer"), consumer="SYSTEM-1")
    yield consumers_pb2.ListConsumersRequest(page_size=50, page_token="dG9rZW4")  # noqa: S106 - as above
    yield directory_pb2.ListAgenciesRequest(page_size=50, page_token="dG9rZW4")  # noqa: S106 - as above
    yield directory_pb2.ProposePolicyRequest(
        request_id=ids.uuid("propose"),
        document=directory_pb2.POLICY_DOCUMENT_GRANTS,
        toml=b"uses_per_subject = 3\nticket_uses_per_subject = 3\ncourt_case_uses_per_subject = 10\n"
        b'repeat_minutes = 10\ncitation = "working value"\nverified = false\n',
    )
    yield directory_pb2.WithdrawPolicyProposalRequest(
        request_id=ids.uuid("withdraw proposal"), proposal_id=ids.uuid("proposal")
    )
    yield directory_pb2.AdoptPolicyRequest(
        request_id=ids.uuid("adopt"), proposal_id=ids.uuid("proposal"), etag=ids.octets("etag", 16).hex()
    )
    yield directory_pb2.GetPolicyRequest(
        document=directory_pb2.POLICY_DOCUMENT_GRANTS, proposal_id=ids.uuid("proposal")
    )
    yield directory_pb2.ListPoliciesRequest()
    yield register_seal_pb2.ProposeRegisterSealRequest(
        request_id=ids.uuid("propose seal"),
        action=register_seal_pb2.REGISTER_SEAL_ACTION_SEAL,
        reason=register_seal_pb2.REGISTER_SEAL_REASON_DRILL,
    )
    yield register_seal_pb2.ConfirmRegisterSealRequest(
        request_id=ids.uuid("confirm seal"), proposal_id=ids.uuid("seal proposal")
    )
    yield register_seal_pb2.GetRegisterSealRequest()
