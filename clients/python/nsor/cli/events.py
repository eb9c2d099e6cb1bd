"""`nsor events`: what other agencies did that concerns this one; shown, acknowledged, or handed to a program."""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import string
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import click

from nsor.cli import screen
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse
from nsor.printable import escaped

if TYPE_CHECKING:
    from nsor.cli.event_program import Failed, Program
    from nsor.client import Client
    from nsor.errors import NsorError, Refused
    from nsor.v1 import notification_pb2

_GIVE_UP_SECONDS = 10.0
"""How long a register that doesn't answer is tried: whoever only looks wants to know soon. Whoever follows waits."""
_TRIES: Final = 5


@click.command()
@click.option("--follow", is_flag=True, help="Wait for more until Ctrl-C.")
@click.option("--after", type=click.IntRange(0), default=0, help="Show those after this number, acknowledged or not.")
@click.option("--acknowledge", is_flag=True, help="Acknowledge what was shown: it is not sent again.")
@click.option(
    "--exec",
    "command",
    metavar="CMD",
    help="Program that gets each event, as JSON on its standard input: exit code 0 acknowledges it.",
)
@click.option(
    "--exec-limit",
    type=click.FloatRange(0.1),
    default=60.0,
    show_default=True,
    help="Seconds that the program may take for one event.",
)
@click.option(
    "--exec-tries",
    type=click.IntRange(1),
    help="Give up when the program has failed so often on one event. [default: 5; with --follow never]",
)
@click.option(
    "--consumer", default="", metavar="NUMBER", help="Those of this consumer, whose system's key you act with."
)
@click.option("--kind", metavar="KIND", help="Show only those of this kind, such as passenger-alike.")
@click.option(
    "--wait", type=click.FloatRange(0.1), default=2.0, show_default=True, help="Seconds without news that end it."
)
@common
def events(  # noqa: PLR0917 - one argument per option of the command
    session: Session,
    follow: bool,
    after: int,
    acknowledge: bool,
    command: str | None,
    exec_limit: float,
    exec_tries: int | None,
    consumer: str,
    kind: str | None,
    wait: float,
) -> None:
    """Show your agency's events, the oldest first: each names a record by its id, and no person.

    With --exec each goes to a program: one JSON object on its standard input. It has stored the event when it exits
    with 0, and the event is acknowledged. Otherwise, or when it takes too long, it gets the same event again, after 1,
    2, 4, ... seconds and at most five minutes, and those after it wait. It is started without a shell; of the
    environment it gets PATH, HOME, USER, LANG, TZ, TMPDIR and the like, and none of the variables of this command. What
    it prints goes to stderr. After a crash an event may come twice: its event_id tells.
    """
    if after and (acknowledge or command is not None):
        # Acknowledging one acknowledges all before it, also those that nobody was shown and no program got.
        if command is None:
            raise WrongUse("--acknowledge begins after the last acknowledged event: --after doesn't go with it.")
        raise WrongUse("--exec begins after the last acknowledged event: --after doesn't go with it.")
    given = _Given(follow=follow, after=after, acknowledge=acknowledge, consumer=consumer, wait=wait)
    if kind is not None:
        from nsor.cli.consumer import event_kind  # noqa: PLC0415 - loaded late, so that help is quick

        if acknowledge or command is not None:
            raise WrongUse("Acknowledging one event acknowledges all before it: --kind is for looking alone.")
        given.kind = event_kind(kind)
    if command is None:
        _run(session, given, None)
        return
    from nsor.cli.event_program import Program  # noqa: PLC0415 - as above

    tries = exec_tries or (math.inf if follow else _TRIES)
    _run(session, given, _Handing(session, Program(command, exec_limit, os.environ), tries))


class _Given:
    """What was asked for.

    Attributes:
        follow: wait for more.
        after: begin after this number; 0: after the last acknowledged one.
        acknowledge: what was shown.
        consumer: of this consumer; empty: of the agency.
        wait: seconds without news that end it.
        kind: only those of this kind are shown; 0: all.
    """

    kind = 0

    def __init__(self, *, follow: bool, after: int, acknowledge: bool, consumer: str, wait: float) -> None:
        self.follow, self.after, self.acknowledge, self.wait = follow, after, acknowledge, wait
        self.consumer = consumer


def _run(session: Session, given: _Given, handing: _Handing | None) -> None:
    from nsor.errors import Refused  # noqa: PLC0415 - loaded late, so that help is quick

    reconnecting = _Reconnecting(session)
    with session.client(officer=True) as client, _handing_alone(client, given, handing):
        stream = client.events(
            after_sequence=given.after,
            consumer=given.consumer,
            quiet_seconds=None if given.follow else given.wait,
            give_up_seconds=math.inf if given.follow else _GIVE_UP_SECONDS,
            on_reconnect=reconnecting,
        )
        each = handing is not None or given.follow
        shown = 0
        try:
            for event in stream:
                if given.kind not in {0, event.kind}:
                    continue
                _take(session, client, given, handing, event, following=reconnecting if given.follow else None)
                shown += 1
        except KeyboardInterrupt:
            if not given.follow:
                raise
        except BrokenPipeError:
            # Whoever read the output, such as `head`, has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return
        except Refused as error:
            if given.follow or shown or not _is_beyond_the_last(error):
                raise
        if given.acknowledge and shown and not each:
            _acknowledge(client, given, stream.sequence, None)
            session.say("{}, acknowledged up to {}.", _count(session, shown), stream.sequence)
        else:
            _close(session, given, handing, shown)


def _take(
    session: Session,
    client: Client,
    given: _Given,
    handing: _Handing | None,
    event: notification_pb2.Event,
    *,
    following: Callable[[NsorError], None] | None,
) -> None:
    """Show an event, or hand it over; only then it is acknowledged, where each is by itself."""
    if handing is not None:
        handing.hand(event)
        _acknowledge(client, given, event.sequence, following)
        _show(session, client, event)
        return
    # Before it is acknowledged: whoever reads the output may have gone.
    _show(session, client, event)
    if given.acknowledge and given.follow:
        _acknowledge(client, given, event.sequence, following)


def _close(session: Session, given: _Given, handing: _Handing | None, shown: int) -> None:
    counted = _count(session, shown)
    if handing is not None and handing.waiting:
        session.say("{} taken by the program. Event {} isn't: it comes again.", counted, handing.waiting)
    elif not shown:
        session.say("No new events.")
    elif handing is not None:
        session.say("{} taken by the program, each acknowledged.", counted)
    elif given.acknowledge:
        session.say("{}, each acknowledged.", counted)
    elif given.after:
        # Those that were asked for by number may be acknowledged already.
        session.say("{} after number {}: all that there are.", counted, given.after)
    elif given.kind:
        session.say("{} of this kind, all that are not acknowledged.", counted)
    else:
        session.say(
            "{}, all that are not acknowledged. They are sent again until `nsor events --acknowledge`.", counted
        )


def _count(session: Session, shown: int) -> str:
    return session.said("{:,} events", shown)


def _is_beyond_the_last(error: Refused) -> bool:
    found = {(violation.field, violation.reason) for violation in error.violations}
    return found == {("after_sequence", "OUT_OF_RANGE")}


def _acknowledge(client: Client, given: _Given, sequence: int, following: Callable[[NsorError], None] | None) -> None:
    """Acknowledge the events up to this one; whoever follows waits for a register that is away."""
    from nsor import retries  # noqa: PLC0415 - as above
    from nsor.cli import event_program  # noqa: PLC0415 - as above
    from nsor.errors import NsorError  # noqa: PLC0415 - as above
    from nsor.events import passing  # noqa: PLC0415 - as above
    from nsor.v1 import notification_pb2  # noqa: PLC0415 - as above

    request = notification_pb2.AcknowledgeEventsRequest(through_sequence=sequence, consumer=given.consumer)
    for wait in retries.pauses():
        try:
            client.notification.acknowledge_events(request)
        except NsorError as error:
            if following is None or not passing(error):
                raise
            following(error)
            event_program.pause(wait)
        else:
            return


class _Handing:
    """Hands events to a program, and says when it doesn't take one.

    Attributes:
        waiting: number of the event that the program hasn't taken; 0: none.
    """

    def __init__(self, session: Session, program: Program, tries: float) -> None:
        self.waiting = 0
        self._session, self._program, self._tries = session, program, tries

    def hand(self, event: notification_pb2.Event) -> None:
        """Return when the program has taken it.

        Raises:
            NsorError: it hasn't, as often as it was tried; or it can't be started.
        """
        from nsor import retries  # noqa: PLC0415 - as above
        from nsor.cli import event_program, programs  # noqa: PLC0415 - as above

        line = escaped(json.dumps(programs.as_dict(event), ensure_ascii=False)).encode() + b"\n"
        self.waiting = event.sequence
        for tried, wait in enumerate(retries.pauses(), 1):
            failed = self._program.take(line)
            if failed is None:
                self.waiting = 0
                return
            if tried >= self._tries:
                raise _not_taken(event.sequence, tried)
            self._session.say(
                "The program has not taken event {}: {}. Again in {:g} s; those after it wait.",
                event.sequence,
                self._why(failed),
                wait,
            )
            event_program.pause(wait)

    def _why(self, failed: Failed) -> str:
        if failed.code is None:
            return self._session.said("it took too long and was ended")
        if failed.code < 0:
            return self._session.said("signal {}", -failed.code)
        return self._session.said("exit code {}", failed.code)


def _not_taken(sequence: int, tried: int) -> NsorError:
    from nsor.advice import Words  # noqa: PLC0415 - as above
    from nsor.errors import NsorError  # noqa: PLC0415 - as above

    return NsorError(
        "PROGRAM_FAILED",
        Words(
            f"The program has failed {tried} times on event {sequence}, which is not acknowledged.",
            f"پروگرام واقعہ {sequence} پر {tried} بار ناکام ہوا؛ اس کی وصولی نہیں بتائی گئی۔",  # noqa: RUF001 - Urdu
        ),
        next_step=Words(
            "See what it has printed; run the same again: it begins with this event.",
            "دیکھیں پروگرام نے کیا لکھا؛ پھر یہی دوبارہ چلائیں: اسی واقعے سے شروع ہو گا۔",  # noqa: RUF001 - Urdu
        ),
    )


@contextlib.contextmanager
def _handing_alone(client: Client, given: _Given, handing: _Handing | None) -> Iterator[None]:
    """One command at a time hands the events of an agency over: two would give each one twice, and out of order."""
    if handing is None:
        yield
        return
    from nsor.advice import Words  # noqa: PLC0415 - as above
    from nsor.cli import event_program  # noqa: PLC0415 - as above
    from nsor.errors import NsorError  # noqa: PLC0415 - as above

    with event_program.alone(client.state_folder, given.consumer) as is_alone, event_program.stopped_by_sigterm():
        if not is_alone:
            raise NsorError(
                "ALREADY_RUNNING",
                Words(
                    "Another `nsor events --exec` hands the events of this agency over, on this computer.",
                    "اسی کمپیوٹر پر ایک اور `nsor events --exec` اس ادارے کے واقعات دے رہا ہے۔",  # noqa: RUF001 - Urdu
                ),
                next_step=Words("End the other one first.", "پہلے دوسرے کو بند کریں۔"),  # noqa: RUF001 - Urdu
            )
        yield


class _Reconnecting:
    """Says why the connection was lost, once while the reason stays the same."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last = ""

    def __call__(self, reason: NsorError | None) -> None:
        if reason is None:
            return
        words = reason.message.ur if self._session.language == "ur" else reason.message.en
        if words != self._last:
            self._session.say("{} Connecting again.", words)
        self._last = words


def _show(session: Session, client: Client, event: notification_pb2.Event) -> None:
    if session.as_json:
        session.json_of(event)
        return
    from nsor.cli import render  # noqa: PLC0415 - as above

    values = {field.name: render.text(field, value) for field, value in event.ListFields()}
    about = [f"{name.removesuffix('_id').replace('_', ' ')} {values[name]}" for name in _ABOUT if values.get(name)]
    about += [f"registration {each}" for each in event.registration_ids]
    about += [f"unusual access {each}" for each in event.unusual_access_ids]
    command = _next(client, event)
    about += [f"`{command}`"] if command else []
    when = f"{event.sequence:>6}  {values.get('event_time', ''):<23}  {values.get('kind', '')}"
    line = f"{when:<65}  {', '.join(about)}".rstrip()
    # On a narrow screen each id gets a line of its own, so that none is broken.
    parts = [line] if len(line) <= session.width() else [when, *(f"{'':>8}{part}" for part in about)]
    screen.echo("\n".join(parts))


def _next(client: Client, event: notification_pb2.Event) -> str:
    """What is typed next, ready to be pasted; empty: an event only tells."""
    from nsor.v1 import notification_pb2  # noqa: PLC0415 - as above

    if event.unusual_access_ids:
        return "nsor unusual list"  # mostly there are none, and nothing is to be done
    if event.kind == notification_pb2.EVENT_KIND_LOOK_UP_RETURNED:
        command = _look_up_again(client, event)
    else:
        command = _NEXT.get(notification_pb2.EventKind.Name(event.kind).removeprefix("EVENT_KIND_"), "")
    named = {field.name: getattr(event, field.name) for field, _ in event.ListFields()}
    needed = [name for _, name, _, _ in string.Formatter().parse(command) if name]
    return command.format(**named) if all(map(named.get, needed)) else ""


def _look_up_again(client: Client, event: notification_pb2.Event) -> str:
    """How the use that came back is used: of a prosecutor's grant, of a court's case, or of a ticket of NPB."""
    from nsor.errors import NsorError  # noqa: PLC0415 - as above

    if event.access_request_id:
        return "nsor lookup --grant {grant_id}"
    try:
        opened = _opened_here(client)
    except NsorError:
        return ""  # the event is shown all the same
    return f"nsor lookup --{opened} {{grant_id}}" if opened else ""


@functools.lru_cache(maxsize=1)
def _opened_here(client: Client) -> str:
    """What the caller's agency opens: case or ticket; empty: it isn't told. Asked once a run: each time is an entry."""
    from nsor.cli import own_agency  # noqa: PLC0415 - as above
    from nsor.errors import Refused  # noqa: PLC0415 - as above
    from nsor.v1 import options_pb2  # noqa: PLC0415 - as above

    try:
        kind = own_agency.kind(client)
    except Refused:
        return ""
    if kind == options_pb2.AGENCY_KIND_UNSPECIFIED:
        return ""
    return "ticket" if kind == options_pb2.AGENCY_KIND_NPB else "case"


_ABOUT = ("registration_id", "notice_id", "access_request_id", "agency_id", "judgment_id", "grant_id")
_NEXT: Final = {
    "ACCESS_REQUESTED": "nsor access show {access_request_id}",
    "ACCESS_REQUEST_DUE_SOON": "nsor access show {access_request_id}",
    "ACCESS_REQUEST_OVERDUE": "nsor access show {access_request_id}",
    "ACCESS_REQUEST_ESCALATED": "nsor access show {access_request_id}",
    "ACCESS_APPROVED": "nsor lookup --grant {grant_id}",
    "ACCESS_PASSED": "nsor lookup --grant {grant_id}",
    "ACCESS_RETURNED": "nsor access show {access_request_id}",
    "JUVENILE_ACCESS_REQUESTED": "nsor access show {access_request_id}",
    "JUVENILE_ACCESS_DECIDED": "nsor access show {access_request_id}",
    "JUVENILE_ACCESS_OVERDUE": "nsor access show {access_request_id}",
    "JUVENILE_ACCESS_ESCALATED": "nsor access show {access_request_id}",
    "JUDGMENT_RECORDED": "nsor judgment confirm {judgment_id}",
    "RESPONSIBILITY_TRANSFER_OPENED": "nsor transfers",
    "RESPONSIBILITY_TRANSFER_OVERDUE": "nsor transfers",
    "RECALL_ISSUED": "nsor recalls list",
    "RECALLS_OVERDUE": "nsor recalls list",
    "PASSENGER_ALIKE": "nsor accesses --of {agency_id} --method ScreenManifest",
    "EMERGENCY_OPENED": "nsor emergencies list",
    "EMERGENCY_REVIEWED": "nsor emergencies list --reviewed",
}
"""Kind of event -> what opens the work that it tells of. It never holds what isn't in the event."""
