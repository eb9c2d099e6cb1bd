"""`nsor officer`: the keys of an agency's officers and systems."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nsor.cli import kept
from nsor.cli.session import Session, common, read_request, read_text

if TYPE_CHECKING:
    from google.protobuf import timestamp_pb2

    from nsor.client import Client
    from nsor.v1 import directory_pb2

_F = TypeVar("_F", bound=Callable[..., Any])
_REASONS = ("left-post", "key-compromised", "suspended", "replaced")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _focal_persons(*, required: bool, two: bool = False) -> Callable[[_F], _F]:
    """Add the options that name the focal persons' keys."""

    def add(function: _F) -> _F:
        if two:
            second = "Another focal person's key: for deciding officers of NPB or of a court."
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
    function = click.option("--request-file", type=_FILE, help=file)(_facts(function))
    return _focal_persons(required=True, two=True)(function)


@click.group()
def officer() -> None:
    """Make, enrol, replace, list and disable keys of officers and systems.

    Enrolling is two persons' work: a focal person of your agency signs it, and for a deciding officer of NPB or of a
    court two. The register's operator enters focal persons.
    """


@officer.command("new-key")
@click.argument("file", type=click.Path(path_type=Path))
@common
def new_key(session: Session, file: Path) -> None:
    """Make a key in a new FILE that only you can read, and its public half in FILE.pub.

    It stays with its holder: whoever has the file acts in the holder's name. A focal person gives FILE.pub to the
    register's operator.
    """
    from nsor.officer import OfficerKey  # noqa: PLC0415 - loaded late, so that help is quick

    key = OfficerKey.generate()
    try:
        key.save(file)
    except FileExistsError:
        raise click.UsageError(f"{file} exists already, and a key is never overwritten. Name another file.") from None
    public = file.with_name(f"{file.name}.pub")
    public.write_bytes(key.public_pem())
    if session.as_json:
        session.json({"officer_key_id": key.key_id.hex(), "file": str(file), "public_file": str(public)})
        return
    click.echo(key.key_id.hex())
    session.say(
        f"Key made. Next: `nsor officer enrol --officer-key-file {file} --number ... --grade ... --focal-key-file ...`"
    )


@officer.command()
@_facts
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The file to write; it holds no secret.")
@common
def request(session: Session, out: Path, **facts: Any) -> None:
    """Write what a focal person needs to enrol your key, so that your key stays with you."""
    from google.protobuf.json_format import MessageToJson  # noqa: PLC0415 - as above

    with session.client() as client:
        out.write_text(MessageToJson(_of_facts(client, **facts)), encoding="utf-8")
    if session.as_json:
        session.json({"file": str(out)})
        return
    session.say(f"Give {out} to your focal person. Next, there: `nsor officer enrol --request-file {out.name}`")


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
) -> None:
    """Disable a key of your agency, for good: KEY_ID is what `enrol`, `new-key` and `list` print.

    One focal person disables three deciding officers of NPB or of a court in a day; for more another one signs too.
    What a key has granted or opened goes on; with --reason key-compromised it counts no more, also when that is said of
    a key that was disabled before.
    """
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    value = directory_pb2.DisableReason.Value(f"DISABLE_REASON_{reason.upper().replace('-', '_')}")
    if own:
        if key_id or key_file:
            raise click.UsageError("--own names the key that you act with: give no other.")
        with session.client(officer=True) as client:
            request = directory_pb2.DisableOwnKeyRequest(reason=value)
            session.answer(client.directory.disable_own_key(request), title="Disabled")
        return
    if focal_file is None:
        raise click.UsageError("A focal person disables a key: --focal-key-file; or your own one: --own.")
    raw = key_id_of(key_id, key_file)
    with session.client(focal_keys=(focal_file, *([second_file] if second_file else []))) as client:
        session.answer(
            client.directory.disable_officer(directory_pb2.DisableOfficerRequest(officer_key_id=raw, reason=value)),
            title="Disabled",
        )


@officer.command("list")
@click.option("--all", "everything", is_flag=True, help="Disabled keys too.")
@_focal_persons(required=False)
@common
def list_(session: Session, focal_file: Path | None, *, everything: bool) -> None:
    """List your agency's keys: of officers, systems and focal persons. An officer or a focal person may."""
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415 - as above

    with session.client(officer=focal_file is None, focal_keys=() if focal_file is None else (focal_file,)) as client:
        officers, people = _all(client)
    found: list[directory_pb2.Officer | directory_pb2.FocalPerson] = [*people, *officers]
    shown = [each for each in found if everything or not each.HasField("disable_time")]
    if session.as_json:
        for each in shown:
            session.json(MessageToDict(each, preserving_proto_field_name=True))
        return
    session.table("Keys", ("number", "who", "grade", "where", "since", "state", "key"), [_row(each) for each in shown])
    more = "" if everything or len(shown) == len(found) else "`--all` shows disabled ones"
    session.counted(len(shown), len(found), "keys", more=more)


def _enrol(
    session: Session,
    *,
    replace: bool,
    request_file: Path | None,
    focal_file: Path,
    second_file: Path | None,
    **facts: Any,
) -> None:
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    with session.client(focal_keys=(focal_file, *([second_file] if second_file else []))) as client:
        if request_file is None:
            request = _of_facts(client, **facts)
        elif any(facts.values()):
            raise click.UsageError("--request-file says who the officer is: give neither key nor facts beside it.")
        else:
            request = directory_pb2.EnrolOfficerRequest()
            read_request(read_text(str(request_file)), request)
        if replace:
            request.replaced_key_id = _live_key(client, request.officer_number)
        _enrolled(session, client, request, title="Replaced" if replace else "Enrolled")


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
        raise click.UsageError("An officer is named by --officer-key-file, --number and --grade.")
    request = _request(client, key_file, number)
    request.kind, request.grade, request.decides = directory_pb2.KEY_KIND_OFFICER, grade, decides
    request.jurisdiction.extend(places)
    return request


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


def _live_key(client: Client, number: str) -> bytes:
    """Id of the live key of a number; a focal person asks."""
    officers, _ = _all(client)
    live = [each for each in officers if each.officer_number == number and not each.HasField("disable_time")]
    if not live:
        raise click.UsageError(f"{number} has no live key that could be replaced. Enrol it: `nsor officer enrol`.")
    return live[0].officer_key_id


def _all(client: Client) -> tuple[list[directory_pb2.Officer], list[directory_pb2.FocalPerson]]:
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    officers: list[directory_pb2.Officer] = []
    people: list[directory_pb2.FocalPerson] = []
    request = directory_pb2.ListOfficersRequest(page_size=500)
    while True:
        page = client.directory.list_officers(request).message
        officers += page.officers
        people += page.focal_persons
        if not page.next_page_token:
            return officers, people
        request.page_token = page.next_page_token


def _row(each: directory_pb2.Officer | directory_pb2.FocalPerson) -> tuple[str, ...]:
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    disabled = each.HasField("disable_time")
    state = f"disabled {_day(each.disable_time)}" if disabled else "live"
    if isinstance(each, directory_pb2.FocalPerson):
        return each.number, "focal person", "", "", _day(each.enter_time), state, each.key_id.hex()
    system = each.kind == directory_pb2.KEY_KIND_SYSTEM
    who = "system" if system else "deciding officer" if each.decides else "officer"
    where = " ".join(each.jurisdiction) or "wherever the agency may"
    since = _day(each.enrol_time)
    return each.officer_number, who, str(each.grade or ""), where, since, state, each.officer_key_id.hex()


def _day(instant: timestamp_pb2.Timestamp) -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    return f"{instant.ToDatetime(dt.UTC).astimezone(render.PAKISTAN):%Y-%m-%d}"


def key_id_of(text: str | None, file: Path | None) -> bytes:
    """The id of an officer's key, 32 bytes: as it is written, or of a key file.

    Raises:
        click.UsageError: both are given, or neither; or it isn't written as an id.
    """
    if (text is None) == (file is None):
        raise click.UsageError("Name the key with KEY_ID or with --officer-key-file, not with both.")
    if file is not None:
        from nsor.officer import OfficerKey  # noqa: PLC0415 - as above

        return OfficerKey.load(file).key_id
    try:
        raw = bytes.fromhex(text or "")
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise click.UsageError("KEY_ID is 64 hexadecimal digits, as `nsor officer enrol` printed them.")
    return raw
