# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""Of manifests."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, str]] = {
    # Manifests.
    "Manifest {}: {} persons, until {}.": "فہرست {}: {} افراد، {} تک۔",
    "Screening": "جانچ",
    "Line {}: {}": "سطر {}: {}",
    "An officer must check": "افسر خود جانچے",
    "{:,} to be checked": "{:,} کی جانچ افسر کرے",
    "{:,} no record": "{:,} کا کوئی ریکارڈ نہیں",
    "{:,} screened before": "{:,} کی جانچ پہلے ہو چکی",
    "All rows: {}.": "تمام سطریں: {}۔",
    "Correct those rows in the file and run it again; the others are not screened twice.": (
        "فائل میں وہ سطریں درست کر کے دوبارہ چلائیں؛ باقی کی جانچ دو بار نہیں ہوتی۔"
    ),
    "The line has broken; going on where it was.": "رابطہ ٹوٹ گیا؛ وہیں سے جاری ہے۔",
    "What proves the row": "سطر کا ثبوت",
}
