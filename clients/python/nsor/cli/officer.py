"""`nsor officer`: the keys of an agency's officers and systems."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nsor.cli import agreement, kept, keys, screen, shown_number
from nsor.cli.session import Session, common, read_request, read_text
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import directory_pb2

_F = TypeVar("_F", bound=Callable[..., Any])
_COMPROMISED = "key-compromised"
_REASONS = ("left-post", _COMPROMISED, "suspended", "replaced")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_NUMBER = re.compile(r"[^\W\d_]*(?:[ /.-][^\W\d_]*)*\d{1,8}")
"""The register has a closed list of the words; this much is the same for all."""
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _focal_persons(*, required: bool, two: bool = False) -> Callable[[_F], _F]:
    """Add the options that name the focal persons' keys."""

    def add(function: _F) -> _F:
        if two:
            second = "Another focal person's key: for deciding officers."
            function = click.option(
                "--second-focal-key-file", "second_file", type=_FILE, envvar="NSOR_SECOND_FOCAL_KEY", help=second
            )(function)
        first = "The focal person's key, which signs this."
        return click.option(
            "--focal-key-file", "focal_file", type=_FILE, envvar="NSOR_FOCAL_KEY", required=required, help=first
        )(function)

    return add


def _facts(function: _F) -> _F:
    """Add the options that say who an officer is."""
    for option in (
        click.option("--decides", is_flag=True, help="The officer may sign decisions."),
        click.option(
            "--place",
            "places",
            multiple=True,
            help="Where the officer may act; repeatable; default: wherever the agency may.",
        ),
        click.option("--grade", type=click.IntRange(1, 22), help="BPS grade."),
        click.option("--number", help="Personal or belt number."),
        click.option("--officer-key-file", "key_file", type=_FILE, help="The officer's key."),
    ):
        function = option(function)
    return function


def _enrolment(function: _F) -> _F:
    """Add the options of an officer's enrolment."""
    file = "What `nsor officer request` has written, instead of the officer's key and facts."
    card = "The officer's own CNIC, in the first line of a file; default: asked for, or read from stdin."
    function = click.option("--own-number-file", "own_file", type=_FILE, help=card)(function)
    function = agreement.option(click.option("--request-file", type=_FILE, help=file)(_facts(function)))
    return _focal_persons(required=True, two=True)(function)


@click.group()
def officer() -> None:
    """Make, enrol, replace, list and disable keys of officers and systems.

    Enrolling is two persons' work: a focal person of your agency signs it, and for a deciding officer two.
    The register's operator enters focal persons.

    The focal person types the number of the officer's own CNIC, from his card: the register keeps no more of it than
    lets it notice when an officer looks himself up.
    """


@officer.command("new-key")
@click.argument("file", type=click.Path(path_type=Path))
@common
def new_key(session: Session, file: Path) -> None:
    """Make a key in a new FILE that only you can read, and its public half in FILE.pub.

    It stays with its holder: whoever has the file acts in the holder's name. An officer has it enrolled by a focal
    person, who never sees it; a focal person gives FILE.pub to the register's operator.
    """
    from nsor.officer import OfficerKey  # noqa: PLC0415 - loaded late, so that help is quick

    key = OfficerKey.generate()
    try:
        key.save(file)
    except FileExistsError:
        raise WrongUse("{} exists already, and a key is never overwritten. Name another file.", file) from None
    public = file.with_name(f"{file.name}.pub")
    public.write_bytes(key.public_pem())
    if session.as_json:
        session.json({"officer_key_id": key.key_id.hex(), "file": str(file), "public_file": str(public)})
        return
    screen.echo(key.key_id.hex())
    session.say(
        "Key made. Next, for an officer, with his own number and grade: "
        "`nsor officer request --officer-key-file {} --number PB-1234 --grade 17 --out request.json`",
        file,
    )
    session.say("For a focal person: give {} to the register's operator.", public)


@officer.command()
@_facts
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write; it holds no secret.")
@common
def request(session: Session, out: Path, **facts: Any) -> None:
    """Write what a focal person needs to enrol your key, so that your key stays with you.

    Without --officer-key-file it is the key that you act with: NSOR_OFFICER_KEY, or officer_key of the settings file.
    """
    from google.protobuf.json_format import MessageToJson  # noqa: PLC0415 - as above

    facts["key_file"] = facts["key_file"] or session.settings().officer_key
    _check(facts["number"] or "", facts["places"])
    with session.client() as client:
        text = MessageToJson(_of_facts(client, **facts))
    try:
        with out.open("x", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError:
        raise WrongUse("{} exists already, and is not overwritten. Name a new file.", out) from None
    if session.as_json:
        session.json({"file": str(out)})
        return
    session.say("Give {} to your focal person. Next, there: `nsor officer enrol --request-file {}`", out, out.name)


@officer.command()
@_enrolment
@common
def enrol(session: Session, **given: Any) -> None:
    """Enrol an officer's key for your agency. A key belongs to one officer, for good; a number has one live key."""
    _enrol(session, replace=False, **given)


@officer.command()
@_enrolment
@common
def replace(session: Session, **given: Any) -> None:
    """Enrol a new key for an officer in the place of the live one of the same number, which is disabled at once."""
    _enrol(session, replace=True, **given)


@officer.command("system-key")
@click.option("--key-file", type=_FILE, required=True, help="The system's key, as `new-key` makes one.")
@click.option("--number", required=True, help="The system's number, such as SYSTEM-1.")
@_focal_persons(required=True)
@common
def system_key(session: Session, key_file: Path, number: str, focal_file: Path) -> None:
    """Enrol the key of a system, for what needs no person, such as following events. It never acts as an officer."""
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    with session.client(focal_keys=(focal_file,)) as client:
        request = _request(client, key_file, number)
        request.kind = directory_pb2.KEY_KIND_SYSTEM
        _enrolled(session, client, request, title="Enrolled")


@officer.command()
@click.argument("key_id", required=False)
@click.option("--officer-key-file", "key_file", type=_FILE, help="The key's file, instead of KEY_ID.")
@click.option("--own", is_flag=True, help="The key that you act with: no focal person is needed.")
@click.option("--reason", type=click.Choice(_REASONS), required=True, help="Why.")
@agreement.option
@_focal_persons(required=False, two=True)
@common
def disable(
    session: Session,
    key_id: str | None,
    key_file: Path | None,
    focal_file: Path | None,
    second_file: Path | None,
    *,
    own: bool,
    reason: str,
    agreed: bool,
) -> None:
    """Disable a key of your agency, for good: show whose it is, and ask. KEY_ID may be its first or last 8 digits.

    One focal person disables three deciding officers in a day; for more another one signs too.
    What a key has granted or opened goes on; with --reason key-compromised it counts no more, also when that is said of
    a key that was disabled before.
    """
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    if own:
        if key_id or key_file or _named_here("focal_file", "second_file"):
            raise WrongUse("--own names the key that you act with, which signs alone: give no other.")
        _disable_own(session, reason, agreed=agreed)
        return
    if focal_file is None:
        raise WrongUse("A focal person disables a key: --focal-key-file; or your own one: --own.")
    keys.id_or_part(key_id, key_file)
    with session.client(focal_keys=(focal_file, *([second_file] if second_file else []))) as client:
        found, other_deciders = keys.known(client, key_id, key_file)
        if not keys.is_live(found) and reason != _COMPROMISED:
            _show_disabled(session, found)
            return
        if not session.as_json:
            session.table("Key", keys.COLUMNS, [keys.row(found)])
            if found.decides and keys.is_live(found) and not other_deciders:
                session.say("Your agency has no other deciding officer.")
        question = f"Disable the key of {found.officer_number} for good, reason {reason}?"
        if not keys.is_live(found):
            question = "It is disabled already. Say that it is compromised, so that what it has opened counts no more?"
        agreement.obtain(session, question, agreed=agreed)
        request = directory_pb2.DisableOfficerRequest(officer_key_id=found.officer_key_id, reason=_reason(reason))
        session.answer(client.directory.disable_officer(request), title="Disabled")


def _named_here(*parameters: str) -> bool:
    """Whether one of the options was typed; a variable of the environment may be there for other commands."""
    source = click.get_current_context().get_parameter_source
    return any(source(each) is click.core.ParameterSource.COMMANDLINE for each in parameters)


def _disable_own(session: Session, reason: str, *, agreed: bool) -> None:
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        key_id = client.officer_key_id
        number = kept.officer_number(client.state_folder, key_id) or "number not known here"
        question = f"Disable the key that you act with, {key_id.hex()[:8]} ({number}), for good, reason {reason}?"
        agreement.obtain(session, question, agreed=agreed)
        request = directory_pb2.DisableOwnKeyRequest(reason=_reason(reason))
        session.answer(client.directory.disable_own_key(request), title="Disabled")


def _show_disabled(session: Session, found: directory_pb2.Officer) -> None:
    """Say that there is nothing to do."""
    if session.as_json:
        session.json_of(found)
        return
    session.table("Key", keys.COLUMNS, [keys.row(found)])
    session.say("This key is disabled already. Nothing was changed.")


def _reason(text: str) -> directory_pb2.DisableReason.ValueType:
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    return directory_pb2.DisableReason.Value(f"DISABLE_REASON_{text.upper().replace('-', '_')}")


@officer.command("list")
@click.option("--all", "everything", is_flag=True, help="Disabled keys too.")
@_focal_persons(required=False)
@common
def list_(session: Session, focal_file: Path | None, *, everything: bool) -> None:
    """List your agency's keys: of officers, systems and focal persons. An officer or a focal person may."""
    with session.client(officer=focal_file is None, focal_keys=() if focal_file is None else (focal_file,)) as client:
        officers, people = keys.every(client)
    found: list[directory_pb2.Officer | directory_pb2.FocalPerson] = [*people, *officers]
    shown = [each for each in found if everything or keys.is_live(each)]
    if session.as_json:
        for each in shown:
            session.json_of(each)
        return
    session.table("Keys", keys.COLUMNS, [keys.row(each) for each in shown])
    more = "" if everything or len(shown) == len(found) else "`--all` shows disabled ones"
    session.counted(len(shown), len(found), "keys", more=more)


def _enrol(
    session: Session,
    *,
    replace: bool,
    request_file: Path | None,
    own_file: Path | None,
    focal_file: Path,
    second_file: Path | None,
    agreed: bool,
    **facts: Any,
) -> None:
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    with session.client(focal_keys=(focal_file, *([second_file] if second_file else []))) as client:
        if request_file is None:
            request = _of_facts(client, **facts)
        elif any(facts.values()):
            raise WrongUse("--request-file says who the officer is: give neither key nor facts beside it.")
        else:
            request = directory_pb2.EnrolOfficerRequest()
            read_request(read_text(str(request_file)), request)
            # Whoever wrote the file chose what it says: the focal person answers for it, and sees it first.
            _show_request(session, request)
            agreement.obtain(session, "Replace his key by this one?" if replace else "Enrol it?", agreed=agreed)
        if replace:
            request.replaced_key_id = keys.live(client, request.officer_number).officer_key_id
        request.own_number = shown_number.hidden(session, "The officer's own CNIC", own_file, "--own-number-file")
        _enrolled(session, client, request, title="Replaced" if replace else "Enrolled")


def _show_request(session: Session, request: directory_pb2.EnrolOfficerRequest) -> None:
    if session.as_json:
        return
    facts = (
        ("number", request.officer_number),
        ("who", keys.who(request)),
        ("grade", str(request.grade or "")),
        ("where", " ".join(request.jurisdiction) or "wherever the agency may"),
        ("key", hashlib.sha256(request.public_key).hexdigest()),
    )
    session.table("To be enrolled", ("", ""), facts)


def _of_facts(
    client: Client,
    *,
    key_file: Path | None,
    number: str | None,
    grade: int | None,
    places: tuple[str, ...],
    decides: bool,
) -> directory_pb2.EnrolOfficerRequest:
    """An officer's enrolment of the options."""
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    if not (key_file and number and grade):
        raise WrongUse("An officer is named by --officer-key-file, --number and --grade.")
    request = _request(client, key_file, number)
    request.kind, request.grade, request.decides = directory_pb2.KEY_KIND_OFFICER, grade, decides
    request.jurisdiction.extend(places)
    return request


def _check(number: str, places: tuple[str, ...]) -> None:
    """See what can be seen here, so that no file is written which the register refuses; the value isn't repeated."""
    from nsor.codes import source  # noqa: PLC0415 - as above

    if number and _NUMBER.fullmatch(number.strip()) is None:
        raise WrongUse(
            "--number: up to 8 digits, after the word of an office, a province or a district, such as PB-1234."
        )
    known = {place.code for place in source.places()}
    if any(place not in known and place.rpartition("/")[0] not in known for place in places):
        raise WrongUse("--place: a code such as PK-PB/LHR, which `nsor places NAME` finds.")


def _request(client: Client, key_file: Path, number: str) -> directory_pb2.EnrolOfficerRequest:
    """An enrolment with the proof that the key is held. The proof is over the number as the register writes it."""
    from nsor.officer import OfficerKey  # noqa: PLC0415 - as above
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    key, written = OfficerKey.load(key_file), _LEADING_ZEROS.sub("", number.strip().upper())
    return directory_pb2.EnrolOfficerRequest(
        officer_number=written,
        public_key=key.public_key,
        proof_of_possession=key.prove_possession(client.agency_id, written),
    )


def _enrolled(session: Session, client: Client, request: directory_pb2.EnrolOfficerRequest, *, title: str) -> None:
    answer = client.directory.enrol_officer(request)
    kept.keep_officer(client.state_folder, answer.message.officer)
    session.answer(answer, title=title)
