# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What `--help` says in Urdu. Of access, grants and look-ups."""

from __future__ import annotations

from typing import Final

COMMANDS: Final[dict[str, str]] = {
    "See what other thresholds would have found unusual (NPB).": (
        "دیکھنا کہ دوسری حدیں کن رسائیوں کو غیر معمولی پاتیں (این پی بی)۔"
    ),
    "See which past accesses other thresholds would have found unusual (NPB).": (
        "دیکھنا کہ دوسری حدیں کن پچھلی رسائیوں کو غیر معمولی پاتیں (این پی بی)۔"
    ),
    "Propose the thresholds of FILE; you sign.": "FILE کی حدیں تجویز کرنا؛ دستخط آپ کے۔",
    "Approve what another officer has proposed: show its thresholds, ask, sign.": (
        "دوسرے افسر کی تجویز منظور کرنا: حدیں دکھا کر، پوچھ کر، دستخط۔"
    ),
    "Show a replay, and what it found once it is computed.": "دوبارہ جانچ، اور چلنے کے بعد اس کے نتائج دکھانا۔",
    "List replays, the newest in front, without what they found.": "دوبارہ جانچوں کی فہرست، نئی پہلے، نتائج کے بغیر۔",
    "Have numbers watched: decoys and protected persons (NPB).": (
        "نمبروں کی نگرانی: فرضی نمبر اور محفوظ افراد (این پی بی)۔"
    ),
    "Enter a number; you sign.": "نمبر درج کرنا؛ دستخط آپ کے۔",
    "End the watching of a number, by its id; you sign.": ("شناختی کوڈ سے کسی نمبر کی نگرانی ختم کرنا؛ دستخط آپ کے۔"),
    "List what is and was watched, the newest in front: ids, who and when.": (
        "جس کی نگرانی ہے یا تھی، نیا پہلے: کوڈ، کس نے اور کب۔"
    ),
    "List registrations that may be of one person (NPB).": "وہ رجسٹریشنیں جو ایک ہی شخص کی ہو سکتی ہیں (این پی بی)۔",
    "Show what waits for you, soonest first; open it, decide it.": (
        "جو کچھ آپ کا منتظر ہے، جلد والا پہلے؛ کھولنا، فیصلہ کرنا۔"
    ),
    "Show what waits for you, the soonest first: access requests, then how much there is of the rest.": (
        "جو کچھ آپ کا منتظر ہے، جلد والا پہلے: رسائی کی درخواستیں، پھر باقی کاموں کی تعداد۔"
    ),
    "Ask for access; approve, return, show, pass or withdraw it.": (
        "رسائی کی درخواست؛ منظور کرنا، لوٹانا، دیکھنا یا واپس لینا۔"
    ),
    "Open, list or withdraw a ticket: NPB's work on named persons.": (
        "ٹکٹ کھولنا، دیکھنا یا واپس لینا: نامزد افراد پر این پی بی کا کام۔"
    ),
    "Open, list or withdraw a court case: who may be looked up for a trial.": (
        "عدالتی مقدمہ کھولنا، دیکھنا یا واپس لینا: سماعت کے لیے کن کا ریکارڈ دیکھا جا سکتا ہے۔"
    ),
    "List what your agency is told otherwise now; acknowledge it.": (
        "جو کچھ آپ کے ادارے کو دکھایا گیا اور اب غلط ہے: دیکھنا، اور اطلاع کی رسید دینا۔"
    ),
    "List what your agency was shown and is told otherwise now; say what was done about it.": (
        "جو کچھ آپ کے ادارے کو دکھایا گیا اور اب غلط ہے، اس کی فہرست؛ اور بتانا کہ کیا کیا گیا۔"
    ),
    "List the recalls of your agency that are open, the oldest first: by access, never by person.": (
        "آپ کے ادارے کی وہ اطلاعات جن کی رسید باقی ہے، پرانی پہلے: رسائی کے نمبر سے، شخص کے نام سے نہیں۔"
    ),
    "Show every access of a recall, the newest first: who had it, for which case, flight or crossing, and which row.": (
        "اطلاع کی ہر رسائی، نئی پہلے: کس کی تھی، کس مقدمے، پرواز یا گزرگاہ کے لیے، اور کون سی قطار۔"
    ),
    "Acknowledge a recall, and say what was done about it; you sign.": (
        "اطلاع کی رسید دینا اور بتانا کہ کیا کیا گیا؛ آپ دستخط کرتے ہیں۔"
    ),
    "Search by name for one whom your grant, ticket or case names.": (
        "اپنے اجازت نامے، ٹکٹ یا مقدمے میں نامزد شخص کو نام سے ڈھونڈنا۔"
    ),
    "Search by name for one whom your grant, ticket or court case names, in Urdu or Roman letters.": (
        "اپنے اجازت نامے، ٹکٹ یا عدالتی مقدمے میں نامزد شخص کو اردو یا رومن نام سے ڈھونڈنا۔"
    ),
    "Look one person up by CNIC or document, or as a candidate.": (
        "شناختی کارڈ یا دستاویز کے نمبر سے، یا تلاش کے نتیجے سے، ایک شخص کا ریکارڈ دیکھنا۔"
    ),
    "List registrations that share an identifier with an earlier one, or are alike, the newest first.": (
        "وہ رجسٹریشنیں جن کا کوئی نمبر پہلی سے ملتا ہے یا جو ملتی جلتی ہیں، نئی پہلے۔"
    ),
    "Ask for access to the records of suspects in an FIR; approve, return, show, pass or withdraw it.": (
        "ایف آئی آر کے مشتبہ افراد کے ریکارڈ تک رسائی مانگنا؛ "
        "منظور کرنا، لوٹانا، دیکھنا، دوسرے افسر کو دینا یا واپس لینا۔"
    ),
    "Say whether juveniles' records may be shown on a request that asks for them (NPB); you sign.": (
        "بتانا کہ جو درخواست مانگے اس پر نابالغوں کے ریکارڈ دکھائے جا سکتے ہیں یا نہیں (این پی بی)؛ آپ دستخط کرتے ہیں۔"
    ),
    "Pass a request, with its grant, to the new officer of the investigation; you sign, as a deciding officer.": (
        "درخواست اور اس کا اجازت نامہ تفتیش کے نئے افسر کو دینا؛ آپ فیصلہ کرنے والے افسر کے طور پر دستخط کرتے ہیں۔"
    ),
    "Grant access, or a part of what is asked for; the prosecutor signs.": (
        "رسائی یا مانگے گئے کے ایک حصے کی اجازت؛ پراسیکیوٹر دستخط کرتا ہے۔"
    ),
    "List the grants that your prosecution has given and that still count, the one that ends first in front.": (
        "آپ کی پراسیکیوشن کے نافذ العمل اجازت نامے، جو پہلے ختم ہو وہ پہلے۔"
    ),
    "Ask the prosecutor for access, from a JSON file or stdin (-): FIR, suspects, Annexure A.": (
        "پراسیکیوٹر سے JSON فائل یا stdin (-) سے رسائی مانگنا: ایف آئی آر، مشتبہ افراد، Annexure A۔"
    ),
    "Return a request with reasons; the prosecutor signs.": "وجوہات کے ساتھ درخواست لوٹانا؛ پراسیکیوٹر دستخط کرتا ہے۔",
    "Show an access request: yours, or one of your jurisdiction.": (
        "رسائی کی درخواست دکھاتا ہے: آپ کی، یا آپ کے دائرۂ اختیار کی۔"
    ),
    "Withdraw a grant for good, yours or a colleague's; the prosecutor signs.": (
        "اجازت نامہ ہمیشہ کے لیے واپس لینا، اپنا یا ساتھی کا؛ پراسیکیوٹر دستخط کرتا ہے۔"
    ),
    "List the tickets that NPB has opened and that still count, the one that ends first in front.": (
        "این پی بی کے نافذ العمل ٹکٹ، جو پہلے ختم ہو وہ پہلے۔"
    ),
    "Let another officer of NPB look named persons up; you sign.": (
        "این پی بی کے دوسرے افسر کو نامزد افراد کا ریکارڈ دیکھنے دینا؛ آپ دستخط کرتے ہیں۔"
    ),
    "Withdraw a ticket for good, yours or a colleague's; you sign.": (
        "ٹکٹ ہمیشہ کے لیے واپس لینا، اپنا یا ساتھی کا؛ آپ دستخط کرتے ہیں۔"
    ),
    "List the cases that your court has opened and that still count, the one that ends first in front.": (
        "آپ کی عدالت کے کھولے ہوئے نافذ العمل مقدمات، جو پہلے ختم ہو وہ پہلے۔"
    ),
    "Let the court's officers look up the accused of a case; you sign.": (
        "عدالت کے افسروں کو مقدمے کے ملزموں کا ریکارڈ دیکھنے دینا؛ آپ دستخط کرتے ہیں۔"
    ),
    "Withdraw an opened case for good, yours or a colleague's; you sign.": (
        "کھولا ہوا مقدمہ ہمیشہ کے لیے واپس لینا، اپنا یا ساتھی کا؛ آپ دستخط کرتے ہیں۔"
    ),
    "Look one person up by CNIC, by a document or as a candidate, for one stated case.": (
        "ایک بتائے گئے مقدمے کے لیے شناختی کارڈ یا دستاویز کے نمبر سے، یا تلاش کے نتیجے سے، ایک شخص کا ریکارڈ دیکھنا۔"
    ),
    "Look somebody up without a grant, while harm is imminent (police).": (
        "فوری خطرے میں اجازت نامے کے بغیر کسی کا ریکارڈ دیکھنا (پولیس)۔"
    ),
    "List emergency look-ups; review them (NPB).": "ہنگامی رسائیاں دیکھنا؛ ان کا جائزہ لینا (این پی بی)۔",
    "Look somebody up without a grant, while harm is imminent; you sign, and NPB reviews it.": (
        "فوری خطرے میں اجازت نامے کے بغیر کسی کا ریکارڈ دیکھنا؛ آپ دستخط کرتے ہیں اور این پی بی جائزہ لیتا ہے۔"
    ),
    "List emergency look-ups, the newest in front: NPB all, the police their own.": (
        "ہنگامی رسائیاں، نئی پہلے: این پی بی سب کی، پولیس اپنی۔"
    ),
    "Show an emergency look-up with whom it was for (NPB).": "ہنگامی رسائی، اس شخص سمیت جس کے لیے تھی (این پی بی)۔",
    "Say whether an emergency look-up was justified, for good; you sign.": (
        "ہنگامی رسائی جائز تھی یا نہیں، حتمی طور پر بتانا؛ آپ دستخط کرتے ہیں۔"
    ),
    "List what was unusual in accesses; review it (NPB).": (
        "رسائیوں میں کیا غیر معمولی تھا، دیکھنا؛ اس کا جائزہ لینا (این پی بی)۔"
    ),
    "List unusual accesses, the newest in front: of your agency, and as NPB of all.": (
        "غیر معمولی رسائیاں، نئی پہلے: آپ کے ادارے کی، اور این پی بی کے لیے سب کی۔"
    ),
    "Say what you make of an unusual access, for good; you sign.": (
        "غیر معمولی رسائی کے بارے میں نتیجہ، حتمی طور پر بتانا؛ آپ دستخط کرتے ہیں۔"
    ),
    "List who was shown a record of your agency.": "آپ کے ادارے کا ریکارڈ کن کو دکھایا گیا۔",
    "List who was shown a record of your agency, by agency and purpose, the newest in front.": (
        "آپ کے ادارے کا ریکارڈ کن کو دکھایا گیا، ادارے اور مقصد کے ساتھ، تازہ ترین پہلے۔"
    ),
}
"""The sentence of each command."""

OPTIONS: Final[dict[str, str]] = {
    "Why it is watched.": "نگرانی کی وجہ۔",
    "You are the second: the first one's id.": "آپ دوسرے افسر ہیں: پہلے کا کوڈ۔",
    "As NPB: those that were reviewed, instead of those that wait for it.": (
        "این پی بی کے لیے: منتظر کے بجائے وہ جن کا جائزہ لیا جا چکا ہے۔"
    ),
    "Each of the accesses too, for `nsor ledger accesses`.": "ہر رسائی بھی، `nsor ledger accesses` کے لیے۔",
    "What you make of it.": "آپ کا نتیجہ۔",
    "Ask for everything at the terminal; posting and grade are remembered.": (
        "ٹرمینل پر سب کچھ پوچھا جائے؛ تعیناتی اور گریڈ یاد رہتے ہیں۔"
    ),
    "At most so many requests.": "زیادہ سے زیادہ اتنی درخواستیں۔",
    "Those that were acknowledged, instead of those that are open.": "کھلی کے بجائے وہ جن کی رسید دی جا چکی ہے۔",
    "Your file put right; nothing kept of it; or others told again, whom you had told.": (
        "آپ کی فائل درست کی گئی؛ کچھ رکھا نہیں گیا تھا؛ یا جنہیں آپ نے بتایا تھا انہیں دوبارہ بتایا گیا۔"
    ),
    "Why; repeatable.": "کیوں؛ بار بار دیا جا سکتا ہے۔",
    "Check it and open nothing.": "جانچ؛ کچھ نہیں کھلتا۔",
    "Only those that haven't ended.": "صرف وہ جو مکمل نہیں ہوئے۔",
    "The version that was seen; without it the request is shown first.": (
        "جو نسخہ دیکھا گیا؛ اس کے بغیر پہلے درخواست دکھائی جاتی ہے۔"
    ),
    "The other officer's key, instead of KEY_ID.": "دوسرے افسر کی کلید، KEY_ID کی جگہ۔",
    "Numbers of the suspects, such as 1,3; without it all.": "مشتبہ افراد کے نمبر، جیسے 1,3؛ اس کے بغیر سب۔",
    "What is shown, such as identity,conviction; without it all.": (
        "کیا دکھایا جائے، جیسے identity,conviction؛ اس کے بغیر سب۔"
    ),
    "Look-ups of each suspect; at most as many as policy's.": (
        "ہر مشتبہ شخص کا ریکارڈ کتنی بار دیکھا جا سکے؛ پالیسی سے زیادہ نہیں۔"
    ),
    "Last day of the grant; earlier than policy's.": "اجازت نامے کا آخری دن؛ پالیسی کی مدت سے پہلے۔",
    "No juvenile's record, whatever NPB decides.": "کسی نابالغ کا ریکارڈ نہیں، این پی بی کا فیصلہ جو بھی ہو۔",
    "The successor's key, instead of KEY_ID.": "نئے افسر کی کلید، KEY_ID کی جگہ۔",
    "What kind of work it is.": "کس قسم کا کام ہے۔",
    "File with a person on each line, 20 at most; without it they are read from stdin.": (
        "فائل جس کی ہر سطر میں ایک شخص ہو، زیادہ سے زیادہ 20؛ اس کے بغیر stdin سے پڑھے جاتے ہیں۔"
    ),
    "Investigation: the prosecutor's grant.": "تفتیش: پراسیکیوٹر کا اجازت نامہ۔",
    "The FIR, such as PK-PB/LHR/PS-001 2024 17 2024-03-05; of police their own grant for it is found.": (
        "استغاثہ: ایف آئی آر، جیسے PK-PB/LHR/PS-001 2024 17 2024-03-05۔"
    ),
    "Trial: the case that `nsor case open` opened.": "سماعت: وہ مقدمہ جو `nsor case open` نے کھولا۔",
    "Custody: the prisoner's number.": "حراست: قیدی نمبر۔",
    "Border control: a JSON file with number, country and expiryDate.": (
        "سرحدی جانچ: JSON فائل جس میں number، country اور expiryDate ہوں۔"
    ),
    "Register operation: what `nsor ticket open` opened.": "رجسٹر کا انتظام: جو `nsor ticket open` نے کھولا۔",
    "Instead of a number: a candidate, by the id that a search gave.": (
        "نمبر کے بجائے: تلاش کا ایک نتیجہ، اس شناخت سے جو تلاش نے دی۔"
    ),
    "By a document instead of a CNIC: it is asked for, or read from stdin as JSON.": (
        "شناختی کارڈ کے بجائے دستاویز سے: پوچھی جاتی ہے، یا stdin سے JSON کی صورت میں پڑھی جاتی ہے۔"
    ),
    "Which of those whom the grant, ticket or case names, in its order.": (
        "اجازت نامے، ٹکٹ یا مقدمے میں نامزد افراد میں سے کون سا، اسی ترتیب سے۔"
    ),
    "Year of birth, or the first and the last one: 1980, 1975-1985.": (
        "پیدائش کا سال، یا پہلا اور آخری سال: 1980، 1975-1985۔"
    ),
    "A district where the person was or is, such as PK-PB/LHR.": "وہ ضلع جہاں شخص تھا یا ہے، جیسے PK-PB/LHR۔",
    "Sex.": "جنس۔",
    "File with the CNIC on its first line.": "فائل جس کی پہلی سطر میں شناختی کارڈ نمبر ہے۔",
    "Repeat a look-up whose outcome is unknown, within ten minutes: it doesn't use the grant again.": (
        "جس کارروائی کا نتیجہ معلوم نہ ہو اسے دس منٹ میں دہرائیں: اجازت نامہ دوبارہ استعمال نہیں ہوتا۔"
    ),
    "What harm is imminent.": "کون سا خطرہ فوری ہے۔",
    "The police station that acts, such as PK-PB/LHR/PS-001.": "کارروائی کرنے والا تھانہ، جیسے PK-PB/LHR/PS-001۔",
    "Read one again that you have opened, within its minutes.": "اپنی کھولی ہوئی رسائی اس کے منٹوں میں دوبارہ پڑھنا۔",
    "Those that NPB has reviewed, instead of those that wait for it.": (
        "وہ جن کا این پی بی جائزہ لے چکا، ان کے بجائے جو جائزے کی منتظر ہیں۔"
    ),
    "What you find.": "آپ کیا پاتے ہیں۔",
}
"""The sentence of each option."""
