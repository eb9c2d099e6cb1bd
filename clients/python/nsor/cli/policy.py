"""`nsor policy`: two officers of NPB decide about a document of the policy, and see first what it would change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nsor.cli import agreement, screen
from nsor.cli.arguments import fits, part_of_id
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import directory_pb2

_SHORTEST_ID = 8


@click.group()
def policy() -> None:
    """See what decides (deadlines, offences, what is switched off...), propose another document, adopt a proposal."""


@policy.command("list")
@common
def list_(session: Session) -> None:
    """List the documents in force, and the proposals that wait for a second officer."""
    from nsor.cli import render  # noqa: PLC0415 - as above
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        found = client.directory.list_policies(directory_pb2.ListPoliciesRequest()).message
        own = client.officer_key_id
    if session.as_json:
        session.json_of(found)
        return
    fields = directory_pb2.Policy.DESCRIPTOR.fields_by_name
    rows = [
        (_name(each.document), str(each.version), render.text(fields["adopt_time"], each.adopt_time))
        for each in found.policies
    ]
    session.table(session.said("In force: version {}", found.version), ("document", "version", "since"), rows)
    proposals = [
        (
            each.proposal_id,
            _name(each.document),
            render.text(fields["adopt_time"], each.propose_time),
            "you" if each.officer_key_id == own else each.officer_key_id.hex()[:8],
            render.text(fields["adopt_time"], each.expiry.due_time),
        )
        for each in found.proposals
    ]
    if proposals:
        session.table("Proposals", ("id", "document", "proposed", "by key", "until"), proposals)
    session.counted(len(proposals), len(proposals), "open proposals")
    for each in found.proposals:
        if each.officer_key_id != own:
            session.say("To decide: nsor policy adopt {}", each.proposal_id[:_SHORTEST_ID])
            break


@policy.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--validate-only", is_flag=True, help="Check the document and change nothing.")
@common
def propose(session: Session, file: Path, validate_only: bool) -> None:
    """Propose FILE, named as its document is, such as deadlines.toml; you sign.

    It changes nothing until another officer adopts it. Comments in the file aren't kept. `nsor policy show deadlines`
    prints the document in force, to begin with.
    """
    from nsor import policies  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    document, toml = _document(file), file.read_bytes()
    try:
        policies.read(toml)
    except policies.NotToml as error:
        raise WrongUse("{} is {}.", file.name, error) from None
    request = directory_pb2.ProposePolicyRequest(document=document, toml=toml, validate_only=validate_only)
    with session.client(officer=True) as client:
        answer = client.directory.propose_policy(request)
    session.answer(answer, title="Correct: nothing was proposed" if validate_only else "Proposed")
    if not validate_only and not session.as_json:
        session.say("Another officer decides: nsor policy adopt {}", answer.message.proposal.proposal_id[:_SHORTEST_ID])


@policy.command()
@click.argument("proposal_id", type=part_of_id)
@click.option("--etag", help="The version that was seen; without it the differences are shown first.")
@common
def adopt(session: Session, proposal_id: str, etag: str | None) -> None:
    """Put a proposal in force: show what it changes, ask, sign. PROPOSAL_ID may be its first or last 8 digits."""
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    if session.as_json and not etag:
        raise WrongUse("Name the version that was seen: --etag.")
    with session.client(officer=True) as client:
        found = _proposal(client, proposal_id)
        if not etag:
            etag = _seen(session, client, found)
            agreement.obtain(session, "Put this in force, for everybody, from the next call on?", agreed=False)
        request = directory_pb2.AdoptPolicyRequest(proposal_id=found.proposal_id, etag=etag)
        session.answer(client.directory.adopt_policy(request), title="In force")


@policy.command()
@click.argument("proposal_id", type=part_of_id)
@common
def withdraw(session: Session, proposal_id: str) -> None:
    """Withdraw a proposal that you have made. PROPOSAL_ID may be its first or last 8 digits."""
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        request = directory_pb2.WithdrawPolicyProposalRequest(proposal_id=_proposal(client, proposal_id).proposal_id)
        session.answer(client.directory.withdraw_policy_proposal(request), title="Withdrawn")


@policy.command()
@click.argument("what", metavar="DOCUMENT|PROPOSAL_ID")
@common
def show(session: Session, what: str) -> None:
    """Print a document in force, as TOML to be edited and proposed; or show what a proposal would change.

    DOCUMENT is deadlines, grants, narrowing, offences, places, written_forms, reviews, budgets or holidays.
    """
    document = _documents().get(what)
    with session.client(officer=True) as client:
        if document is None:
            _seen(session, client, _proposal(client, what))
        else:
            _in_force(session, client, document)


def _in_force(session: Session, client: Client, document: directory_pb2.PolicyDocument.ValueType) -> None:
    from nsor import policies  # noqa: PLC0415 - as above
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    request = directory_pb2.GetPolicyRequest(document=document)
    content = json.loads(client.directory.get_policy(request).message.policy.content)
    if session.as_json:
        session.json(content)
    else:
        screen.echo(policies.as_toml(content), nl=False)


def _proposal(client: Client, proposal_id: str) -> directory_pb2.PolicyProposal:
    """The open proposal of an id or of a part of it."""
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    found = client.directory.list_policies(directory_pb2.ListPoliciesRequest()).message.proposals
    fitting = [each for each in found if fits(proposal_id, each.proposal_id)]
    if len(fitting) != 1:
        raise WrongUse("No open proposal has this id, or several have. `nsor policy list` shows them.")
    return fitting[0]


def _seen(session: Session, client: Client, found: directory_pb2.PolicyProposal) -> str:
    """Show the differences; gives the etag of what was seen."""
    from nsor import policies  # noqa: PLC0415 - as above
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    request = directory_pb2.GetPolicyRequest(document=found.document, proposal_id=found.proposal_id)
    shown = client.directory.get_policy(request).message
    changes = policies.changes(json.loads(shown.policy.content), json.loads(shown.proposal.content))
    if session.as_json:
        session.json(
            {
                "proposal_id": found.proposal_id,
                "etag": shown.proposal.etag,
                "document": _name(found.document),
                "changes": [
                    {"row": each.row, "field": each.field, "before": each.before, "after": each.after}
                    for each in changes
                ],
            }
        )
        return shown.proposal.etag
    screen.echo(f"{_name(found.document)}: {len(changes)} difference{'s' * (len(changes) != 1)}", bold=True)
    for each in changes:
        screen.echo(f"  {each.text()}")
    session.say("In words, on the register's host: nsor-server policy explain --proposal {}", found.proposal_id)
    return shown.proposal.etag


def _document(file: Path) -> directory_pb2.PolicyDocument.ValueType:
    known = _documents()
    if file.suffix != ".toml" or file.stem not in known:
        files = ", ".join(f"{name}.toml" for name in known)
        raise WrongUse("The file's name says which document it is: {}.", files)
    return known[file.stem]


def _documents() -> dict[str, directory_pb2.PolicyDocument.ValueType]:
    """The documents of the contract by their names."""
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    return {_name(number): number for number in directory_pb2.PolicyDocument.values() if number}


def _name(number: int) -> str:
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    value = directory_pb2.PolicyDocument.DESCRIPTOR.values_by_number.get(number)
    return f"document {number}" if value is None else value.name.removeprefix("POLICY_DOCUMENT_").lower()
