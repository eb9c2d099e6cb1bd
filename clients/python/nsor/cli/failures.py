"""Failures as people and programs read them: one language, one support code, the next step. On stderr."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nsor.cli import screen

if TYPE_CHECKING:
    from nsor.advice import Words
    from nsor.errors import NsorError

LANGUAGES = ("en", "ur")
LANGUAGE_VARIABLE = "NSOR_LANG"


def language_of(given: str | None) -> str:
    """The language of people's messages: an option, then NSOR_LANG, then English; ur_PK is ur."""
    wanted = (given or os.environ.get(LANGUAGE_VARIABLE, "")).lower()[:2]
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


def support_code(error: NsorError) -> str:
    """What to name when asking the register's operator: the last eight digits of the access id, or of the trace id.

    They are random, so that they find one entry among many; an access id begins with its time. The operator's commands
    take them.
    """
    digits = (error.access_id or error.trace_id).replace("-", "")[-8:]
    return f"{digits[:4]}-{digits[4:]}" if len(digits) == 8 else ""


_LABELS = {
    "en": {"next": "What to do", "more": "and {} more", "code": "support code", "repeat": "to repeat it: request id"},
    "ur": {"next": "کیا کریں", "more": "اور {} مزید", "code": "سپورٹ کوڈ", "repeat": "دہرانے کے لیے درخواست نمبر"},
}


@dataclass(frozen=True, slots=True)
class Failures:
    """Shows failures on stderr.

    Attributes:
        as_json: one JSON object instead of text.
        language: of the text, one of LANGUAGES.
        verbose: with the whole ids of access, request and trace.
        program: whose failures they are.
    """

    as_json: bool
    language: str = "en"
    verbose: bool = False
    program: str = "nsor"

    @classmethod
    def of(cls, arguments: Sequence[str], program: str = "nsor") -> Failures:
        """As the arguments ask, read before click has understood them: wrong use is a failure too."""
        given = [
            value.partition("=")[2] or following
            for value, following in zip(arguments, [*arguments[1:], ""], strict=True)
            if value == "--lang" or value.startswith("--lang=")
        ]
        verbose = "-v" in arguments or "--verbose" in arguments
        language = language_of(given[-1] if given else None)
        return cls(as_json="--json" in arguments, language=language, verbose=verbose, program=program)

    def line(self, english: str, urdu: str = "", *, reason: str, next_step: str = "") -> None:
        """A failure that has only words; programs get it in the form of any other."""
        if self.as_json:
            from nsor.advice import Words  # noqa: PLC0415 - loaded late, so that help is quick
            from nsor.errors import NsorError  # noqa: PLC0415 - as above

            self.error(NsorError(reason, Words(english, urdu), next_step=Words(next_step, "")))
        else:
            screen.echo(f"{self.program}: {(urdu if self.language == 'ur' else '') or english}", err=True, fg="red")

    def error(self, error: NsorError) -> None:
        """A failure with its reason and what to do next."""
        if self.as_json:
            screen.echo_json({"error": as_dict(error)}, err=True)
            return
        from nsor.errors import ReceiptNotKept, Refused, Unreachable  # noqa: PLC0415 - loaded late, so that help is quick

        labels = _LABELS[self.language]
        self._write(f"{self.program}: {self._text(error.message)} [{error.reason}]", fg="red", bold=True)
        for violation in error.violations:
            where = f"{violation.field}: " if violation.field else ""
            self._write(f"  {where}{self._text(violation.form or violation.description)}")
        if error.more_violations:
            self._write(f"  {labels['more'].format(error.more_violations)}")
        # The register's own texts say what to do; ours is added where a command of this program helps.
        said = isinstance(error, Refused) and error.message.ur and "`" not in error.next_step.en
        if error.next_step.en and not said:
            self._write(f"  {labels['next']}: {self._text(error.next_step)}", fg="yellow")
        if isinstance(error, Unreachable | ReceiptNotKept) and error.request_id and not self.verbose:
            self._write(f"  {labels['repeat']} {error.request_id}", dim=True)
        if code := self._support_code(error):
            self._write(f"  {labels['code']} {code}", dim=True)
        ids = (("access", error.access_id), ("request", error.request_id), ("trace", error.trace_id))
        for name, value in ids if self.verbose else ():
            if value:
                self._write(f"  {name} {value}", dim=True)

    @staticmethod
    def _support_code(error: NsorError) -> str:
        """None where the register was not reached: the operator would look for it in vain."""
        return "" if error.code == "UNAVAILABLE" and not error.access_id else support_code(error)

    def _text(self, words: Words) -> str:
        return (words.ur if self.language == "ur" else "") or words.en

    def _write(self, text: str, **style: Any) -> None:
        """A line of a failure, folded at words on a screen."""
        width = screen.console(stderr=True).width
        indent = " " * (len(text) - len(text.lstrip()))
        screen.echo(screen.folded(text.strip(), width, indent=indent, hanging=f"{indent}  "), err=True, **style)


def as_dict(error: NsorError) -> dict[str, object]:
    """A failure, for programs."""
    return {
        "reason": error.reason,
        "code": error.code,
        "message": error.message._asdict(),
        "next_step": error.next_step._asdict(),
        "violations": [
            {
                "field": violation.field,
                "reason": violation.reason,
                "description": violation.description._asdict(),
                "form": violation.form._asdict() if violation.form else None,
            }
            for violation in error.violations
        ],
        "more_violations": error.more_violations,
        "support_code": support_code(error),
        "access_id": error.access_id,
        "request_id": error.request_id,
        "trace_id": error.trace_id,
    }
