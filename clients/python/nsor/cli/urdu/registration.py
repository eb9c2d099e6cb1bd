# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""Of imports, custody, the counter, transfers and worklists."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, str]] = {
    # An import.
    "all: {}": "سب: {}",
    "a file gets a list of all": "فائل دینے پر سب کی فہرست بنتی ہے",
    # Of custody.
    "Entered by mistake? `nsor custody take-back {} --what {}`": (
        "غلطی سے درج ہوا؟ `nsor custody take-back {} --what {}`"
    ),
    "He is admitted already: {} is in charge, and nobody is to admit him.": (
        "وہ پہلے سے داخل ہے: {} ذمہ دار ہے، اور کسی کو اسے داخل نہیں کرنا۔"
    ),
    "He is sent to {} already, which hasn't admitted him yet.": (
        "وہ پہلے ہی {} بھیجا جا چکا ہے، جس نے اسے ابھی داخل نہیں کیا۔"
    ),
    "Nothing was recorded.": "کچھ درج نہیں کیا گیا۔",
    "Record this of him?": "کیا یہ اس کے بارے میں درج کیا جائے؟",
    "Recorded already: nothing was changed": "پہلے سے درج ہے: کچھ نہیں بدلا گیا",
    "Refuse him for your station?": "کیا آپ اسے اپنے تھانے کے لیے مسترد کرتے ہیں؟",
    "Responsible from his release on: {}; until then whoever is now.": (
        "اس کی رہائی کے بعد ذمہ دار: {}؛ تب تک وہی جو اب ذمہ دار ہے۔"
    ),
    "Responsible now: {}.": "اب ذمہ دار: {}۔",
    "The department admits him: `nsor custody admitted {}`": "محکمہ اسے داخل کرے: `nsor custody admitted {}`",
    "The other department admits him: `nsor custody admitted {}`": (
        "دوسرا محکمہ اسے داخل کرے: `nsor custody admitted {}`"
    ),
    "The police of that address accept him: `nsor custody accept {}`": (
        "اس پتے کی پولیس اسے قبول کرے: `nsor custody accept {}`"
    ),
    "The register says so already: {}.": "رجسٹر میں یہ پہلے سے درج ہے: {}۔",
    "The responsible police and NPB are told: no address is known.": (
        "ذمہ دار پولیس اور این پی بی کو بتا دیا گیا: کوئی پتہ معلوم نہیں۔"
    ),
    "Whose custody it is": "یہ حراست کس کی ہے",
    # Of the counter.
    "If he has moved to you, take an arrival notice: `nsor arrival enter --help`.": (
        "اگر وہ آپ کے ہاں منتقل ہوا ہے تو آمد کی اطلاع لیں: `nsor arrival enter --help`۔"
    ),
    "Sign that he has moved to your place?": "کیا دستخط کریں کہ وہ آپ کے علاقے میں منتقل ہوا ہے؟",
    "Correct: nothing was taken": "درست: کچھ نہیں لیا گیا",
    "Taken": "لے لی گئی",
    "If he is registered elsewhere, `nsor transfers` lists him at the next fixed time.": (
        "اگر وہ کہیں اور درج ہے تو اگلے مقررہ وقت پر `nsor transfers` اسے دکھائے گا۔"
    ),
    "Arrival notices": "آمد کی اطلاعات",
    "Arrival notice": "آمد کی اطلاع",
    "taken": "لی گئی",
    "moved": "منتقلی",
    "home": "گھر",
    "number": "نمبر",
    "arrival": "آمد",
    "{} shown: all of your stations whose number is still looked for, or the newest 100.": (
        "{} دکھائی گئیں: آپ کے تھانوں کی سب جن کا نمبر ابھی تلاش کیا جاتا ہے، یا تازہ ترین 100۔"
    ),
    "No record at your stations": "آپ کے تھانوں میں کوئی ریکارڈ نہیں",
    "Next he owes: {} (by {}).": "اب اس کے ذمے ہے: {} ({} تک)۔",
    "What he tells: `nsor notice enter --template`, for {}": "جو وہ بتائے: `nsor notice enter --template`، برائے {}",
    "All that he owes: `nsor duties --of {}`": "جو سب اس کے ذمے ہے: `nsor duties --of {}`",
    "Who he is: `nsor show {}`": "وہ کون ہے: `nsor show {}`",
    # Of transfers.
    "{:,} open: all that there is.": "{:,} زیر التوا: سب دکھا دیے گئے۔",
    "{:,} shown, the oldest of each side; there are more: `nsor transfers --all`.": (
        "{:,} دکھائے گئے، ہر طرف کے سب سے پرانے؛ مزید بھی ہیں: `nsor transfers --all`۔"
    ),
    "Leave the old station responsible?": "کیا پرانے تھانے کو ذمہ دار رہنے دیا جائے؟",
    "Make the new station responsible?": "کیا نئے تھانے کو ذمہ دار بنایا جائے؟",
    "Make the new station responsible: `{}`": "نئے تھانے کو ذمہ دار بنائیں: `{}`",
    "No open transfers.": "کوئی منتقلی زیر التوا نہیں۔",
    "Or leave the old one so: `nsor transfers leave {}`": "یا پرانے کو ذمہ دار رہنے دیں: `nsor transfers leave {}`",
    "Or say why not: `nsor transfers refuse {} --reason other-station`": (
        "یا بتائیں کہ کیوں نہیں: `nsor transfers refuse {} --reason other-station`"
    ),
    "Take him on for your station?": "کیا آپ اپنے تھانے کے لیے اس کی ذمہ داری لیتے ہیں؟",
    "It was decided so before: nothing is left to do.": "پہلے ہی یہ فیصلہ ہو چکا: کچھ کرنا باقی نہیں۔",
    "Compare this with his card: once you have accepted him, you see the whole record.": (
        "اس کا اس کے کارڈ سے موازنہ کریں: قبول کرنے کے بعد آپ پورا ریکارڈ دیکھیں گے۔"
    ),
    "Take him on: `{}`": "ذمہ داری لیں: `{}`",
    "The first one: `nsor transfers 1`, or `{}`.": "پہلا: `nsor transfers 1` یا `{}`۔",
    "Transfer": "منتقلی",
    "Transfers": "منتقلیاں",
    "You are responsible until the new station or NPB decides: `{}`": (
        "نئے تھانے یا این پی بی کے فیصلے تک ذمہ داری آپ کی ہے: `{}`"
    ),
    # Of worklists.
    "NADRA says what is wrong above. Correct it: `nsor amend {}`": (
        "نادرا نے اوپر بتایا ہے کہ کیا غلط ہے۔ درست کریں: `nsor amend {}`"
    ),
    "Remind whom it is to do by: the station of the address, or the prison in charge.": (
        "جس کا کام ہے اسے یاد دلائیں: پتے کا تھانہ، یا ذمہ دار جیل۔"
    ),
    "For a second officer": "دوسرے افسر کے لیے",
    "Ended without a second officer": "دوسرے افسر کی تصدیق کے بغیر ختم",
    "{:,} shown: all that there is.": "{:,} دکھائی گئیں: بس یہی ہیں۔",
    "Nothing else to do.": "اور کوئی کام باقی نہیں۔",
    "There are more for a second officer: confirm these first.": (
        "دوسرے افسر کے لیے اور بھی ہیں: پہلے ان کی تصدیق کریں۔"
    ),
    "When you have the number of a document: `nsor amend {}`": "جب دستاویز کا نمبر مل جائے: `nsor amend {}`",
}
