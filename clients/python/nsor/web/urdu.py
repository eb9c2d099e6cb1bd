# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What both consoles say, in Urdu."""

from __future__ import annotations

from typing import Final

PURPOSES: Final = {
    "REGISTRATION": "رجسٹریشن",
    "NOTIFICATION": "اطلاع دہی",
    "INVESTIGATION": "تفتیش",
    "PROSECUTION": "استغاثہ",
    "TRIAL": "مقدمے کی سماعت",
    "CUSTODY": "حراست",
    "BORDER_CONTROL": "سرحدی نگرانی",
    "REGISTER_OPERATION": "رجسٹر کا انتظام",
    "ACCESS_DECISION": "رسائی کا فیصلہ",
    "OVERSIGHT": "نگرانی",
    "SELF_REVIEW": "اپنی رسائیوں کا جائزہ",
    "DIRECTORY": "اداروں کی فہرست",
    "IDENTITY_CHECK": "شناخت کی جانچ",
    "EMERGENCY": "ہنگامی صورت",
}
"""Purposes of the contract, without what all their names share."""
SHARED: Final = {
    "Skip to the content": "مواد پر جائیں",
    "Pages": "صفحات",
    "No such page": "ایسا کوئی صفحہ نہیں",
    "There is no page under this address.": "اس پتے پر کوئی صفحہ نہیں۔",
    "To the first page": "پہلے صفحے پر جائیں",
    "Show": "دکھائیں",
    "Answered": "جواب دیا گیا",
    "Refused": "مسترد کیا گیا",
    "Failed": "ناکام",
    "Agency": "ادارہ",
    "Method": "کارروائی",
    "Purpose": "مقصد",
    "Outcome": "نتیجہ",
    "Time": "وقت",
    "All": "سب",
}
