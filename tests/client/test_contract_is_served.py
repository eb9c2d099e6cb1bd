"""What a developer forgets when an RPC, an error reason or a kind of agency is added: the client has it too."""

import re

import pytest

from nsor import services
from nsor.advice import NEXT_STEPS
from nsor.cli.directory import _kind
from nsor.v1 import errors_pb2, options_pb2
from nsor_server.access.contract import Contract, MethodRule

UNARY = [rule for rule in Contract.load().methods.values() if not rule.streaming]
REASONS = sorted(name.removeprefix("ERROR_REASON_") for name, number in errors_pb2.ErrorReason.items() if number)


def _service(rule: MethodRule) -> type:
    found: type = getattr(services, rule.service.rpartition(".")[2].removesuffix("Service"))
    return found


@pytest.mark.parametrize("rule", UNARY, ids=lambda rule: rule.full_name)
def test_the_client_has_a_method_for_every_rpc(rule: MethodRule) -> None:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", rule.full_name.rpartition("/")[2]).lower()
    assert callable(getattr(_service(rule), name))


@pytest.mark.parametrize("reason", REASONS)
def test_a_person_hears_what_to_do_after_every_refusal(reason: str) -> None:
    assert NEXT_STEPS[reason].en
    assert NEXT_STEPS[reason].ur


def test_a_kind_of_agency_that_the_client_does_not_know_is_listed() -> None:
    # The register may be newer than an agency's client.
    assert _kind(options_pb2.AGENCY_KIND_SPECIAL_COMMITTEE) == "special committee"
    assert _kind(99) == "kind 99"
