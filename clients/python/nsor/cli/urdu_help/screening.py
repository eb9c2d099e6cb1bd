# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What `--help` says in Urdu. Of manifests at the border."""

from __future__ import annotations

from typing import Final

COMMANDS: Final[dict[str, str]] = {
    "Screen the passengers of a flight or crossing (FIA Immigration).": (
        "پرواز یا گزر کے مسافروں کی جانچ (ایف آئی اے امیگریشن)۔"
    ),
    "Screen the passengers of a flight or crossing: a table (.csv), or one in JSON per line; - is stdin.": (
        "پرواز یا گزر کے مسافروں کی جانچ: جدول (.csv)، یا ہر سطر میں ایک JSON؛ - معیاری ان پٹ ہے۔"
    ),
}
"""The sentence of each command."""

OPTIONS: Final[dict[str, str]] = {
    "Where they cross, such as LAHORE_AIRPORT or WAGAH.": "کہاں سے گزرتے ہیں، جیسے LAHORE_AIRPORT یا WAGAH۔",
    "Which way.": "کس سمت۔",
    "The airline's two characters; without it a crossing by land.": "ایئرلائن کے دو حروف؛ اس کے بغیر زمینی گزر۔",
    "Of the flight; at a crossing by land of the bus or group.": "پرواز کا نمبر؛ زمینی گزر پر بس یا گروہ کا۔",
    "When they cross, in Pakistan: 20.02.2026 09:30.": "کب گزرتے ہیں، پاکستان کے وقت میں: 20.02.2026 09:30۔",
    "How many there are at most. [default: rows of the file]": "زیادہ سے زیادہ کتنے۔ [بصورتِ دیگر: فائل کی سطریں]",
    "Go on with one that was declared.": "جس کا اعلان ہو چکا اسی پر جاری رکھیں۔",
    "Table of results. [default: beside the file]": "نتائج کا جدول۔ [بصورتِ دیگر: فائل کے ساتھ]",
    "Print what proves how a row was answered.": "سطر کے جواب کا ثبوت لکھ دیں۔",
    "Check a proof that somebody shows; - is stdin. Nobody is asked.": (
        "کسی کے پیش کردہ ثبوت کی جانچ؛ - معیاری ان پٹ ہے۔ کسی سے پوچھا نہیں جاتا۔"
    ),
}
"""The sentence of each option."""
