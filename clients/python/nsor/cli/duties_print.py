"""`nsor duties print`: a page for the person himself, with his duties and their dates, in English and Urdu."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nsor.advice import Words
from nsor.cli import screen
from nsor.cli.arguments import record_id
from nsor.cli.session import CONFIDENTIAL, Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.printing.sheet import Owed
    from nsor.v1 import duties_pb2, types_pb2

TOLD: Final = {
    1: Words("Tell your police station where you live", "اپنے تھانے کو بتائیں کہ آپ کہاں رہتے ہیں"),
    2: Words("Tell a change of your name", "نام بدلنے پر بتائیں"),
    3: Words("Tell a change of your address", "پتہ بدلنے پر بتائیں"),
    4: Words("Tell a change of your telephone number or e-mail address", "ٹیلی فون نمبر یا ای میل بدلنے پر بتائیں"),
    5: Words("Tell any other address at which you stay at times", "کوئی اور پتہ بتائیں جہاں آپ کبھی کبھی رہتے ہیں"),
    6: Words("Tell a journey in Pakistan before it begins", "پاکستان کے اندر سفر سے پہلے بتائیں"),
    7: Words("Tell a journey abroad before it begins", "بیرونِ ملک سفر سے پہلے بتائیں"),
    8: Words("Tell that you are back from your journey", "سفر سے واپسی پر بتائیں"),
    9: Words(
        "Come to your police station to be verified, with a new photo",
        "تصدیق کے لیے نئی تصویر کے ساتھ اپنے تھانے آئیں",
    ),
    10: Words(
        "Tell where you stay, while you have no fixed home", "جب تک مستقل گھر نہ ہو، بتائیں کہ آپ کہاں ٹھہرے ہیں"
    ),
    11: Words(
        "Tell whether the change that you had announced has happened",
        "جو تبدیلی آپ نے بتائی تھی، بتائیں کہ ہوئی یا نہیں",
    ),
}
"""Number of a kind of duty, and what the person is told of it."""
_OVERDUE: Final = 4
_OPEN: Final = frozenset({1, _OVERDUE})
_STANDING: Final = 7
_OFFICIAL: Final = 1
_URDU_LETTER: Final = re.compile(r"[\u0600-\u06ff]")


@click.command("print")
@click.argument("registration_id", type=record_id)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.pdf")
@common
def print_duties(session: Session, registration_id: str, file: Path) -> None:
    """Print the duties of one person on a page to hand over to him: his name, what he must do, and by when.

    The page names no offence and no number, and neither the register nor an office. It is a new file that only you can
    read: delete it when it is printed. Needs the extra nsor[print].
    """
    from nsor import extras  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.printing import pdf  # noqa: PLC0415 - as above
    from nsor.printing.sheet import KARACHI, Sheet  # noqa: PLC0415 - as above
    from nsor.v1 import duties_pb2, registration_pb2  # noqa: PLC0415 - as above

    extras.need("print", "typst", "pikepdf", "fontTools", "fontpkg_amiri")
    if file.exists() or file.is_symlink():
        # Before anything is asked: each answer is recorded, and counts.
        raise WrongUse("There is a file already: {}. Name another one.", file)
    with session.client(officer=True) as client:
        duties = client.notification.get_duty(duties_pb2.GetDutyRequest(registration_id=registration_id)).message.duties
        asked = registration_pb2.GetRegistrationRequest(registration_id=registration_id)
        person = client.registration.get_registration(asked).message.registration.person
        name, urdu_name = _names(person.names)
        now = dt.datetime.now(KARACHI)
        page = pdf.page(Sheet(name, urdu_name, list(_owed(duties, now)), now.date()))
        pdf.write(file, page)
        screen.echo(CONFIDENTIAL[session.language], err=True, fg="yellow")
        session.say("Written: {}. Hand the page over, and delete the file.", file)


def _owed(duties: Iterable[duties_pb2.Duty], now: dt.datetime) -> Iterator[Owed]:
    """What is to be met: with a date soonest first as the register gives it, then what has none and isn't said yet."""
    from nsor.printing.sheet import Owed  # noqa: PLC0415 - as above

    said = set()
    for duty in duties:
        if duty.state in _OPEN:
            said.add(duty.kind)
            due = dt.datetime.fromtimestamp(duty.deadline.due_time.seconds, dt.UTC)
            yield Owed(TOLD[duty.kind], due, overdue=duty.state == _OVERDUE or due < now)
        elif duty.state == _STANDING and duty.kind not in said:
            yield Owed(TOLD[duty.kind], None)


def _names(names: Iterable[types_pb2.PersonName]) -> tuple[str, str]:
    """The newest official name in Latin letters and in Urdu; one for both where there is no other."""
    official = [each.name for each in names if each.kind == _OFFICIAL]
    in_urdu = [each for each in official if _URDU_LETTER.search(each)]
    in_latin = [each for each in official if not _URDU_LETTER.search(each)]
    return (in_latin or official or [""])[-1], (in_urdu or official or [""])[-1]
