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
    "Alike by names and day of birth, not by a document: an officer must check who it is": (
        "نام اور تاریخِ پیدائش ملتے ہیں، دستاویز نہیں: افسر جانچے کہ کون ہے"
    ),
    "{:,} alike by names": "{:,} کے نام ملتے ہیں",
    "Names of {:,} passengers were not compared: the budget for it is used up.": (
        "{:,} مسافروں کے نام نہیں ملائے گئے: اس کی حد ختم ہو چکی ہے۔"
    ),
    "Names of {:,} passengers were not compared: the register was not ready. Run the file again.": (
        "{:,} مسافروں کے نام نہیں ملائے گئے: رجسٹر تیار نہ تھا۔ فائل دوبارہ چلائیں۔"
    ),
    "Names of {:,} passengers were not compared: most people have such names.": (
        "{:,} مسافروں کے نام نہیں ملائے گئے: ایسے نام اکثر لوگوں کے ہوتے ہیں۔"
    ),
    "{:,} no record": "{:,} کا کوئی ریکارڈ نہیں",
    "{:,} screened before": "{:,} کی جانچ پہلے ہو چکی",
    "All rows: {}.": "تمام سطریں: {}۔",
    "Correct those rows in the file and run it again; the others are not screened twice.": (
        "فائل میں وہ سطریں درست کر کے دوبارہ چلائیں؛ باقی کی جانچ دو بار نہیں ہوتی۔"
    ),
    "The line has broken; going on where it was.": "رابطہ ٹوٹ گیا؛ وہیں سے جاری ہے۔",
    "The proof does not hold: {}.": "ثبوت درست نہیں: {}۔",
    "The register has answered so": "رجسٹر کا جواب یہ تھا",
}
