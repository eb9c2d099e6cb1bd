# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What can go wrong with a call, in classes that a program can switch on and words that an officer can act on.

No error here carries a value of a request or of an answer: a field's path and the rule it broke, no more.
gRPC is not imported here, so that the command line can say what is wrong with its settings without loading it.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass

from nsor.advice import NEXT_STEPS, UNREACHABLE_STEPS, Words
from nsor.causes import Cause
from nsor.counting import counted


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """A field that broke a rule.

    Attributes:
        field: path of the field, such as ``person.names[0].name``.
        reason: name of the rule, a value of nsor.v1.FieldReason without its prefix.
        description: the rule in words, in English and in Urdu, never the value.
        form: what may stand there, with an example, in both languages; None where the description says it all.
    """

    field: str
    reason: str
    description: Words
    form: Words | None = None


class NsorError(Exception):
    """Whatever this library raises.

    Attributes:
        reason: stable name of what went wrong; for a refusal a value of nsor.v1.ErrorReason without its prefix.
        message: what went wrong, in English and in Urdu.
        next_step: what to do now, in English and in Urdu; empty when nothing can be done.
        violations: fields that broke a rule.
        more_violations: how many more did, beyond those listed.
        access_id: id of the access in the ledger, or empty.
        trace_id: W3C trace id of the call, 32 hexadecimal digits, or empty.
        request_id: the request's id: repeat an unknown outcome under the same one; or empty.
        code: gRPC status code's name, such as ``PERMISSION_DENIED``, or empty.
        retry_after_seconds: how long the server asks to wait, or 0.
    """

    def __init__(
        self,
        reason: str,
        message: Words,
        *,
        next_step: Words | None = None,
        violations: tuple[FieldViolation, ...] = (),
        code: str = "",
        retry_after_seconds: float = 0.0,
        more_violations: int = 0,
    ) -> None:
        super().__init__(message.en)
        self.reason = reason
        self.message = message
        self.next_step = next_step or NEXT_STEPS.get(reason, Words("", ""))
        self.violations = violations
        self.more_violations = more_violations
        self.code = code
        self.retry_after_seconds = retry_after_seconds
        self.access_id = ""
        self.trace_id = ""
        self.request_id = ""


class SettingsWrong(NsorError):
    """The client isn't set up: a file or a setting is missing or wrong."""

    def __init__(self, message: Words, next_step: Words) -> None:
        super().__init__("SETTINGS_WRONG", message, next_step=next_step)


class Refused(NsorError):
    """The register answered, and said no."""


class Unreachable(NsorError):
    """No answer: the register couldn't be reached, or the answer was lost. The outcome of a change is unknown.

    Attributes:
        target: host and port that were called, or empty.
        cause: why no answer came, as far as this side can know; or None.
    """

    def __init__(self, code: str, *, target: str = "", cause: Cause | None = None) -> None:
        where_en, where_ur = (f" at {target}", f" ({target})") if target else ("", "")
        why = Words(f": {cause.words.en}", f": {cause.words.ur}") if cause else Words("", "")
        step = cause.next_step if cause else UNREACHABLE_STEPS.get(code)
        message = Words(
            f"The register{where_en} gave no answer{why.en}.", f"رجسٹر{where_ur} سے کوئی جواب نہیں ملا{why.ur}۔"
        )
        super().__init__("UNREACHABLE", message, next_step=step, code=code)
        self.target = target
        self.cause = cause


class ProofFailed(NsorError):
    """The register couldn't prove that it recorded the access as it happened. Trust nothing of the answer."""


class ReceiptNotKept(NsorError):
    """The register answered, and the proof of that can't be kept: the answer isn't given out. A change may be made."""

    def __init__(self, folder: str, error: OSError) -> None:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        why = (
            Words("the disk is full", "ڈسک بھر چکی ہے")
            if full
            else Words(*[error.strerror or type(error).__name__] * 2)
        )
        message = Words(
            f"What proves the register's answers can't be kept in {folder}: {why.en}.",
            f"رجسٹر کے جوابات کا ثبوت {folder} میں محفوظ نہیں ہو سکا: {why.ur}۔",
        )
        super().__init__("RECEIPT_NOT_KEPT", message)


class ReceiptMissing(ProofFailed):
    """An answer or a refusal came without its receipt."""

    def __init__(self) -> None:
        message = Words("The answer came without its receipt.", "جواب کے ساتھ اس کی رسید نہیں آئی۔")
        super().__init__("RECEIPT_MISSING", message)


class ReceiptWrong(ProofFailed):
    """The receipt isn't of this call, or its signature doesn't hold.

    Attributes:
        what: which part is wrong, such as ``call_hash``.
    """

    def __init__(self, what: str) -> None:
        message = Words(
            f"The receipt is not of this call: {what} is wrong.", f"رسید اس کارروائی کی نہیں: {what} غلط ہے۔"
        )
        super().__init__("RECEIPT_WRONG", message)
        self.what = what


class EpochNotCosigned(ProofFailed):
    """The ledger goes on under a new origin, and a witness that this client knows hasn't co-signed how."""

    def __init__(self) -> None:
        message = Words(
            "The ledger goes on under a new origin that a witness hasn't co-signed.",
            "لیجر ایک نئے نام سے جاری ہے جس کی تصدیق کنندہ نے تصدیق نہیں کی۔",
        )
        super().__init__("EPOCH_NOT_COSIGNED", message)


class LeafMissing(ProofFailed):
    """A leaf that this client holds is not in the ledger any more.

    Attributes:
        index: the index that its receipt gave.
    """

    def __init__(self, index: int) -> None:
        message = Words(
            f"Entry {index} of the ledger is not the one that was shown with its answer.",
            f"لیجر کا اندراج {index} وہ نہیں جو جواب کے ساتھ دکھایا گیا تھا۔",
        )
        super().__init__("LEAF_MISSING", message)
        self.index = index


class EntryTooLate(ProofFailed):
    """An entry says a later time than that at which a witness co-signed a tree with it.

    Attributes:
        index: of the entry.
    """

    def __init__(self, index: int) -> None:
        message = Words(
            f"Entry {index} says a later time than a witness's co-signature of the ledger with it.",
            f"اندراج {index} کا وقت تصدیق کنندہ کے اس دستخط کے بعد کا ہے جو اس اندراج والے لیجر پر ہے۔",
        )
        super().__init__("ENTRY_TOO_LATE", message)
        self.index = index


class EntryLost(NsorError):
    """An entry was lost, and the register has owned up to that by a new epoch: nothing proves it any more.

    Attributes:
        index: the index that its receipt gave.
    """

    def __init__(self, index: int) -> None:
        message = Words(
            f"Entry {index} is one of those that the register has lost, as it has owned up to.",
            f"اندراج {index} ان میں سے ہے جو رجسٹر سے ضائع ہوئے؛ رجسٹر نے یہ تسلیم کیا ہے۔",
        )
        super().__init__("ENTRY_LOST", message)
        self.index = index


class LedgerForked(ProofFailed):
    """The register has signed two ledgers that contradict each other.

    Attributes:
        first_size: size of the checkpoint that was seen first.
        second_size: size of the one that contradicts it.
    """

    def __init__(self, first_size: int, second_size: int) -> None:
        message = Words(
            f"The ledger of {counted(second_size, 'entries')} does not continue the one of {first_size} that was shown "
            "before.",
            f"{second_size} اندراجات کا لیجر پہلے دکھائے گئے {first_size} اندراجات کے لیجر کا تسلسل نہیں۔",
        )
        super().__init__("LEDGER_FORKED", message)
        self.first_size = first_size
        self.second_size = second_size


class LedgerRolledBack(ProofFailed):
    """The newest ledger is shorter than one that was shown before: entries are gone.

    Attributes:
        kept_size: the size that was shown before.
        newest_size: the size that is shown now.
    """

    def __init__(self, kept_size: int, newest_size: int) -> None:
        message = Words(
            f"The ledger has {counted(newest_size, 'entries')}; it had {kept_size} before.",
            f"لیجر میں {newest_size} اندراجات ہیں؛ پہلے {kept_size} تھے۔",
        )
        super().__init__("LEDGER_ROLLED_BACK", message)
        self.kept_size = kept_size
        self.newest_size = newest_size
