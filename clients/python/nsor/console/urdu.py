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
    "Last checkpoint": "آخری چیک پوائنٹ",
    "{size} entries": "{size} اندراجات",
    "Newest entry before this view": "اس صفحے سے پہلے کا تازہ ترین اندراج",
    "The register has signed it with its answer to this view, and says the time by its database's clock.": (
        "رجسٹر نے اس صفحے کے جواب کے ساتھ اس پر دستخط کیے، اور وقت اس کے ڈیٹابیس کی گھڑی سے ہے۔"
    ),
    "Ledger": "لیجر",
    "Entries": "اندراجات",
    "{count} seconds ago": "{count} سیکنڈ پہلے",
    "{count} minutes ago": "{count} منٹ پہلے",
    "{count} hours ago": "{count} گھنٹے پہلے",
    "{count} days ago": "{count} دن پہلے",
    "Last own verification": "آپ کی آخری جانچ",
    "whole": "مکمل",
    "failed": "ناکام",
    "runs": "جاری ہے",
    "none on this computer": "اس کمپیوٹر پر کوئی نہیں",
    "What the last own verification found, by this console or by `nsor ledger verify`.": (
        "آپ کی آخری جانچ کا نتیجہ، اس صفحے سے یا `nsor ledger verify` سے۔"
    ),
    "First that failed": "پہلی ناکام جانچ",
    "Last that failed": "آخری ناکام جانچ",
    "Worst that failed": "سب سے سنگین ناکام جانچ",
    (
        "The own verification of {when} failed ({failed}), whatever was found since. Keep the state folder as it is, "
        "and tell the Special Committee."
    ): (
        "آپ کی {when} کی جانچ ناکام ہوئی ({failed})، بعد میں جو بھی نکلا ہو۔ فولڈر کو ویسا ہی رہنے دیں، اور "
        "خصوصی کمیٹی کو بتائیں۔"
    ),
    "When": "کب",
    "Your certificate ends": "آپ کے سرٹیفکیٹ کا اختتام",
    "{days} days": "{days} دن",
    "Verification": "جانچ",
    "It proves that the ledger has only grown since the last time, and holds every entry that you were shown.": (
        "یہ ثابت کرتی ہے کہ لیجر پچھلی بار سے صرف بڑھا ہے، اور اس میں ہر وہ اندراج ہے جو آپ کو دکھایا گیا۔"
    ),
    "Proving": "ثابت کیا جا رہا ہے",
    "Look again": "دوبارہ دیکھیں",
    "Verify now": "ابھی جانچیں",
    "Entries then": "تب اندراجات",
    "Entries at the verification before": "اس سے پچھلی جانچ پر اندراجات",
    "Your entries proven": "آپ کے ثابت شدہ اندراجات",
    "Earlier checkpoints proven": "ثابت شدہ پہلے کے چیک پوائنٹ",
    "Your entries lost, as the register has owned up to": "آپ کے کھوئے ہوئے اندراجات، جو رجسٹر نے تسلیم کیے",
    "Root": "جڑ",
    "Witnesses": "تصدیق کنندگان",
    "Name": "نام",
    "State": "حالت",
    "Entries co-signed": "تصدیق شدہ اندراجات",
    "Entries since": "اس کے بعد کے اندراجات",
    "When, by its clock": "کب، اس کی گھڑی سے",
    "retired": "فارغ",
    "counts": "مؤثر",
    "never": "کبھی نہیں",
    "No witness is registered: `nsor witness register`.": "کوئی تصدیق کنندہ درج نہیں: `nsor witness register`۔",
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
    # Counted accesses, refusals and emergency look-ups.
    "Over time": "وقت کے ساتھ",
    "Accesses over time": "وقت کے ساتھ رسائیاں",
    "Day": "دن",
    "By day": "دن کے لحاظ سے",
    "The newest, by day": "تازہ ترین، دن کے لحاظ سے",
    "The newest, by agency and purpose": "تازہ ترین، ادارے اور مقصد کے لحاظ سے",
    "By agency and method": "ادارے اور کارروائی کے لحاظ سے",
    "By month: answered calls that disclose": "مہینے کے لحاظ سے: ریکارڈ دکھانے والی کارروائیاں",
    "From the monthly tables: of each method of an agency 5 or more, so that of a purpose it is at least so many.": (
        "ماہانہ جدولوں سے: ادارے کی ہر کارروائی کی 5 یا زیادہ تعداد، اس لیے مقصد کی تعداد کم از کم اتنی ہے۔"
    ),
    "Together": "کل ملا کر",
    "Of these agencies or purposes nothing is shown": "جن کا ادارہ یا مقصد نہیں دکھایا جاتا",
    "No month is counted yet.": "ابھی کوئی مہینہ گنا نہیں گیا۔",
    "The month is not counted yet.": "یہ مہینہ ابھی گنا نہیں گیا۔",
    "The newest {count} calls, since {since}: older ones weren't read. Choose days to see them.": (
        "تازہ ترین {count} کارروائیاں، {since} سے: پرانی نہیں پڑھی گئیں۔ انہیں دیکھنے کے لیے دن چنیں۔"
    ),
    "{count} calls.": "{count} کارروائیاں۔",
    "{shown} of {of} lines.": "{of} میں سے {shown} سطریں۔",
    "Calls": "تعداد",
    "This view is {count} entries of the ledger, from {first} on.": (
        "یہ صفحہ دیکھنا لیجر کے {count} اندراجات ہیں، {first} سے۔"
    ),
    "Refusals": "مسترد کارروائیاں",
    "No call was refused then.": "تب کوئی کارروائی مسترد نہیں ہوئی۔",
    "By reason, of all agencies, in {month}": "وجہ کے لحاظ سے، سب ادارے، {month} میں",
    "Why a call was refused is sealed with it; what is counted of it each month leaves small numbers out.": (
        "مسترد ہونے کی وجہ کارروائی کے ساتھ مہر بند ہے؛ ہر مہینے جو گنا جاتا ہے اس میں چھوٹی تعداد نہیں دکھائی جاتی۔"
    ),
    "Reason": "وجہ",
    "Emergency look-ups": "ہنگامی رسائیاں",
    "Opened": "کب شروع ہوئی",
    "Station": "تھانہ",
    "Harm": "خطرہ",
    "Review due": "جائزے کی مدت",
    "Reviewed": "جائزہ کب ہوا",
    "After (hours)": "کتنے گھنٹے بعد",
    "Waits for (hours)": "کتنے گھنٹے سے منتظر",
    "Finding": "جائزے کا نتیجہ",
    "late": "دیر سے",
    "overdue": "مدت گزر گئی",
    "waits": "منتظر",
    "While harm is imminent the police look people up without a grant; NPB reviews each time. It names nobody.": (
        "فوری خطرے میں پولیس اجازت کے بغیر کسی کو دیکھتی ہے؛ این پی بی ہر بار جائزہ لیتا ہے۔ یہاں کسی کا نام نہیں۔"
    ),
    "Wait for their review": "جائزے کی منتظر",
    "Of these overdue": "ان میں سے مدت گزر چکی",
    "Reviewed late, of those below": "نیچے والی میں سے دیر سے جائزہ",
    "Not reviewed yet": "ابھی جائزہ نہیں ہوا",
    "None waits for its review.": "کوئی جائزے کی منتظر نہیں۔",
    "Reviewed, the newest first": "جائزہ شدہ، تازہ ترین پہلے",
    "None was reviewed.": "کسی کا جائزہ نہیں ہوا۔",
    "The entries behind them": "ان کے پیچھے اندراجات",
    "Each time one was opened": "ہر بار جب کوئی شروع ہوئی",
    "Each time one was read": "ہر بار جب کوئی پڑھی گئی",
    "Each time one was reviewed": "ہر بار جب کسی کا جائزہ ہوا",
    # Monthly tables.
    "Monthly tables": "ماہانہ جدول",
    "Month": "مہینہ",
    "What is counted": "کیا گنا جائے",
    "Answered calls that disclose": "ریکارڈ دکھانے والی کارروائیاں",
    "Refused calls, by reason": "مسترد کارروائیاں، وجہ کے لحاظ سے",
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
    "Certificates": "سرٹیفکیٹ",
    "End within {soon} days": "{soon} دن میں ختم",
    "Of your agency, as the register has them: those that end last first. For a new one ask NPB.": (
        "آپ کے ادارے کے، جیسے رجسٹر میں ہیں: آخر میں ختم ہونے والے پہلے۔ نئے کے لیے این پی بی سے کہیں۔"
    ),
    "Serial number": "سیریل نمبر",
    "From": "کب سے",
    "Ends": "کب تک",
    "ended": "ختم",
    "ends soon": "جلد ختم",
    "revoked": "منسوخ",
    "you call with it": "آپ کا یہی ہے",
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
    "Each list that was counted for it is an entry of the ledger.": "اس کے لیے گنی گئی ہر فہرست لیجر کا اندراج ہے۔",
    "Nothing waits for you.": "کوئی کام باقی نہیں۔",
    "No answer": "کوئی جواب نہیں",
}
