# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What `--help` says in Urdu. Of notices, duties, transfers and events."""

from __future__ import annotations

from typing import Final

COMMANDS: Final[dict[str, str]] = {
    "Report movements over the border (FIA Immigration).": "سرحد پار آمد و رفت کی اطلاع (ایف آئی اے امیگریشن)۔",
    "Report who has left or entered Pakistan: a table (.csv), or a movement in JSON per line; - is stdin.": (
        "کون پاکستان سے گیا یا آیا اس کی اطلاع: جدول (.csv)، یا ہر سطر میں ایک JSON؛ - معیاری ان پٹ ہے۔"
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
    "Take arrival notices of whoever isn't your station's own.": ("ان کی آمد کی اطلاعات لیں جو آپ کے تھانے کے نہیں۔"),
    "Take arrival notices of persons who aren't your station's own, and list them.": (
        "ان کی آمد کی اطلاعات لیں جو آپ کے تھانے کے نہیں، اور ان کی فہرست دیکھیں۔"
    ),
    "Take an arrival notice by the number that he shows; you sign it.": (
        "اس کے دکھائے ہوئے نمبر سے آمد کی اطلاع لیں؛ آپ دستخط کرتے ہیں۔"
    ),
    "List what your stations have taken, the newest first.": "آپ کے تھانوں کی لی ہوئی اطلاعات، تازہ ترین پہلے۔",
    "Show an arrival notice as it was given in.": "آمد کی اطلاع جیسے دی گئی تھی دکھائیں۔",
    "Your station, such as PK-SD/KHI/PS-002.": "آپ کا تھانہ، جیسے PK-SD/KHI/PS-002۔",
    "The place of his new home, if it isn't your station's.": "اس کے نئے گھر کی جگہ، اگر وہ آپ کے تھانے کی نہیں۔",
    "The day on which he moved.": "منتقلی کا دن۔",
    "The day on which he told you.": "وہ دن جب اس نے آپ کو بتایا۔",
    "Find whoever shows his number at your counter, and what he owes.": (
        "کاؤنٹر پر نمبر دکھانے والے کو اور جو اس کے ذمے ہے تلاش کریں۔"
    ),
    "Find whoever shows his number at your counter, among your own stations' records.": (
        "کاؤنٹر پر نمبر دکھانے والے کو اپنے تھانوں کے ریکارڈ میں تلاش کریں۔"
    ),
    "Instead of a CNIC: a JSON file with number, country and kind of a document.": (
        "شناختی کارڈ کے بجائے: JSON فائل جس میں دستاویز کا number، country اور kind ہو۔"
    ),
    "List who has moved to your station or away from it; accept or refuse.": (
        "آپ کے تھانے میں آنے یا وہاں سے جانے والے؛ قبول یا مسترد کرنا۔"
    ),
    "Show, follow and acknowledge your agency's events.": (
        "آپ کے ادارے کے واقعات دکھانا، ساتھ ساتھ دیکھنا، وصولی بتانا۔"
    ),
    "Enter an offender's notice, from a JSON file or stdin (-), before or after what it tells.": (
        "مجرم کی اطلاع JSON فائل یا stdin (-) سے درج کرتا ہے، تبدیلی سے پہلے یا بعد۔"
    ),
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
}
"""The sentence of each command."""

OPTIONS: Final[dict[str, str]] = {
    "Only what is overdue.": "صرف وہ جس کی مدت گزر چکی ہے۔",
    "All duties of one person, in words.": "ایک شخص کی تمام ذمہ داریاں، الفاظ میں۔",
    "Waive the duty with that NUMBER, for this reason; you sign.": (
        "اس نمبر کی ذمہ داری سے اس وجہ سے چھوٹ دیں؛ دستخط آپ کے ہیں۔"
    ),
    "Check the notice and change nothing.": "اطلاع کی جانچ؛ کچھ نہیں بدلتا۔",
    "Check the movements and report none.": "آمد و رفت کی جانچ؛ کچھ نہیں بھیجا جاتا۔",
    "Print a row to fill in.": "پُر کرنے کے لیے سطر دکھائیں۔",
    "Print a notice to fill in.": "پُر کرنے کے لیے اطلاع دکھائیں۔",
    "Only these: to you, away from you, or NPB's to decide.": (
        "صرف یہ: آپ کی طرف، آپ سے دور، یا این پی بی کے فیصلے کے لیے۔"
    ),
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
        "ایک واقعے پر پروگرام اتنی بار ناکام ہو تو چھوڑ دیں۔ [بصورتِ دیگر: 5؛ --follow کے ساتھ کبھی نہیں]"
    ),
    "Show only those of this kind, such as passenger-alike.": "صرف اس قسم کے دکھائیں، جیسے passenger-alike۔",
    "Seconds without news that end it.": "اتنے سیکنڈ کچھ نہ آنے پر ختم۔",
}
"""The sentence of each option."""
