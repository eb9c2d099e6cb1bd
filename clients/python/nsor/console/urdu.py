# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What the pages of `nsor console` say, in Urdu."""

from __future__ import annotations

from typing import Final

from nsor.cli.urdu import TEXTS

URDU: Final = {
    **TEXTS,  # kinds of work are named as `nsor inbox` names them
    "NSOR oversight": "این ایس او آر: نگرانی",
    "Log health": "لیجر کی حالت",
    "Accesses": "رسائیاں",
    "Agencies": "ادارے",
    "Officers and systems": "افسران اور نظام",
    "Unusual accesses": "غیر معمولی رسائیاں",
    "Open work": "باقی کام",
    # The log.
    "Entries in the ledger": "لیجر کے اندراجات",
    "Last own verification": "آپ کی آخری جانچ",
    "whole": "مکمل",
    "failed": "ناکام",
    "runs": "جاری ہے",
    "not since this console began": "اس صفحے کے آغاز سے نہیں",
    "Your certificate ends": "آپ کے سرٹیفکیٹ کا اختتام",
    "{days} days": "{days} دن",
    "Verification": "جانچ",
    "It proves that the ledger has only grown since the last time, and holds every entry that you were shown.": (
        "یہ ثابت کرتی ہے کہ لیجر پچھلی بار سے صرف بڑھا ہے، اور اس میں ہر وہ اندراج ہے جو آپ کو دکھایا گیا۔"
    ),
    "Proving": "ثابت کیا جا رہا ہے",
    "Look again": "دوبارہ دیکھیں",
    "Verify now": "ابھی جانچیں",
    "Entries now": "اس وقت اندراجات",
    "Entries at the last verification": "پچھلی جانچ پر اندراجات",
    "Your entries proven": "آپ کے ثابت شدہ اندراجات",
    "Earlier checkpoints proven": "ثابت شدہ پہلے کے چیک پوائنٹ",
    "Your entries lost, as the register has owned up to": "آپ کے کھوئے ہوئے اندراجات، جو رجسٹر نے تسلیم کیے",
    "Root": "جڑ",
    "Witnesses": "تصدیق کنندگان",
    "Name": "نام",
    "State": "حالت",
    "Entries co-signed": "تصدیق شدہ اندراجات",
    "When, by its clock": "کب، اس کی گھڑی سے",
    "retired": "فارغ",
    "counts": "مؤثر",
    "never": "کبھی نہیں",
    "No witness is registered: `nsor witness register`.": "کوئی تصدیق کنندہ درج نہیں: `nsor witness register`۔",
    "This view is entry {entry} of the ledger.": "یہ صفحہ دیکھنا لیجر کا اندراج {entry} ہے۔",
    # Accesses.
    "From the day": "اس دن سے",
    "To the day": "اس دن تک",
    "{shown} accesses, the newest first; never whom they were about.": (
        "{shown} رسائیاں، تازہ ترین پہلے؛ یہ کبھی نہیں کہ کس کے بارے میں تھیں۔"
    ),
    "Entry": "اندراج",
    "Officer": "افسر",
    "not known": "معلوم نہیں",
    "No access is like that.": "ایسی کوئی رسائی نہیں۔",
    "Older ones": "پرانی",
    # Monthly tables.
    "Monthly tables": "ماہانہ جدول",
    "Month": "مہینہ",
    "What is counted": "کیا گنا جائے",
    "Answered calls that disclose": "ریکارڈ دکھانے والی کارروائیاں",
    "Refused calls, by reason": "رد شدہ کارروائیاں، وجہ کے لحاظ سے",
    "Convictions entered, days since the judgment": "درج سزائیں، فیصلے سے کتنے دن بعد",
    "Confirmed registrations, by identity": "تصدیق شدہ اندراجات، شناخت کے لحاظ سے",
    "Messages of what is overdue": "مدت گزرنے کے پیغامات",
    "Recalls acknowledged, in time or late": "تسلیم شدہ تصحیحات، بروقت یا دیر سے",
    "Access requests decided, hours taken": "رسائی کی درخواستوں کے فیصلے، کتنے گھنٹے",
    "Emergency look-ups reviewed, in time or late": "ہنگامی رسائیوں کے جائزے، بروقت یا دیر سے",
    "A month is counted once, after its end. Counts below 5 aren't shown, nor others by which they would be found.": (
        "مہینہ ختم ہونے پر ایک بار گنا جاتا ہے۔ 5 سے کم نہیں دکھایا جاتا، نہ وہ جس سے اس کا پتا چلے۔"
    ),
    "By province": "صوبے کے لحاظ سے",
    "All that is shown": "جو کچھ دکھایا جاتا ہے",
    "Part": "حصہ",
    "Province": "صوبہ",
    "District": "ضلع",
    "Count": "تعداد",
    "Average": "اوسط",
    "Share": "حصہ",
    "There were fewer than 5, and so few aren't shown.": "5 سے کم تھے، اور اتنے کم نہیں دکھائے جاتے۔",
    "The month has the ledger's entries {first} to {last}.": "اس مہینے میں لیجر کے اندراجات {first} سے {last} ہیں۔",
    # Agencies and officers.
    "Kind": "قسم",
    "Places": "مقامات",
    "may call": "رسائی ہے",
    "disabled": "معطل",
    "Whose keys act for the agency, disabled ones too.": "جن کی کلیدیں ادارے کے لیے کام کرتی ہیں، معطل بھی۔",
    "Number": "نمبر",
    "Grade": "گریڈ",
    "Signs decisions": "فیصلوں پر دستخط",
    "Enrolled": "اندراج",
    "Disabled": "معطل",
    "yes": "ہاں",
    "no": "نہیں",
    "Focal persons": "فوکل پرسن",
    # Unusual accesses and work.
    "What was unusual is NPB's to know. You see the officer's newest accesses of that day: ask him.": (
        "غیر معمولی کیا تھا، یہ صرف این پی بی جانتا ہے۔ آپ اس دن کی افسر کی تازہ ترین رسائیاں دیکھتے ہیں: اُس سے پوچھیں۔"
    ),
    "Found": "ملا",
    "Id": "نمبر شناخت",
    "Accesses of that day": "اُس دن کی رسائیاں",
    "Nothing unusual was found.": "کچھ غیر معمولی نہیں ملا۔",
    "How many": "کتنے",
    "What": "کیا",
    "In a terminal": "ٹرمینل میں",
    "Nothing waits for you.": "کوئی کام باقی نہیں۔",
    "No answer": "کوئی جواب نہیں",
}
