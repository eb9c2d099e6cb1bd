# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""Why no answer came, from gRPC's own words: fixed texts only, since its words may repeat what a stranger sent."""

from __future__ import annotations

import re
from typing import NamedTuple

from nsor.advice import UNREACHABLE_STEPS, Words


class Cause(NamedTuple):
    """Why no answer came, and what to do about it."""

    words: Words
    next_step: Words


_ADDRESS = Words("Check the address, and that the register runs.", "پتا دیکھیں، اور یہ کہ رجسٹر چل رہا ہے۔")
_NETWORK = Words("Check the address and the network.", "پتا اور نیٹ ورک دیکھیں۔")
_CA = Words(
    "Use the CA file that came with your certificate, and the register's own host name.",
    "وہ سی اے فائل دیں جو سرٹیفکیٹ کے ساتھ آئی تھی، اور رجسٹر کا اصل ہوسٹ نام۔",
)
_CERTIFICATE = Words(
    "Check that your certificate is valid and of the register's CA. "
    "A repeat with the same request id does not act twice.",
    "دیکھیں کہ آپ کا سرٹیفکیٹ درست اور رجسٹر کے سی اے کا ہے۔ اسی نمبر سے دہرانے پر کام دو بار نہیں ہوتا۔",
)
_AGAIN = UNREACHABLE_STEPS["DEADLINE_EXCEEDED"]

_CAUSES = (
    (
        r"connection refused",
        Cause(Words("connection refused, nothing listens there", "رابطہ رد ہوا، وہاں کوئی سروس نہیں چل رہی"), _ADDRESS),
    ),
    (
        r"domain name|dns|name or service|resolve|resolution|no address",
        Cause(Words("the host's name is not known", "ہوسٹ کا نام معلوم نہیں"), _NETWORK),
    ),
    (
        r"no route to host|network is unreachable",
        Cause(Words("the network has no way there", "نیٹ ورک سے وہاں تک راستہ نہیں"), _NETWORK),
    ),
    (
        r"certificate_verify_failed|certificate verify failed|hostname|peer name",
        Cause(
            Words(
                "its certificate is not of the CA in the settings, or not of this host",
                "اس کا سرٹیفکیٹ سیٹنگز کے سی اے کا نہیں، یا اس ہوسٹ کا نہیں",
            ),
            _CA,
        ),
    ),
    (
        r"wrong_version_number|ssl|tls|handshake",
        Cause(Words("the secure handshake failed", "محفوظ رابطہ قائم نہ ہو سکا"), _ADDRESS),
    ),
    (
        r"timed out|timeout",
        Cause(Words("the host did not react in time", "ہوسٹ نے وقت پر جواب نہیں دیا"), _NETWORK),
    ),
    (
        r"socket closed|connection reset|broken pipe|goaway|eof",
        Cause(
            Words(
                "it closed the connection, as it does when it does not take a certificate, and when it stops",
                "اس نے رابطہ بند کر دیا: سرٹیفکیٹ قبول نہیں، یا سروس بند ہو رہی ہے",
            ),
            _CERTIFICATE,
        ),
    ),
)
_BY_CODE = {
    "DEADLINE_EXCEEDED": Cause(Words("the time for the call was over", "کارروائی کا وقت ختم ہو گیا"), _AGAIN),
    "CANCELLED": Cause(Words("the call was stopped", "کارروائی روک دی گئی"), _AGAIN),
    "RESOURCE_EXHAUSTED": Cause(
        Words("the answer or the request was too large", "درخواست یا جواب بہت بڑا تھا"),
        UNREACHABLE_STEPS["RESOURCE_EXHAUSTED"],
    ),
}


def of(details: str, code: str) -> Cause | None:
    """The cause behind gRPC's text and status code; None when neither says it."""
    for pattern, cause in _CAUSES:
        if re.search(pattern, details, re.IGNORECASE):
            return cause
    return _BY_CODE.get(code)
