# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What `--help` says in Urdu: the sentence of each command, and of each option. A test misses what isn't here.

Further sentences about a command stay in English, and so do the words that a command line is written with.
"""

from __future__ import annotations

from typing import Final

COMMANDS: Final[dict[str, str]] = {
    "Pakistan's National Sex Offenders Register, for agencies.": (
        "پاکستان کا قومی رجسٹر برائے جنسی مجرمان، اداروں کے لیے۔"
    ),
    # The list of all.
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
    "Take offenders' notices: addresses, names, journeys and others.": (
        "مجرموں کی اطلاعات لینا: پتے، نام، سفر اور دیگر۔"
    ),
    "Take offenders' notices, and say what became of them: `nsor notice FILE` enters one.": (
        "مجرموں کی اطلاعات لینا اور ان کا انجام بتانا: `nsor notice FILE` ایک درج کرتا ہے۔"
    ),
    "List the notices of a record: those that wait to be verified, and the newest hundred.": (
        "ریکارڈ کی اطلاعات کی فہرست: جو تصدیق کی منتظر ہیں، اور تازہ ترین سو۔"
    ),
    "Show a notice with what it tells, as far as your agency may see it.": (
        "اطلاع اور اس کا مضمون دکھاتا ہے، جتنا آپ کا ادارہ دیکھ سکتا ہے۔"
    ),
    "Withdraw a notice that your agency took: the record says it no more.": (
        "آپ کے ادارے کی لی ہوئی اطلاع واپس لینا: ریکارڈ اسے اب نہیں بتاتا۔"
    ),
    "Say that a notice is so, as you have found; you sign.": (
        "بتائیں کہ اطلاع درست ہے، جیسا آپ نے پایا؛ آپ دستخط کرتے ہیں۔"
    ),
    "Say that a notice isn't so, with a reason; you sign.": (
        "وجہ کے ساتھ بتائیں کہ اطلاع درست نہیں؛ آپ دستخط کرتے ہیں۔"
    ),
    "Enter that what a notice expected did not happen: the record expects it no more.": (
        "درج کریں کہ جو متوقع تھا وہ نہیں ہوا: ریکارڈ میں اب اس کی توقع نہیں۔"
    ),
    "The station that received it, such as PK-PB/LHR/PS-001.": "وصول کرنے والا تھانہ، جیسے PK-PB/LHR/PS-001۔",
    "Day on which it was expected.": "جس دن اس کی توقع تھی۔",
    "Day on which the station heard of it. [default: today]": "جس دن تھانے کو خبر ملی۔ [بصورتِ دیگر: آج]",
    "Check it and change nothing.": "جانچ؛ کچھ نہیں بدلتا۔",
    "Of the notice to fill in: what it tells.": "پُر کی جانے والی اطلاع کس بارے میں ہے۔",
    "Of the notice to fill in: whose it is.": "پُر کی جانے والی اطلاع کس کی ہے۔",
    "Of the notice to fill in: the station that received it.": "پُر کی جانے والی اطلاع کس تھانے کو ملی۔",
    "Enter it once more, though the same was entered before.": "دوبارہ درج کریں، اگرچہ یہی پہلے درج ہو چکی ہے۔",
    "List what registered persons owe, soonest first; waive it.": (
        "درج شدہ افراد کی ذمہ داریاں دکھاتا ہے، جو پہلے واجب ہے وہ پہلے؛ چھوٹ دینا۔"
    ),
    "List what is due at your stations, soonest first; with a NUMBER say that person's duties in words.": (
        "آپ کے تھانوں میں جو واجب ہے دکھاتا ہے، جو پہلے ہے وہ پہلے؛ نمبر کے ساتھ اس شخص کی ذمہ داریاں الفاظ میں۔"
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
    "List who has moved to your station or away from it; accept or refuse.": (
        "آپ کے تھانے میں آنے یا وہاں سے جانے والے؛ قبول یا مسترد کرنا۔"
    ),
    "List registrations that may be of one person (NPB).": "وہ رجسٹریشنیں جو ایک ہی شخص کی ہو سکتی ہیں (این پی بی)۔",
    "Compare two such registrations, and end their review (NPB).": (
        "ایسی دو رجسٹریشنیں ملا کر جائزہ مکمل کرنا (این پی بی)۔"
    ),
    "Show, follow and acknowledge your agency's events.": (
        "آپ کے ادارے کے واقعات دکھانا، ساتھ ساتھ دیکھنا، وصولی بتانا۔"
    ),
    "Ask for access; approve, return, show or withdraw it.": (
        "رسائی کی درخواست؛ منظور کرنا، لوٹانا، دیکھنا یا واپس لینا۔"
    ),
    "Open, list or withdraw a ticket: NPB's work on named persons.": (
        "ٹکٹ کھولنا، دیکھنا یا واپس لینا: نامزد افراد پر این پی بی کا کام۔"
    ),
    "Open, list or withdraw a court case: who may be looked up for a trial.": (
        "عدالتی مقدمہ کھولنا، دیکھنا یا واپس لینا: سماعت کے لیے کن کا ریکارڈ دیکھا جا سکتا ہے۔"
    ),
    "Look one person up by CNIC.": "شناختی کارڈ نمبر سے ایک شخص کا ریکارڈ دیکھنا۔",
    "Make, enrol, replace, list and disable keys.": "کلیدیں بنانا، درج کروانا، بدلنا، دیکھنا، غیر فعال کرنا۔",
    "Propose and adopt the policy that decides (NPB).": "پالیسی تجویز اور نافذ کرنا (این پی بی)۔",
    "List what waits for a second officer; refuse or withdraw it (NPB).": (
        "دوسرے افسر کے منتظر کام دیکھنا؛ مسترد کرنا یا واپس لینا (این پی بی)۔"
    ),
    "Find the codes of provinces and districts.": "صوبوں اور اضلاع کے کوڈ تلاش کرتا ہے۔",
    "Find the codes of offences.": "جرائم کے کوڈ تلاش کرتا ہے۔",
    "Say who you are here, and whether the register answers.": (
        "بتاتا ہے کہ آپ یہاں کون ہیں، اور رجسٹر جواب دیتا ہے یا نہیں۔"
    ),
    "Verify the access ledger; list accesses.": "رسائی کے لیجر کی جانچ؛ رسائیاں دیکھنا۔",
    "List the agencies.": "ادارے دکھاتا ہے۔",
    "Make a key and a certificate request.": "کلید اور سرٹیفکیٹ کی درخواست بناتا ہے۔",
    # Orders, confirmations, judgments.
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
    # Particulars, photos, corrections, ends.
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
    "Enter an offender's notice, from a JSON file or stdin (-), before or after what it tells.": (
        "مجرم کی اطلاع JSON فائل یا stdin (-) سے درج کرتا ہے، تبدیلی سے پہلے یا بعد۔"
    ),
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
    # Identity.
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
    # Transfers.
    "List who has moved to your station or away from it: `nsor transfers 1` opens the first one.": (
        "آپ کے تھانے میں آنے یا وہاں سے جانے والے: `nsor transfers 1` پہلا کھولتا ہے۔"
    ),
    "List open transfers, of each side the oldest first; with a NUMBER open that one.": (
        "زیر التوا منتقلیاں، ہر طرف کی سب سے پرانی پہلے؛ NUMBER کے ساتھ وہ کھولتا ہے۔"
    ),
    "Take him on for your station, which is responsible from then on; you sign.": (
        "اپنے تھانے کے لیے ذمہ داری لینا، جو تب سے ذمہ دار ہے؛ آپ دستخط کرتے ہیں۔"
    ),
    "Refuse him for your station; you sign.": "اپنے تھانے کے لیے مسترد کرنا؛ آپ دستخط کرتے ہیں۔",
    "Make the new station responsible, against its refusal or its silence (NPB); you sign.": (
        "نئے تھانے کو انکار یا خاموشی کے باوجود ذمہ دار بنانا (این پی بی)؛ آپ دستخط کرتے ہیں۔"
    ),
    "Leave the old station responsible (NPB); you sign.": (
        "پرانے تھانے کو ذمہ دار رہنے دینا (این پی بی)؛ آپ دستخط کرتے ہیں۔"
    ),
    # Custody.
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
    # Reviews.
    "List registrations that share an identifier with an earlier one, or are alike, the newest first.": (
        "وہ رجسٹریشنیں جن کا کوئی نمبر پہلی سے ملتا ہے یا جو ملتی جلتی ہیں، نئی پہلے۔"
    ),
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
    # What waits for a second officer.
    "List what waits for a second officer of NPB; refuse it, or withdraw what you have proposed.": (
        "این پی بی کے دوسرے افسر کے منتظر کام؛ مسترد کرنا، یا اپنی تجویز واپس لینا۔"
    ),
    "List what waits, the one whose time is over first in front; or what has ended, the last one in front.": (
        "جو منتظر ہے، جس کا وقت پہلے ختم ہو وہ پہلے؛ یا جو مکمل ہو چکا، آخری پہلے۔"
    ),
    "Refuse what another officer has proposed; you sign.": "دوسرے افسر کی تجویز مسترد کرنا؛ آپ دستخط کرتے ہیں۔",
    "Withdraw what you have proposed; you sign.": "اپنی تجویز واپس لینا؛ آپ دستخط کرتے ہیں۔",
    # Events, access, tickets, cases, look-ups.
    "Say what is due at your stations: `nsor duties` lists it; print a person's duties to hand over.": (
        "آپ کے تھانوں میں کیا واجب ہے: `nsor duties` فہرست دیتی ہے؛ کسی شخص کی ذمہ داریاں دینے کے لیے چھاپنا۔"
    ),
    "Print the duties of one person on a page to hand over to him: his name, what he must do, and by when.": (
        "ایک شخص کی ذمہ داریاں ایک صفحے پر، اسے دینے کے لیے: نام، کیا کرنا ہے، اور کب تک۔"
    ),
    "Hear your agency's events, and post each to your own HTTPS endpoint, for good.": (
        "اپنے ادارے کے واقعات وصول کر کے ہر ایک اپنے HTTPS پتے پر بھیجنا، مسلسل۔"
    ),
    "Try settings, folder, register and endpoint, and post nothing.": (
        "سیٹنگز، فولڈر، رجسٹر اور وصول کنندہ آزمانا، کچھ بھیجے بغیر۔"
    ),
    "Post dead letters again, the oldest first: all, or those with these numbers; each is removed when it is taken.": (
        "الگ رکھے واقعات دوبارہ بھیجنا، پرانے پہلے: سب، یا ان نمبروں کے؛ لیا گیا واقعہ ہٹا دیا جاتا ہے۔"
    ),
    "Show your agency's events, the oldest first: each names a record by its id, and no person.": (
        "آپ کے ادارے کے واقعات، پرانے پہلے: ہر ایک ریکارڈ کا نمبر بتاتا ہے، کسی شخص کا نام نہیں۔"
    ),
    "Ask for access to the records of suspects in an FIR; approve, return, show or withdraw it.": (
        "ایف آئی آر کے مشتبہ افراد کے ریکارڈ تک رسائی مانگنا؛ منظور کرنا، لوٹانا، دیکھنا یا واپس لینا۔"
    ),
    "Grant access; the prosecutor signs.": "رسائی کی اجازت؛ پراسیکیوٹر دستخط کرتا ہے۔",
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
    "Look one person up by CNIC, for one stated case.": (
        "ایک بتائے گئے مقدمے کے لیے شناختی کارڈ نمبر سے ایک شخص کا ریکارڈ دیکھنا۔"
    ),
    # Keys, policy, codes, the ledger.
    "Make, enrol, replace, list and disable keys of officers and systems.": (
        "افسروں اور سسٹموں کی کلیدیں بنانا، درج کروانا، بدلنا، دیکھنا، غیر فعال کرنا۔"
    ),
    "Disable a key of your agency, for good: show whose it is, and ask.": (
        "آپ کے ادارے کی کلید ہمیشہ کے لیے غیر فعال کرنا: پہلے دکھاتا ہے کس کی ہے، اور پوچھتا ہے۔"
    ),
    "Enrol an officer's key for your agency.": "آپ کے ادارے کے لیے افسر کی کلید درج کروانا۔",
    "List your agency's keys: of officers, systems and focal persons.": (
        "آپ کے ادارے کی کلیدیں: افسروں، سسٹموں اور فوکل پرسن کی۔"
    ),
    "Make a key in a new FILE that only you can read, and its public half in FILE.pub.": (
        "نئی FILE میں کلید بناتا ہے جو صرف آپ پڑھ سکتے ہیں، اور FILE.pub میں اس کا عام حصہ۔"
    ),
    "Enrol a new key for an officer in the place of the live one of the same number, which is disabled at once.": (
        "افسر کی نئی کلید اسی نمبر کی فعال کلید کی جگہ درج کروانا، جو فوراً غیر فعال ہو جاتی ہے۔"
    ),
    "Write what a focal person needs to enrol your key, so that your key stays with you.": (
        "وہ لکھتا ہے جو فوکل پرسن کو آپ کی کلید درج کروانے کے لیے چاہیے؛ کلید آپ کے پاس رہتی ہے۔"
    ),
    "Enrol the key of a system, for what needs no person, such as following events.": (
        "سسٹم کی کلید درج کروانا، ایسے کام کے لیے جس میں شخص درکار نہیں، جیسے واقعات دیکھنا۔"
    ),
    "Enrol, list and disable systems that follow events.": "اطلاعات لینے والے سسٹم درج، دیکھنا، غیر فعال کرنا۔",
    "Enrol, list and disable consumers: systems of your agency that follow a part of its events.": (
        "وصول کنندے درج کروانا، دیکھنا، غیر فعال کرنا: آپ کے ادارے کے سسٹم جو اس کی اطلاعات کا ایک حصہ لیتے ہیں۔"
    ),
    "Let a system follow a part of the events.": "کسی سسٹم کو اطلاعات کا ایک حصہ لینے دینا۔",
    "List your agency's consumers.": "آپ کے ادارے کے وصول کنندے۔",
    "Disable a consumer, for good: it hears nothing from now on.": (
        "وصول کنندہ ہمیشہ کے لیے غیر فعال کرنا: اب سے اسے کچھ نہیں ملے گا۔"
    ),
    "Disabled ones too.": "غیر فعال بھی۔",
    "Events of this place or within it; repeatable; default: all.": (
        "اس مقام یا اس کے اندر کی اطلاعات؛ کئی بار دیا جا سکتا ہے؛ ورنہ سب۔"
    ),
    "Events of this kind, such as address-changed; default: all.": (
        "اس قسم کی اطلاعات، جیسے address-changed؛ ورنہ سب۔"
    ),
    "Those of this consumer, whose system's key you act with.": (
        "اس وصول کنندہ کی، جس کے سسٹم کی کلید سے آپ کام کرتے ہیں۔"
    ),
    "See what decides (deadlines, offences, what is switched off...), propose another document, adopt a proposal.": (
        "جو فیصلہ کن ہے وہ دیکھنا (مہلتیں، جرائم، کیا بند ہے...)، دوسری دستاویز تجویز کرنا، تجویز نافذ کرنا۔"
    ),
    "Put a proposal in force: show what it changes, ask, sign.": (
        "تجویز نافذ کرنا: کیا بدلتا ہے دکھانا، پوچھنا، دستخط۔"
    ),
    "List the documents in force, and the proposals that wait for a second officer.": (
        "نافذ دستاویزات، اور دوسرے افسر کی منتظر تجاویز۔"
    ),
    "Propose FILE, named as its document is, such as deadlines.toml; you sign.": (
        "FILE تجویز کرنا، جس کا نام دستاویز کا ہے، جیسے deadlines.toml؛ آپ دستخط کرتے ہیں۔"
    ),
    "Print a document in force, as TOML to be edited and proposed; or show what a proposal would change.": (
        "نافذ دستاویز TOML میں، ترمیم اور تجویز کے لیے؛ یا تجویز سے کیا بدلے گا۔"
    ),
    "Withdraw a proposal that you have made.": "اپنی تجویز واپس لینا۔",
    "Find a place's code by its name in English or Urdu, or list what is in PK-PB; without WORDS, all.": (
        "مقام کا کوڈ انگریزی یا اردو نام سے تلاش کرنا، یا PK-PB میں جو ہے؛ WORDS کے بغیر سب۔"
    ),
    'Find an offence\'s code by words of its title, or by its section: 376, "376 PPC", PPC-376; without WORDS, all.': (
        'جرم کا کوڈ عنوان کے الفاظ یا دفعہ سے تلاش کرنا: 376، "376 PPC"، PPC-376؛ WORDS کے بغیر سب۔'
    ),
    "Say which agency and officer you are here, until when, and whether the register answers.": (
        "آپ یہاں کون سا ادارہ اور افسر ہیں، کب تک، اور رجسٹر جواب دیتا ہے یا نہیں۔"
    ),
    "Verify the access ledger; show or co-sign its newest checkpoint; list accesses.": (
        "رسائی کے لیجر کی جانچ؛ تازہ ترین چیک پوائنٹ دکھانا یا اس پر تصدیقی دستخط؛ رسائیاں دیکھنا۔"
    ),
    "List accesses, the newest first: who called what, when and why; never whom it was about.": (
        "رسائیاں، نئی پہلے: کس نے کیا کارروائی کی، کب اور کیوں؛ یہ کبھی نہیں کہ کس کے بارے میں۔"
    ),
    "Print the newest checkpoint: a signed note that witnesses can co-sign.": (
        "تازہ ترین چیک پوائنٹ: دستخط شدہ نوٹ جس پر تصدیق کنندہ دستخط کر سکتے ہیں۔"
    ),
    "As a witness: verify the ledger, then co-sign its newest checkpoint and append it to a file.": (
        "بطور تصدیق کنندہ: لیجر کی جانچ، پھر تازہ ترین چیک پوائنٹ پر دستخط اور فائل میں اضافہ۔"
    ),
    "Make a witness's key in a new FILE that only you can read, and print its verifier key.": (
        "نئی FILE میں تصدیق کنندہ کی کلید بناتا ہے جو صرف آپ پڑھ سکتے ہیں، اور اس کی جانچ کی کلید دکھاتا ہے۔"
    ),
    "Prove that the ledger only grew, and that it holds every entry you were shown.": (
        "ثبوت کہ لیجر صرف بڑھا ہے، اور اس میں ہر وہ اندراج ہے جو آپ کو دکھایا گیا۔"
    ),
    "List the agencies of the register.": "رجسٹر کے ادارے دکھاتا ہے۔",
    "Make your agency's key and the request for its certificate.": (
        "آپ کے ادارے کی کلید اور سرٹیفکیٹ کی درخواست بناتا ہے۔"
    ),
    "Make a key that stays here and a request (CSR) for the register's CA.": (
        "کلید جو یہیں رہتی ہے، اور رجسٹر کی سی اے کے لیے درخواست (CSR) بناتا ہے۔"
    ),
}
"""The sentence of a command -> the same in Urdu."""

OPTIONS: Final[dict[str, str]] = {
    # Who calls whom, and how the answer looks.
    "Language of what is said to you; tables and fields stay in English.": (
        "جو آپ سے کہا جائے اس کی زبان؛ جدول اور خانے انگریزی میں رہتے ہیں۔"
    ),
    "Profile in the settings file.": "سیٹنگز کی فائل میں پروفائل۔",
    "host:port of the register.": "رجسٹر کا host:port۔",
    "PEM file of the agency's certificate.": "ادارے کے سرٹیفکیٹ کی PEM فائل۔",
    "PEM file of its key.": "اس کی کلید کی PEM فائل۔",
    "PEM file of the register's CA.": "رجسٹر کی سی اے کی PEM فائل۔",
    "File of the acting officer's key, or of this system's.": "کام کرنے والے افسر، یا اس سسٹم کی کلید کی فائل۔",
    "The ledger's verifier key, or a file with it.": "لیجر کی جانچ کی کلید، یا اس کی فائل۔",
    "A witness's verifier key, or a file with one a line: each must have co-signed every new epoch.": (
        "تصدیق کنندہ کی جانچ کی کلید، یا فائل جس کی ہر سطر میں ایک ہو: ہر نئے دور پر ہر ایک کے دستخط ہوں۔"
    ),
    "Folder in which proofs are kept.": "فولڈر جس میں ثبوت رکھے جاتے ہیں۔",
    "Show the whole ids of a refusal.": "انکار کے پورے نمبر دکھائیں۔",
    "Answer in JSON, for programs.": "پروگراموں کے لیے JSON میں جواب۔",
    "Don't ask.": "نہ پوچھیں۔",
    "Why.": "کیوں۔",
    "Why; repeatable.": "کیوں؛ بار بار دیا جا سکتا ہے۔",
    "At most so many.": "زیادہ سے زیادہ اتنے۔",
    "At least so many, if there are.": "کم از کم اتنے، اگر ہوں۔",
    "Only what is overdue.": "صرف وہ جس کی مدت گزر چکی ہے۔",
    "All duties of one person, in words.": "ایک شخص کی تمام ذمہ داریاں، الفاظ میں۔",
    "Waive the duty with that NUMBER, for this reason; you sign.": (
        "اس نمبر کی ذمہ داری سے اس وجہ سے چھوٹ دیں؛ دستخط آپ کے ہیں۔"
    ),
    "However many there are.": "جتنے بھی ہوں۔",
    "Confirm what another officer has proposed.": "دوسرے افسر کی تجویز کی تصدیق۔",
    # Work and orders.
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
    # The court.
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
    # Rehearsals and files to fill in.
    "Check the judgment and change nothing.": "فیصلے کی جانچ؛ کچھ نہیں بدلتا۔",
    "Check the conviction and change nothing.": "سزا کی جانچ؛ کچھ نہیں بدلتا۔",
    "Check the notice and change nothing.": "اطلاع کی جانچ؛ کچھ نہیں بدلتا۔",
    "Check the photo and add nothing.": "تصویر کی جانچ؛ کچھ شامل نہیں ہوتا۔",
    "Check the request and change nothing.": "درخواست کی جانچ؛ کچھ نہیں بدلتا۔",
    "Check the report and change nothing.": "رپورٹ کی جانچ؛ کچھ نہیں بدلتا۔",
    "Check the event and record nothing.": "اندراج کی جانچ؛ کچھ درج نہیں ہوتا۔",
    "Check it and open nothing.": "جانچ؛ کچھ نہیں کھلتا۔",
    "Check the document and change nothing.": "دستاویز کی جانچ؛ کچھ نہیں بدلتا۔",
    "Show what would change and check it; change nothing.": "کیا بدلے گا دکھا کر جانچ؛ کچھ نہیں بدلتا۔",
    "Show what would change and check it; propose nothing.": "کیا بدلے گا دکھا کر جانچ؛ کچھ تجویز نہیں ہوتا۔",
    "Print a judgment to fill in.": "پُر کرنے کے لیے فیصلہ دکھائیں۔",
    "Print a conviction to fill in.": "پُر کرنے کے لیے سزا دکھائیں۔",
    "Print particulars to fill in.": "پُر کرنے کے لیے کوائف دکھائیں۔",
    "Print a notice to fill in.": "پُر کرنے کے لیے اطلاع دکھائیں۔",
    "Print a request to fill in.": "پُر کرنے کے لیے درخواست دکھائیں۔",
    "Print a report to fill in.": "پُر کرنے کے لیے رپورٹ دکھائیں۔",
    "Print what the record says now, as a file to change. CONFIDENTIAL.": (
        "ریکارڈ اب جو کہتا ہے، بدلنے کے لیے فائل کی شکل میں۔ خفیہ۔"
    ),
    # Particulars.
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
    # Transfers.
    "Only these: to you, away from you, or NPB's to decide.": (
        "صرف یہ: آپ کی طرف، آپ سے دور، یا این پی بی کے فیصلے کے لیے۔"
    ),
    # Custody.
    "Day on which it happened: 2026-10-31 or 31.10.2026. [default: today]": (
        "جس دن ہوا: 2026-10-31 یا 31.10.2026۔ [default: today]"
    ),
    "Day on which he is expected to be released, after today.": "متوقع رہائی کی تاریخ، آج کے بعد۔",
    "JSON file with the address after release, - for stdin; `nsor custody address` prints one to fill in.": (
        "رہائی کے بعد کے پتے کی JSON فائل، - سے مراد stdin؛ `nsor custody address` پُر کرنے کے لیے ایک دکھاتی ہے۔"
    ),
    "Prisons department that is to admit him.": "محکمۂ جیل جو اسے داخل کرے۔",
    "What was entered by mistake: the last event.": "کیا غلطی سے درج ہوا: آخری اندراج۔",
    # Reviews, events, access, look-ups.
    "What has ended in the last 30 days: withdrawn, refused or expired.": (
        "جو پچھلے 30 دنوں میں مکمل ہوا: واپس لیا گیا، مسترد یا میعاد ختم۔"
    ),
    "Only those that haven't ended.": "صرف وہ جو مکمل نہیں ہوئے۔",
    "In which of the two the number that both have is marked as disputed; none: of a likely duplicate.": (
        "دونوں میں سے کس میں مشترک نمبر متنازع لکھا جائے؛ none: صرف ملتے جلتے ریکارڈ میں۔"
    ),
    "Which of the two was entered in error.": "دونوں میں سے کون سی غلطی سے درج ہوئی۔",
    "Wait for more until Ctrl-C.": "Ctrl-C تک مزید کا انتظار کریں۔",
    "Show those after this number, acknowledged or not.": "اس نمبر کے بعد والے، وصولی بتائی گئی ہو یا نہیں۔",
    "Acknowledge what was shown: it is not sent again.": "جو دکھایا گیا اس کی وصولی بتائیں: دوبارہ نہیں آتا۔",
    "The settings file.": "سیٹنگز کی فائل۔",
    "Language of what is said to you.": "آپ سے کہی جانے والی بات کی زبان۔",
    "Print a settings file.": "سیٹنگز کی فائل دکھائیں۔",
    "Only list them.": "صرف فہرست دکھائیں۔",
    "Program that gets each event, as JSON on its standard input: exit code 0 acknowledges it.": (
        "پروگرام جسے ہر واقعہ standard input پر JSON میں ملتا ہے: خروجی کوڈ 0 وصولی بتاتا ہے۔"
    ),
    "Seconds that the program may take for one event.": "ایک واقعے پر پروگرام اتنے سیکنڈ لے سکتا ہے۔",
    "Give up when the program has failed so often on one event. [default: 5; with --follow never]": (
        "ایک واقعے پر پروگرام اتنی بار ناکام ہو تو چھوڑ دیں۔ [default: 5; with --follow never]"
    ),
    "Seconds without news that end it.": "اتنے سیکنڈ کچھ نہ آنے پر ختم۔",
    "The version that was seen; without it the request is shown first.": (
        "جو نسخہ دیکھا گیا؛ اس کے بغیر پہلے درخواست دکھائی جاتی ہے۔"
    ),
    "The other officer's key, instead of KEY_ID.": "دوسرے افسر کی کلید، KEY_ID کی جگہ۔",
    "What kind of work it is.": "کس قسم کا کام ہے۔",
    "File with a CNIC on each line, 20 at most; without it they are read from stdin.": (
        "فائل جس کی ہر سطر میں شناختی کارڈ نمبر ہو، زیادہ سے زیادہ 20؛ اس کے بغیر stdin سے پڑھے جاتے ہیں۔"
    ),
    "Investigation: the prosecutor's grant.": "تفتیش: پراسیکیوٹر کا اجازت نامہ۔",
    "Prosecution: the FIR, such as PK-PB/LHR/PS-001 2024 17 2024-03-05.": (
        "استغاثہ: ایف آئی آر، جیسے PK-PB/LHR/PS-001 2024 17 2024-03-05۔"
    ),
    "Trial: the case that `nsor case open` opened.": "سماعت: وہ مقدمہ جو `nsor case open` نے کھولا۔",
    "Custody: the prisoner's number.": "حراست: قیدی نمبر۔",
    "Border control: a JSON file with number, country and expiryDate.": (
        "سرحدی جانچ: JSON فائل جس میں number، country اور expiryDate ہوں۔"
    ),
    "Register operation: what `nsor ticket open` opened.": "رجسٹر کا انتظام: جو `nsor ticket open` نے کھولا۔",
    "File with the CNIC on its first line.": "فائل جس کی پہلی سطر میں شناختی کارڈ نمبر ہے۔",
    "Repeat a look-up whose outcome is unknown, within ten minutes: it doesn't use the grant again.": (
        "جس کارروائی کا نتیجہ معلوم نہ ہو اسے دس منٹ میں دہرائیں: اجازت نامہ دوبارہ استعمال نہیں ہوتا۔"
    ),
    # Keys.
    "The key's file, instead of KEY_ID.": "کلید کی فائل، KEY_ID کی جگہ۔",
    "The key that you act with: no focal person is needed.": "جس کلید سے آپ کام کرتے ہیں: فوکل پرسن درکار نہیں۔",
    "The focal person's key, which signs this.": "فوکل پرسن کی کلید، جو اس پر دستخط کرتی ہے۔",
    "Another focal person's key: for deciding officers of NPB or of a court.": (
        "دوسرے فوکل پرسن کی کلید: این پی بی یا عدالت کے فیصلہ کرنے والے افسروں کے لیے۔"
    ),
    "What `nsor officer request` has written, instead of the officer's key and facts.": (
        "جو `nsor officer request` نے لکھا، افسر کی کلید اور کوائف کی جگہ۔"
    ),
    "The officer's key.": "افسر کی کلید۔",
    "Personal or belt number.": "ذاتی یا بیلٹ نمبر۔",
    "BPS grade.": "BPS گریڈ۔",
    "Where the officer may act; repeatable; default: wherever the agency may.": (
        "افسر کہاں کام کر سکتا ہے؛ بار بار دیا جا سکتا ہے؛ ورنہ جہاں ادارہ کر سکتا ہے۔"
    ),
    "The officer may sign decisions.": "افسر فیصلوں پر دستخط کر سکتا ہے۔",
    "Disabled keys too.": "غیر فعال کلیدیں بھی۔",
    "The file to write; it holds no secret.": "لکھی جانے والی فائل؛ اس میں کوئی راز نہیں۔",
    "The system's key, as `new-key` makes one.": "سسٹم کی کلید، جیسی `new-key` بناتا ہے۔",
    "The system's number, such as SYSTEM-1.": "سسٹم کا نمبر، جیسے SYSTEM-1۔",
    "The version that was seen; without it the differences are shown first.": (
        "جو نسخہ دیکھا گیا؛ اس کے بغیر پہلے فرق دکھائے جاتے ہیں۔"
    ),
    # The ledger.
    "Only this agency.": "صرف یہ ادارہ۔",
    "Only these.": "صرف یہ۔",
    "Only this access.": "صرف یہ رسائی۔",
    "Only the access of this support code; reads the list until it is found.": (
        "صرف اس سپورٹ کوڈ کی رسائی؛ ملنے تک فہرست پڑھتا ہے۔"
    ),
    "From this day on, or from DAY HH:MM; Pakistan time.": "اس دن سے، یا DAY HH:MM سے؛ پاکستان کا وقت۔",
    "To the end of this day, or until DAY HH:MM.": "اس دن کے آخر تک، یا DAY HH:MM تک۔",
    "The first one of at least this size.": "کم از کم اتنے سائز کا پہلا۔",
    "The witness's key: `nsor ledger new-witness-key` makes it.": (
        "تصدیق کنندہ کی کلید: `nsor ledger new-witness-key` بناتی ہے۔"
    ),
    "Append-only file of co-signed checkpoints; default: beside the kept proofs.": (
        "تصدیقی دستخط والے چیک پوائنٹس کی فائل، جس میں صرف اضافہ ہوتا ہے؛ ورنہ ثبوتوں کے ساتھ۔"
    ),
    "Co-sign the first checkpoint of a new epoch instead, from this file of the register's operator.": (
        "اس کی بجائے نئے دور کے پہلے چیک پوائنٹ پر دستخط، رجسٹر کے منتظم کی اس فائل سے۔"
    ),
    "The witness's name, a URL without https://; default: nsor.gov.pk/witness/AGENCY.": (
        "تصدیق کنندہ کا نام، https:// کے بغیر URL؛ ورنہ nsor.gov.pk/witness/AGENCY۔"
    ),
    "Prove every kept entry again, not only those since the last time.": (
        "رکھے ہوئے ہر اندراج کا دوبارہ ثبوت، صرف پچھلی بار کے بعد والوں کا نہیں۔"
    ),
    "Where to put them.": "انہیں کہاں رکھنا ہے۔",
}
"""The sentence of an option -> the same in Urdu."""
