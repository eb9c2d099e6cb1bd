# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What `--help` says in Urdu. Of records: entering, confirming, judgments, amendments, custody, identity, ends."""

from __future__ import annotations

from typing import Final

COMMANDS: Final[dict[str, str]] = {
    "List what your agency has to do, soonest first.": "آپ کے ادارے کے کام دکھاتا ہے، جو پہلے ہونا ہے وہ پہلے۔",
    "Enter conviction orders from a file or a spreadsheet.": "سزا کے احکام فائل یا اسپریڈ شیٹ سے درج کرتا ہے۔",
    "Confirm registrations from the court's record.": "عدالت کے ریکارڈ سے رجسٹریشن کی تصدیق کرتا ہے۔",
    "Read what judgments have sealed, two officers together (NPB).": (
        "فیصلوں سے سر بمہر ریکارڈ پڑھنا، دو افسر مل کر (این پی بی)۔"
    ),
    "Record and confirm judgments about convictions.": "سزاؤں کے بارے میں فیصلے درج اور تصدیق کرتا ہے۔",
    "Show a registration that your agency has a part in.": "وہ رجسٹریشن دکھاتا ہے جس میں آپ کے ادارے کا حصہ ہے۔",
    "Add a conviction to a registration that you entered.": "آپ کی درج کردہ رجسٹریشن میں سزا شامل کرتا ہے۔",
    "Amend what a record of your agency says of the person.": "آپ کے ادارے کے ریکارڈ میں شخص کے کوائف کی ترمیم۔",
    "Propose an amendment of a record; its owner decides.": (
        "ریکارڈ میں ترمیم تجویز کرتا ہے؛ فیصلہ اس کا مالک ادارہ کرتا ہے۔"
    ),
    "List, accept, refuse or withdraw proposed amendments of a record.": (
        "ریکارڈ کی تجویز کردہ ترامیم دکھانا، قبول یا مسترد کرنا یا واپس لینا۔"
    ),
    "Add, look at, confirm or reject photos of an offender.": "مجرم کی تصاویر شامل کرنا، دیکھنا، تصدیق یا مسترد کرنا۔",
    "Hand in, list or decide corrections of a record.": "ریکارڈ کی درستی کی درخواستیں دینا، دیکھنا، فیصلہ کرنا۔",
    "Archive, withdraw, restore or erase a record (NPB, two officers).": (
        "ریکارڈ محفوظ خانے میں رکھنا، واپس لینا، بحال کرنا یا مٹانا (این پی بی، دو افسر)۔"
    ),
    "Say that a record of your agency is still right.": "بتاتا ہے کہ آپ کے ادارے کا ریکارڈ اب بھی درست ہے۔",
    "Check identities (NADRA); accept or dispute changes.": (
        "شناخت کی جانچ (نادرا)؛ تبدیلیاں قبول کرنا یا ان پر اعتراض۔"
    ),
    "Record custody; accept or refuse whom a prison releases.": (
        "حراست کا اندراج؛ جیل سے رہا ہونے والے کو قبول یا مسترد کرنا۔"
    ),
    "Compare two such registrations, and end their review (NPB).": (
        "ایسی دو رجسٹریشنیں ملا کر جائزہ مکمل کرنا (این پی بی)۔"
    ),
    "List what waits for a second officer; refuse or withdraw it (NPB).": (
        "دوسرے افسر کے منتظر کام دیکھنا؛ مسترد کرنا یا واپس لینا (این پی بی)۔"
    ),
    "List what your agency has to do, the soonest first; with a NUMBER open that one.": (
        "آپ کے ادارے کے کام دکھاتا ہے، جو پہلے ہونا ہے وہ پہلے؛ NUMBER دینے پر وہی کھولتا ہے۔"
    ),
    "Enter the conviction orders of FILE: a table (.csv), or a CreateRegistrationRequest in "
    "JSON per line; - is stdin.": (
        "FILE کے سزا کے احکام درج کرتا ہے: جدول (.csv)، یا ہر سطر میں JSON؛ - سے مراد stdin ہے۔"
    ),
    "Confirm registrations from the court's own record; the officer signs each, and of a file 500 at once.": (
        "عدالت کے اپنے ریکارڈ سے رجسٹریشن کی تصدیق؛ افسر ہر ایک پر دستخط کرتا ہے، فائل میں 500 پر ایک ساتھ۔"
    ),
    "Read a sealed registration (NPB): one officer proposes, another confirms, then both may read for a short time.": (
        "سر بمہر رجسٹریشن پڑھنا (این پی بی): ایک افسر تجویز کرتا ہے، دوسرا تصدیق، پھر دونوں کچھ دیر پڑھ سکتے ہیں۔"
    ),
    "Confirm that another officer and you may read a sealed registration; you sign, and the Committee is told.": (
        "تصدیق کہ دوسرا افسر اور آپ سر بمہر رجسٹریشن پڑھ سکتے ہیں؛ آپ دستخط کرتے ہیں، اور کمیٹی کو بتایا جاتا ہے۔"
    ),
    "Propose to read a sealed registration; you sign.": "سر بمہر رجسٹریشن پڑھنے کی تجویز؛ آپ دستخط کرتے ہیں۔",
    "Show the registration of an open reading: all its convictions, with the judgments that took them.": (
        "پڑھنے کے لیے کھولی گئی رجسٹریشن: تمام سزائیں، ان فیصلوں کے ساتھ جن سے وہ ختم ہوئیں۔"
    ),
    "Record a judgment about a conviction; show it, or confirm one that a prosecution recorded.": (
        "سزا کے بارے میں فیصلہ درج کرنا، دیکھنا، یا پراسیکیوشن کے درج کردہ کی تصدیق۔"
    ),
    "Confirm a judgment from the court's own record; you sign.": (
        "عدالت کے اپنے ریکارڈ سے فیصلے کی تصدیق؛ آپ دستخط کرتے ہیں۔"
    ),
    "Record a judgment from a JSON file or stdin (-); you sign.": (
        "JSON فائل یا stdin (-) سے فیصلہ درج کرتا ہے؛ آپ دستخط کرتے ہیں۔"
    ),
    "Show a judgment as it was recorded.": "فیصلہ دکھاتا ہے جیسا درج ہوا۔",
    "List judgments that match no conviction (NPB): a day or a number may have been mistyped in one of both.": (
        "وہ فیصلے جو کسی سزا سے نہیں ملتے (این پی بی): شاید کہیں تاریخ یا نمبر غلط لکھا گیا۔"
    ),
    "Propose to unseal what a judgment restores (NPB), or confirm it with --confirm; you sign.": (
        "فیصلے سے بحال ریکارڈ کھولنے کی تجویز (این پی بی)، یا --confirm سے تصدیق؛ آپ دستخط کرتے ہیں۔"
    ),
    "Add a conviction to a registration that your agency entered, from a JSON file or stdin (-).": (
        "آپ کے ادارے کی درج کردہ رجسٹریشن میں JSON فائل یا stdin (-) سے سزا شامل کرتا ہے۔"
    ),
    "Amend what a record of your agency says of the person; you sign.": (
        "آپ کے ادارے کے ریکارڈ میں شخص کے کوائف کی ترمیم؛ آپ دستخط کرتے ہیں۔"
    ),
    "Propose an amendment of a record that your agency has a part in; its owner decides.": (
        "جس ریکارڈ میں آپ کے ادارے کا حصہ ہے اس میں ترمیم کی تجویز؛ فیصلہ مالک ادارہ کرتا ہے۔"
    ),
    "Accept a proposed amendment, which amends the record; you sign.": (
        "تجویز کردہ ترمیم قبول کرنا، جس سے ریکارڈ بدلتا ہے؛ آپ دستخط کرتے ہیں۔"
    ),
    "List proposed amendments: those that wait for your agency, and those that it has proposed.": (
        "تجویز کردہ ترامیم: جو آپ کے ادارے کی منتظر ہیں، اور جو اس نے تجویز کیں۔"
    ),
    "Refuse a proposed amendment; you sign.": "تجویز کردہ ترمیم مسترد کرنا؛ آپ دستخط کرتے ہیں۔",
    "Withdraw an amendment that your agency has proposed.": "آپ کے ادارے کی تجویز کردہ ترمیم واپس لینا۔",
    "Add, list, look at, confirm or reject photos of an offender.": (
        "مجرم کی تصاویر شامل کرنا، ان کی فہرست، دیکھنا، تصدیق یا مسترد کرنا۔"
    ),
    "Add a photo, a JPEG or PNG of at most 256 KiB.": "تصویر شامل کرتا ہے: JPEG یا PNG، زیادہ سے زیادہ 256 KiB۔",
    "Confirm that a photo shows this person and nobody else; you sign.": (
        "تصدیق کہ تصویر صرف اسی شخص کی ہے؛ آپ دستخط کرتے ہیں۔"
    ),
    "List the photos of a registration that you may see, the newest first.": (
        "رجسٹریشن کی وہ تصاویر جو آپ دیکھ سکتے ہیں، نئی پہلے۔"
    ),
    "Reject a photo, before or after it was confirmed; you sign.": (
        "تصویر مسترد کرنا، تصدیق سے پہلے یا بعد؛ آپ دستخط کرتے ہیں۔"
    ),
    "Write a photo into a new file that only you can read.": "تصویر نئی فائل میں لکھتا ہے جو صرف آپ پڑھ سکتے ہیں۔",
    "Hand in what a person says is wrong in his record (police); list and decide it (the record's owner).": (
        "شخص اپنے ریکارڈ میں جو غلط بتائے وہ جمع کروانا (پولیس)؛ دیکھنا اور فیصلہ کرنا (مالک ادارہ)۔"
    ),
    "Accept a correction; you sign.": "درستی قبول کرنا؛ آپ دستخط کرتے ہیں۔",
    "List the corrections of a registration that your agency owns, the newest first.": (
        "آپ کے ادارے کی رجسٹریشن کی درستیاں، نئی پہلے۔"
    ),
    "Refuse a correction with a reason; you sign.": "وجہ بتا کر درستی مسترد کرنا؛ آپ دستخط کرتے ہیں۔",
    "Hand in a correction that a person asks for, from a JSON file or stdin (-).": (
        "شخص کی مانگی ہوئی درستی JSON فائل یا stdin (-) سے جمع کروانا۔"
    ),
    "Archive the record of a person who has died, or withdraw, restore or erase one; two officers of NPB.": (
        "وفات پا چکے شخص کا ریکارڈ محفوظ خانے میں رکھنا، یا واپس لینا، بحال کرنا یا مٹانا؛ این پی بی کے دو افسر۔"
    ),
    "Confirm what another officer has proposed; you sign.": "دوسرے افسر کی تجویز کی تصدیق؛ آپ دستخط کرتے ہیں۔",
    "Propose to erase a record that should never have been made, unconfirmed by a court or withdrawn; you sign.": (
        "ایسا ریکارڈ مٹانے کی تجویز جو بننا ہی نہیں چاہیے تھا، غیر تصدیق شدہ یا واپس لیا ہوا؛ آپ دستخط کرتے ہیں۔"
    ),
    "Propose to archive all records of a person who has died; you sign.": (
        "وفات پا چکے شخص کے تمام ریکارڈ محفوظ خانے میں رکھنے کی تجویز؛ آپ دستخط کرتے ہیں۔"
    ),
    "Propose to take a record out of the archive that shouldn't be there; you sign.": (
        "غلطی سے محفوظ خانے میں گیا ریکارڈ نکالنے کی تجویز؛ آپ دستخط کرتے ہیں۔"
    ),
    "Propose to withdraw a confirmed record that should never have been made; you sign.": (
        "تصدیق شدہ ریکارڈ جو بننا ہی نہیں چاہیے تھا، واپس لینے کی تجویز؛ آپ دستخط کرتے ہیں۔"
    ),
    "Say that a record that your agency owns is still right; you sign.": (
        "بتانا کہ آپ کے ادارے کا ریکارڈ اب بھی درست ہے؛ آپ دستخط کرتے ہیں۔"
    ),
    "Check the identity of registered persons, and report what changes (NADRA); accept or dispute it (owner).": (
        "درج افراد کی شناخت کی جانچ اور تبدیلی کی اطلاع (نادرا)؛ اسے قبول کرنا یا اس پر اعتراض (مالک ادارہ)۔"
    ),
    "Accept a change that NADRA has reported; you sign.": "نادرا کی بتائی ہوئی تبدیلی قبول کرنا؛ آپ دستخط کرتے ہیں۔",
    "Report another name or number from a JSON file or stdin (-), by the handle of a verification; you sign.": (
        "جانچ کے حوالے سے دوسرا نام یا نمبر JSON فائل یا stdin (-) سے بتانا؛ آپ دستخط کرتے ہیں۔"
    ),
    "Report that a person has died, by the handle of a verification; you sign.": (
        "جانچ کے حوالے سے شخص کی وفات بتانا؛ آپ دستخط کرتے ہیں۔"
    ),
    "Dispute a change that NADRA has reported; you sign.": "نادرا کی بتائی ہوئی تبدیلی پر اعتراض؛ آپ دستخط کرتے ہیں۔",
    "Decide that NADRA has issued the document and some particulars aren't its; you sign.": (
        "فیصلہ کہ دستاویز نادرا کی ہے مگر کچھ کوائف اس کے نہیں؛ آپ دستخط کرتے ہیں۔"
    ),
    "Be handed the next person.": "اگلا شخص لینا۔",
    "Decide that NADRA has issued no such document; you sign.": (
        "فیصلہ کہ نادرا نے ایسی کوئی دستاویز جاری نہیں کی؛ آپ دستخط کرتے ہیں۔"
    ),
    "Decide that all particulars are the document's; you sign.": (
        "فیصلہ کہ تمام کوائف دستاویز کے ہیں؛ آپ دستخط کرتے ہیں۔"
    ),
    "Record what happens to an offender in custody, or at large; accept or refuse a release.": (
        "حراست میں یا باہر مجرم کے ساتھ جو ہوا اس کا اندراج؛ رہائی قبول یا مسترد کرنا۔"
    ),
    "Accept an offender for the police of the address after release; you sign.": (
        "رہائی کے بعد کے پتے کی پولیس کے لیے مجرم کو قبول کرنا؛ آپ دستخط کرتے ہیں۔"
    ),
    "Print an address to fill in.": "پُر کرنے کے لیے پتا دکھاتا ہے۔",
    "Admit an offender who was sent to your department, or has escaped from it.": (
        "آپ کے محکمے کو بھیجے گئے، یا اس سے فرار ہوئے مجرم کو داخل کرنا۔"
    ),
    "Release an offender on bail.": "مجرم کی ضمانت پر رہائی۔",
    "Report that an offender has died.": "مجرم کی وفات بتانا۔",
    "Report that an offender was deported.": "مجرم کی ملک بدری بتانا۔",
    "Report that an offender has escaped, or absconded from bail.": "مجرم کا فرار، یا ضمانت سے روپوشی بتانا۔",
    "Enter the day of a release and the address after it.": "رہائی کی تاریخ اور اس کے بعد کا پتا درج کرنا۔",
    "Have an offender who is at large taken back to prison (police).": "باہر موجود مجرم کو واپس جیل بھجوانا (پولیس)۔",
    "Refuse an offender who is expected at an address of your station; you sign.": (
        "آپ کے تھانے کے پتے پر متوقع مجرم کو مسترد کرنا؛ آپ دستخط کرتے ہیں۔"
    ),
    "Don't admit an offender who was sent to you: he stays there.": (
        "آپ کو بھیجے گئے مجرم کو داخل نہ کرنا: وہ وہیں رہتا ہے۔"
    ),
    "Release an offender: on that day the time of his duties begins.": (
        "مجرم کی رہائی: اسی دن سے اس کی ذمہ داریوں کا وقت شروع ہوتا ہے۔"
    ),
    "Show who he is, where he is, and when and where his release is expected.": (
        "وہ کون ہے، کہاں ہے، اور رہائی کب اور کہاں متوقع ہے۔"
    ),
    "Take back the last event, which your agency entered by mistake.": (
        "آخری اندراج واپس لینا جو آپ کے ادارے نے غلطی سے کیا۔"
    ),
    "Send an offender to another prisons department.": "مجرم کو دوسرے محکمۂ جیل میں بھیجنا۔",
    "Compare the two registrations of a review, and end it.": "جائزے کی دونوں رجسٹریشنیں ملا کر اسے مکمل کرنا۔",
    "They are two persons.": "یہ دو شخص ہیں۔",
    "One of them was entered in error: from then on it is NO_RECORD to everybody.": (
        "ان میں سے ایک غلطی سے درج ہوئی: آئندہ سب کے لیے NO_RECORD۔"
    ),
    "Both are of one person: they are shown as one.": "دونوں ایک ہی شخص کی ہیں: ایک ساتھ دکھائی جاتی ہیں۔",
    "Show both registrations side by side: what is the same, and what differs.": (
        "دونوں رجسٹریشنیں ساتھ ساتھ: کیا یکساں ہے اور کیا مختلف۔"
    ),
    "Take back what was decided: the review is open again.": "فیصلہ واپس لینا: جائزہ پھر کھل جاتا ہے۔",
    "List what waits for a second officer of NPB; refuse it, or withdraw what you have proposed.": (
        "این پی بی کے دوسرے افسر کے منتظر کام؛ مسترد کرنا، یا اپنی تجویز واپس لینا۔"
    ),
    "List what waits, the one whose time is over first in front; or what has ended, the last one in front.": (
        "جو منتظر ہے، جس کا وقت پہلے ختم ہو وہ پہلے؛ یا جو مکمل ہو چکا، آخری پہلے۔"
    ),
    "Refuse what another officer has proposed; you sign.": "دوسرے افسر کی تجویز مسترد کرنا؛ آپ دستخط کرتے ہیں۔",
    "Withdraw what you have proposed; you sign.": "اپنی تجویز واپس لینا؛ آپ دستخط کرتے ہیں۔",
}
"""The sentence of each command."""

OPTIONS: Final[dict[str, str]] = {
    "At least so many, if there are.": "کم از کم اتنے، اگر ہوں۔",
    "Confirm what another officer has proposed.": "دوسرے افسر کی تجویز کی تصدیق۔",
    "Only work of this kind: confirm, appeal, accept, no-address, admit, overdue, identity, "
    "no-document, revalidate, correct, notices, amend.": (
        "صرف اس قسم کے کام: confirm، appeal، accept، no-address، admit، overdue، identity، "
        "no-document، revalidate، correct، notices، amend۔"
    ),
    "Write what waits for the court to a table that is filled in, for `nsor confirm --file`.": (
        "عدالت کے منتظر کام جدول میں لکھیں، جو پُر کر کے `nsor confirm --file` کو دیا جاتا ہے۔"
    ),
    "A rehearsal: show what is cleaned and wrong; enter nothing.": (
        "مشق: کیا صاف ہوا اور کیا غلط ہے؛ کچھ درج نہیں ہوتا۔"
    ),
    "Print a map of columns to fill in, for --map.": "پُر کرنے کے لیے خانوں کا نقشہ دکھائیں، --map کے لیے۔",
    "Which column of a table has what (TOML).": "جدول کے کس خانے میں کیا ہے (TOML)۔",
    "Of the file, such as cp1256 or utf-16; default UTF-8.": "فائل کی انکوڈنگ، جیسے cp1256 یا utf-16؛ ورنہ UTF-8۔",
    "Accepted rows; default FILE.results.jsonl.": "قبول شدہ سطریں؛ ورنہ FILE.results.jsonl۔",
    "Wrong rows; default FILE.findings.csv.": "غلط سطریں؛ ورنہ FILE.findings.csv۔",
    "Enter the row of this line although it is like one that was accepted; repeatable.": (
        "اس سطر کو درج کریں اگرچہ یہ قبول شدہ جیسی ہے؛ بار بار دیا جا سکتا ہے۔"
    ),
    "List what became of the rows that were sent from here; enter nothing.": (
        "یہاں سے بھیجی گئی سطروں کا کیا ہوا؛ کچھ درج نہیں ہوتا۔"
    ),
    "The version that the court has seen; without it the registration is shown first, but for number and day.": (
        "جو نسخہ عدالت نے دیکھا؛ اس کے بغیر پہلے رجسٹریشن دکھائی جاتی ہے، نمبر اور تاریخ کے سوا۔"
    ),
    "Case number in the court's own record.": "عدالت کے اپنے ریکارڈ میں مقدمہ نمبر۔",
    "Day of the judgment in the court's own record.": "عدالت کے اپنے ریکارڈ میں فیصلے کی تاریخ۔",
    "Which court's case it is, such as special-court PK-PB/LHR: where convictions of several courts wait.": (
        "مقدمہ کس عدالت کا ہے، جیسے special-court PK-PB/LHR: جہاں کئی عدالتوں کی سزائیں منتظر ہوں۔"
    ),
    "CSV or JSON Lines: registration_id, case_number, judgment_date; etag, court_kind and place_code if known.": (
        "CSV یا JSON Lines: registration_id، case_number، judgment_date؛ معلوم ہوں تو etag، court_kind اور place_code۔"
    ),
    "Go through new registrations, one after the other.": "نئی رجسٹریشنیں ایک ایک کر کے دیکھیں۔",
    "Why it has to be read.": "اسے پڑھنا کیوں ضروری ہے۔",
    "Number in the court's own record.": "عدالت کے اپنے ریکارڈ میں نمبر۔",
    "Confirm what another officer has proposed: it is unsealed.": "دوسرے افسر کی تجویز کی تصدیق: ریکارڈ کھل جاتا ہے۔",
    "As the record was on that day, of what today shows.": "جیسا ریکارڈ اس دن تھا، اس میں سے جو آج دکھایا جاتا ہے۔",
    "Check the judgment and change nothing.": "فیصلے کی جانچ؛ کچھ نہیں بدلتا۔",
    "Check the conviction and change nothing.": "سزا کی جانچ؛ کچھ نہیں بدلتا۔",
    "Check the photo and add nothing.": "تصویر کی جانچ؛ کچھ شامل نہیں ہوتا۔",
    "Check the report and change nothing.": "رپورٹ کی جانچ؛ کچھ نہیں بدلتا۔",
    "Check the event and record nothing.": "اندراج کی جانچ؛ کچھ درج نہیں ہوتا۔",
    "Show what would change and check it; change nothing.": "کیا بدلے گا دکھا کر جانچ؛ کچھ نہیں بدلتا۔",
    "Show what would change and check it; propose nothing.": "کیا بدلے گا دکھا کر جانچ؛ کچھ تجویز نہیں ہوتا۔",
    "Print a judgment to fill in.": "پُر کرنے کے لیے فیصلہ دکھائیں۔",
    "Print a conviction to fill in.": "پُر کرنے کے لیے سزا دکھائیں۔",
    "Print particulars to fill in.": "پُر کرنے کے لیے کوائف دکھائیں۔",
    "Print a report to fill in.": "پُر کرنے کے لیے رپورٹ دکھائیں۔",
    "Print what the record says now, as a file to change. CONFIDENTIAL.": (
        "ریکارڈ اب جو کہتا ہے، بدلنے کے لیے فائل کی شکل میں۔ خفیہ۔"
    ),
    "Date of birth: 05.03.1980, or a year alone.": "تاریخِ پیدائش: 05.03.1980، یا صرف سال۔",
    "male, female or transgender.": "male، female یا transgender۔",
    "Nationality: two letters, such as PK.": "شہریت: دو حروف، جیسے PK۔",
    "Ask for the official name; the one before stays as a former name.": (
        "سرکاری نام پوچھیں؛ پہلا نام سابقہ نام کے طور پر رہتا ہے۔"
    ),
    "Ask for the CNIC.": "شناختی کارڈ نمبر پوچھیں۔",
    "Ask for the mobile number.": "موبائل نمبر پوچھیں۔",
    "Ask for the passport.": "پاسپورٹ پوچھیں۔",
    "Ask for the current address.": "موجودہ پتا پوچھیں۔",
    "Which row of a file of orders, by its line.": "احکام کی فائل کی کون سی سطر۔",
    "Which column of a table has what (TOML), as for `nsor import`.": (
        "جدول کے کس خانے میں کیا ہے (TOML)، جیسے `nsor import` میں۔"
    ),
    "Of a table, as for `nsor import`.": "جدول کی انکوڈنگ، جیسے `nsor import` میں۔",
    "Day it was taken.": "تصویر لینے کی تاریخ۔",
    "New file for the picture, a JPEG.": "تصویر کے لیے نئی فائل، JPEG۔",
    "Why it should never have been made.": "یہ کیوں بننا ہی نہیں چاہیے تھا۔",
    "Day of death.": "وفات کی تاریخ۔",
    "Day of death: 2026-10-31 or 31.10.2026.": "وفات کی تاریخ: 2026-10-31 یا 31.10.2026۔",
    "Number of the certificate of death, such as CRMS-12345/2025.": "موت کے سرٹیفکیٹ کا نمبر، جیسے CRMS-12345/2025۔",
    "Supervision tier from now on; without it, as it was.": "آئندہ نگرانی کا درجہ؛ اس کے بغیر جو تھا۔",
    "Don't show the record first, and don't ask.": "پہلے ریکارڈ نہ دکھائیں، اور نہ پوچھیں۔",
    "Number of NADRA's record, such as VR-1234/2026.": "نادرا کے ریکارڈ کا نمبر، جیسے VR-1234/2026۔",
    "Number of NADRA's verification, such as VR-1234/2026.": "نادرا کی جانچ کا نمبر، جیسے VR-1234/2026۔",
    "What differs.": "کیا مختلف ہے۔",
    "Day of the verification: 2026-10-31 or 31.10.2026; today without it.": (
        "جانچ کی تاریخ: 2026-10-31 یا 31.10.2026؛ اس کے بغیر آج۔"
    ),
    "Day on which it happened: 2026-10-31 or 31.10.2026. [default: today]": (
        "جس دن ہوا: 2026-10-31 یا 31.10.2026۔ [بصورتِ دیگر: آج]"
    ),
    "Day on which he is expected to be released, after today.": "متوقع رہائی کی تاریخ، آج کے بعد۔",
    "JSON file with the address after release, - for stdin; `nsor custody address` prints one to fill in.": (
        "رہائی کے بعد کے پتے کی JSON فائل، - سے مراد stdin؛ `nsor custody address` پُر کرنے کے لیے ایک دکھاتی ہے۔"
    ),
    "Prisons department that is to admit him.": "محکمۂ جیل جو اسے داخل کرے۔",
    "What was entered by mistake: the last event.": "کیا غلطی سے درج ہوا: آخری اندراج۔",
    "What has ended in the last 30 days: withdrawn, refused or expired.": (
        "جو پچھلے 30 دنوں میں مکمل ہوا: واپس لیا گیا، مسترد یا میعاد ختم۔"
    ),
    "In which of the two the number that both have is marked as disputed; none: of a likely duplicate.": (
        "دونوں میں سے کس میں مشترک نمبر متنازع لکھا جائے؛ none: صرف ملتے جلتے ریکارڈ میں۔"
    ),
    "Which of the two was entered in error.": "دونوں میں سے کون سی غلطی سے درج ہوئی۔",
}
"""The sentence of each option."""
