"""Why no answer came, from gRPC's own words: fixed texts only, since its words may repeat what a stranger sent."""

from __future__ import annotations

import re
from typing import NamedTuple

from nsor.advice import Words


class Cause(NamedTuple):
    """One cause and how gRPC speaks of it."""

    pattern: re.Pattern[str]
    words: Words


_CAUSES = (
    Cause(
        re.compile(r"connection refused", re.IGNORECASE),
        Words("connection refused, nothing listens there", "رابطہ رد ہوا، وہاں کوئی سروس نہیں چل رہی"),
    ),
    Cause(
        re.compile(r"(domain name|dns|name or service|resolve|resolution|no address)", re.IGNORECASE),
        Words("the host's name is not known", "ہوسٹ کا نام معلوم نہیں"),
    ),
    Cause(
        re.compile(r"(no route to host|network is unreachable)", re.IGNORECASE),
        Words("the network has no way there", "نیٹ ورک سے وہاں تک راستہ نہیں"),
    ),
    Cause(
        re.compile(r"(certificate_verify_failed|certificate verify failed|hostname|peer name)", re.IGNORECASE),
        Words(
            "its certificate is not of the CA in the settings, or not of this host",
            "اس کا سرٹیفکیٹ ترتیبات کے سی اے کا نہیں، یا اس ہوسٹ کا نہیں",
        ),
    ),
    Cause(
        re.compile(r"(wrong_version_number|ssl|tls|handshake)", re.IGNORECASE),
        Words("the secure handshake failed", "محفوظ رابطہ قائم نہ ہو سکا"),
    ),
    Cause(
        re.compile(r"(timed out|timeout|failed to connect.*deadline)", re.IGNORECASE),
        Words("the host did not react in time", "ہوسٹ نے وقت پر جواب نہیں دیا"),
    ),
    Cause(
        re.compile(r"(socket closed|connection reset|broken pipe|goaway|eof)", re.IGNORECASE),
        Words(
            "it closed the connection; it does so when it takes no certificate of ours, and when it stops",
            "اس نے رابطہ بند کر دیا: ہمارا سرٹیفکیٹ قبول نہیں، یا سروس بند ہو رہی ہے",
        ),
    ),
)
_BY_CODE = {
    "DEADLINE_EXCEEDED": Words("the time for the call was over", "کارروائی کا وقت ختم ہو گیا"),
    "CANCELLED": Words("the call was stopped", "کارروائی روک دی گئی"),
    "RESOURCE_EXHAUSTED": Words("the answer or the request was too large", "درخواست یا جواب بہت بڑا تھا"),
}


def of(details: str, code: str) -> Words | None:
    """The cause behind gRPC's text and status code; None when neither says it."""
    for cause in _CAUSES:
        if cause.pattern.search(details):
            return cause.words
    return _BY_CODE.get(code)
