# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""Of access requests, look-ups, emergencies, recalls, and an agency's own accesses."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, str]] = {
    # Recalls.
    "Recalls": "غلط ثابت ہونے کی اطلاعات",
    "recalls": "غلط ثابت ہونے کی اطلاعات",
    "accesses": "رسائیاں",
    "Recall acknowledged": "اطلاع کی رسید دی گئی",
    "No longer: strike out what was shown. Changed: something of it is wrong. Restored: it stands again.": (
        "No longer: جو دکھایا گیا اسے کاٹ دیں۔ Changed: اس میں کچھ غلط ہے۔ Restored: وہ پھر درست ہے۔"
    ),
    "Where there are several accesses, each of them: `nsor recalls show {}`": (
        "جہاں کئی رسائیاں ہوں، ان میں سے ہر ایک: `nsor recalls show {}`"
    ),
    "Find the access in your own file and put it right. Then: `nsor recalls acknowledge {} --did file-corrected`": (
        "اپنی فائل میں یہ رسائی ڈھونڈ کر اسے درست کریں۔ پھر: `nsor recalls acknowledge {} --did file-corrected`"
    ),
    # Watched numbers.
    "Watched numbers": "زیرِ نگرانی نمبر",
    "watched numbers": "زیرِ نگرانی نمبر",
    "The number to be watched": "جس نمبر کی نگرانی ہو",
    "Entered": "درج ہوا",
    "Ended": "ختم ہوا",
    "It isn't watched yet. Next, another officer of NPB: `nsor watched enter --kind {} --second {}`": (
        "ابھی اس کی نگرانی نہیں ہوتی۔ آگے، این پی بی کا دوسرا افسر: `nsor watched enter --kind {} --second {}`"
    ),
    "The two entries differ: it isn't watched. The first officer begins again.": (
        "دونوں اندراج مختلف ہیں: نگرانی نہیں ہوتی۔ پہلا افسر دوبارہ شروع کرے۔"
    ),
    "Have this number watched no more?": "کیا اس نمبر کی نگرانی ختم کی جائے؟",
    "It is watched until another officer of NPB ends it too: `nsor watched end {}`": (
        "جب تک این پی بی کا دوسرا افسر بھی اسے ختم نہ کرے، نگرانی جاری ہے: `nsor watched end {}`"
    ),
    # Replays of tripwires.
    "Replay": "دوبارہ جانچ",
    "Replays": "دوبارہ جانچ",
    "replays": "دوبارہ جانچیں",
    "Thresholds": "حدیں",
    "Findings": "نتائج",
    "findings": "نتائج",
    "By kind and agency": "قسم اور ادارے کے لحاظ سے",
    "Approved": "منظور ہوا",
    "Another officer of NPB decides: `nsor replay approve {}`": (
        "این پی بی کا دوسرا افسر فیصلہ کرتا ہے: `nsor replay approve {}`"
    ),
    "Have this replay computed?": "کیا یہ دوبارہ جانچ کرائی جائے؟",
    "The register's operator computes it: `nsor-server tripwires replay`": (
        "رجسٹر کا منتظم اسے چلاتا ہے: `nsor-server tripwires replay`"
    ),
    "It isn't computed yet.": "یہ ابھی نہیں چلائی گئی۔",
    # A new access request, question by question.
    "Also records of who was under 18 at the offence? NPB decides of that part.": (
        "وقوعہ کے وقت 18 سال سے کم عمر والوں کے ریکارڈ بھی؟ اس حصے کا فیصلہ این پی بی کرتا ہے۔"
    ),
    "Another suspect of this FIR?": "اس ایف آئی آر کا کوئی اور مشتبہ؟",
    "Sections of the FIR, such as 376, 34": "ایف آئی آر کی دفعات، جیسے 376, 34",
    "Where the investigation stands:": "تفتیش کس مرحلے پر ہے:",
    "Candidates": "ممکنہ افراد",
    "{:,} of {:,} who fit are shown, the most alike first.": (
        "ملتے جلتے افراد میں سے {:,} دکھائے گئے، کل {:,}؛ زیادہ مشابہ پہلے۔"
    ),
    "Nobody is found by this name.": "اس نام سے کوئی نہیں ملا۔",
    "There is no way to see the others: add --years, --district or --sex.": (
        "باقی دیکھے نہیں جا سکتے: --years، --district یا --sex شامل کریں۔"
    ),
    "Look one up: `nsor lookup {} --candidate {}`": "ایک کا ریکارڈ دیکھیں: `nsor lookup {} --candidate {}`",
    "Look which one up? It uses the grant. 1 to {}, or Enter for none": (
        "کس کا ریکارڈ دیکھیں؟ اجازت نامہ استعمال ہوگا۔ 1 سے {}، یا کوئی نہیں تو Enter"
    ),
    "Name, with by-names (@, alias, urf)": "نام، عرفیت (@، عرف) کے ساتھ",
    "Name: {}. Also called: {}.": "نام: {}۔ عرف: {}۔",
    "Father's or husband's name (empty: none)": "والد یا شوہر کا نام (خالی: نہیں)",
    "Why the record is needed:": "ریکارڈ کیوں درکار ہے:",
    "Number of the certified copy of the FIR, such as FC-12/2025": "ایف آئی آر کی مصدقہ نقل کا نمبر، جیسے FC-12/2025",
    "Number of the application, such as APP-9/2025": "درخواست کا نمبر، جیسے APP-9/2025",
    "Day of the application": "درخواست کی تاریخ",
    "Where you are posted: a district or station": "آپ کی تعیناتی: ضلع یا تھانہ",
    "Your grade (BPS), such as 17": "آپ کا گریڈ (BPS)، جیسے 17",
    "FIR, such as 412/2025": "ایف آئی آر، جیسے 412/2025",
    "Police station, such as PK-PB/LHR/PS-001": "تھانہ، جیسے PK-PB/LHR/PS-001",
    "Day of the FIR, such as 05.03.2025": "ایف آئی آر کی تاریخ، جیسے 05.03.2025",
    "Suspect {}: CNIC, or a document such as AF P1234567; empty: the FIR has none": (
        "مشتبہ {}: شناختی کارڈ نمبر، یا دستاویز جیسے AF P1234567؛ خالی: ایف آئی آر میں نہیں"
    ),
    "Name as in the FIR, with by-names (@, alias, urf) and s/o, d/o or w/o": (
        "نام جیسے ایف آئی آر میں، عرفیت (@، عرف) اور ولد، بنت یا زوجہ کے ساتھ"
    ),
    "Year of birth, such as 1988": "پیدائش کا سال، جیسے 1988",
    "Number": "نمبر",
    "You asked for this FIR on {}, {}: {}. `nsor access show {}`": (
        "آپ نے اس ایف آئی آر کے لیے {} کو مانگا تھا، {}: {}۔ `nsor access show {}`"
    ),
    "A suspect of it was asked for before, for this FIR: `nsor access show {}`": (
        "اس کے ایک مشتبہ کے لیے اسی ایف آئی آر میں پہلے بھی مانگا گیا تھا: `nsor access show {}`"
    ),
    "Named without a number is suspect {}: `nsor search --grant {} --subject {}`": (
        "بغیر نمبر کے نامزد مشتبہ {}: `nsor search --grant {} --subject {}`"
    ),
    # Of a look-up.
    "If any of it turns out wrong, your agency is told: `nsor recalls`.": (
        "اس میں کچھ غلط نکلے تو آپ کے ادارے کو بتایا جائے گا: `nsor recalls`۔"
    ),
    "It says nothing of another number of his.": "یہ اس شخص کے کسی دوسرے نمبر کے بارے میں کچھ نہیں کہتا۔",
    "If he is confirmed while it counts, your agency is told and the use comes back: `nsor events`.": (
        "اس دوران وہ شخص رجسٹر میں آئے تو آپ کے ادارے کو بتایا جائے گا اور استعمال واپس ملے گا: `nsor events`۔"
    ),
    # Of accesses that aren't one's own.
    "No computer of yours has a receipt of these. Ask each officer whether it was he.": (
        "آپ کے کسی کمپیوٹر پر ان کی رسید نہیں۔ ہر افسر سے پوچھیں کہ کیا یہ اسی نے کیا۔"
    ),
    "If it was: `nsor ledger monitor --accept ENTRY`, or it is named again each time.": (
        "اگر اسی نے کیا ہو: `nsor ledger monitor --accept ENTRY`، ورنہ ہر بار پھر دکھایا جائے گا۔"
    ),
    "If it wasn't: have NPB revoke the certificate, and disable the key: `nsor officer disable`.": (
        "اگر نہیں تو این پی بی سے سرٹیفکیٹ منسوخ کروائیں اور کلید غیر فعال کریں: `nsor officer disable`۔"
    ),
    "An answer that never arrived has no receipt either, and one entry may stand for many refusals.": (
        "جو جواب پہنچا ہی نہیں اس کی بھی رسید نہیں ہوتی، اور ایک اندراج کئی انکاروں کا ہو سکتا ہے۔"
    ),
    "Each access under your agency is one of yours.": "آپ کے ادارے کے نام پر ہر رسائی آپ ہی کی ہے۔",
    "Shown to": "کن کو دکھایا گیا",
    # Of unusual accesses.
    "Unusual accesses": "غیر معمولی رسائیاں",
    "unusual accesses": "غیر معمولی رسائیاں",
    "Accesses of {}": "{} کی رسائیاں",
    "To see who it was, and for which case: `nsor ledger accesses --access-id ID`, by --accesses here.": (
        "کون تھا اور کس کیس کے لیے: `nsor ledger accesses --access-id ID`، شناخت یہاں --accesses سے۔"
    ),
    "To review the one that has waited longest: `nsor unusual review {} --finding explained`": (
        "جو سب سے پہلے ملی اس کا جائزہ: `nsor unusual review {} --finding explained`"
    ),
    # Of emergencies.
    "An emergency look-up needs no grant. NPB hears of it now, and so does whoever owns the record.": (
        "ہنگامی رسائی کے لیے اجازت نامہ درکار نہیں۔ این پی بی کو اور ریکارڈ کے ذمہ دار ادارے کو ابھی اطلاع جاتی ہے۔"
    ),
    "You may read it for 15 minutes (policy): who he is, marks by which he is known, and the last address.": (
        "آپ اسے 15 منٹ (پالیسی) تک پڑھ سکتے ہیں: وہ کون ہے، شناختی نشان، اور آخری پتا۔"
    ),
    "NPB reviews it. Until then you open no other one; once that is overdue, nobody of your agency does.": (
        "این پی بی اس کا جائزہ لیتا ہے۔ تب تک آپ دوسری نہیں کھول سکتے؛ مدت گزر جائے تو ادارے میں کوئی نہیں۔"
    ),
    "Open an emergency look-up now?": "ابھی ہنگامی رسائی کھولیں؟",
    "The one that has waited longest, with whom it was for: `nsor emergencies show {}`": (
        "جو سب سے پہلے کھولی گئی، اس شخص سمیت جس کے لیے تھی: `nsor emergencies show {}`"
    ),
    "Emergency look-up": "ہنگامی رسائی",
    "To review it: `nsor emergencies review {} --finding justified`": (
        "اس کا جائزہ لینے کے لیے: `nsor emergencies review {} --finding justified`"
    ),
    "Emergency look-up opened": "ہنگامی رسائی کھولی گئی",
    "Emergency look-ups": "ہنگامی رسائیاں",
    "emergency look-ups": "ہنگامی رسائیاں",
    "Reviewed": "جائزہ لیا گیا",
    "What harm is imminent": "کون سا خطرہ فوری ہے",
    "Which station acts, such as PK-PB/LHR/PS-001": "کون سا تھانہ کارروائی کر رہا ہے، جیسے PK-PB/LHR/PS-001",
    "To read it again within its minutes: `nsor emergency --again {}`": (
        "انہی منٹوں میں دوبارہ پڑھنے کے لیے: `nsor emergency --again {}`"
    ),
}
