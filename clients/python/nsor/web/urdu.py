"""What both consoles say, in Urdu."""

from __future__ import annotations

from typing import Final

SHARED: Final = {
    "Skip to the content": "مواد پر جائیں",
    "Pages": "صفحات",
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
