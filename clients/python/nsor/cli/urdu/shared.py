# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What goes over an answer, and what is asked."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, str]] = {
    # The pages in a browser.
    "Copy into a browser on this machine: {}": "اسی مشین کے براؤزر میں نقل کریں: {}",
    "Port {} can't be listened on: choose another one, or none.": (
        "پورٹ {} نہیں کھل سکتی: کوئی اور چنیں، یا کوئی نہ دیں۔"
    ),
    # What was done, over an answer.
    "Accepted": "قبول کیا گیا",
    "Access request": "رسائی کی درخواست",
    "Accesses": "رسائیاں",
    "Monthly table": "ماہانہ جدول",
    # The inbox.
    "Access requests": "رسائی کی درخواستیں",
    "{:,} access requests shown; there are more: `nsor inbox --all`.": (
        "رسائی کی {:,} درخواستیں دکھائی گئیں؛ مزید بھی ہیں: `nsor inbox --all`۔"
    ),
    "Access requests: {:,}, all that there are.": "رسائی کی درخواستیں: {:,}، بس یہی ہیں۔",
    "No access requests.": "رسائی کی کوئی درخواست نہیں۔",
    "The first one: `nsor inbox 1`.": "پہلی: `nsor inbox 1`۔",
    "{:,} shown; there are more: --limit.": "{:,} دکھائے گئے؛ مزید بھی ہیں: --limit۔",
    "Also to do": "اس کے علاوہ",
    "There are more: `nsor inbox`.": "مزید بھی ہیں: `nsor inbox`۔",
    "persons who have moved to your station": "افراد جو آپ کے تھانے کی حدود میں آئے",
    "duties that are overdue": "ذمہ داریاں جن کی مدت گزر چکی",
    "decisions that wait for a second officer": "فیصلے جو دوسرے افسر کے منتظر ہیں",
    "transfers to settle": "منتقلیاں جن کا فیصلہ باقی ہے",
    "emergency look-ups to review": "ہنگامی رسائیاں جن کا جائزہ باقی ہے",
    "watched numbers that wait for a second officer": "زیرِ نگرانی نمبر جو دوسرے افسر کے منتظر ہیں",
    "replays that wait for a second officer": "دوبارہ جانچیں جو دوسرے افسر کی منتظر ہیں",
    "unusual accesses to review": "غیر معمولی رسائیاں جن کا جائزہ باقی ہے",
    "unusual accesses of the last day": "پچھلے ایک دن کی غیر معمولی رسائیاں",
    "recalls of what you were shown": "آپ کو دکھایا گیا جو غلط ثابت ہوا",
    "records with something to do": "ریکارڈ جن پر کچھ کرنا باقی ہے",
    "passengers who were shown by their names": "مسافر جو صرف ناموں سے دکھائے گئے",
    "events that are not acknowledged": "واقعات جن کی وصولی نہیں بتائی گئی",
    "reviews that another officer confirms": "جائزے جن کی دوسرا افسر تصدیق کرے",
    "reviews that are open": "جائزے جو جاری ہیں",
    "judgments that have met no conviction": "فیصلے جو کسی سزا سے نہیں ملے",
    "To ask for access to the records of suspects: `nsor access request --new`.": (
        "مشتبہ افراد کے ریکارڈ تک رسائی مانگنے کے لیے: `nsor access request --new`۔"
    ),
    "Open it? 1, or Enter for none": "اسے کھولیں؟ 1، یا نہیں تو Enter",
    "Open which one? 1 to {}, or Enter for none": "کون سی کھولیں؟ 1 سے {}، یا کوئی نہیں تو Enter",
    "Decide of juveniles' records: `nsor access juveniles {} allow`, or refuse": (
        "نابالغوں کے ریکارڈ کا فیصلہ کریں: `nsor access juveniles {} allow`، یا refuse"
    ),
    "It is late: the agency that asks and the prosecution hear of it.": (
        "مقررہ وقت گزر چکا ہے: درخواست گزار ادارے اور پراسیکیوشن کو اس کی اطلاع دی جاتی ہے۔"
    ),
    "NPB is late: it hasn't decided of juveniles' records. The rest doesn't wait for it.": (
        "این پی بی کو تاخیر ہو گئی ہے: نابالغوں کے ریکارڈ کا فیصلہ نہیں ہوا۔ باقی درخواست اس کی منتظر نہیں۔"
    ),
    "Remind the prosecution of its province: it alone decides it.": (
        "اس صوبے کی پراسیکیوشن کو یاد دلائیں: فیصلہ صرف وہی کرتی ہے۔"
    ),
    "Next, {} of {}: {}, {}.": "اگلی، {} از {}: {}، {}۔",
    "It waits for the prosecutor: {}.": "یہ پراسیکیوٹر کی منتظر ہے: {}۔",
    "That was the last one.": "یہ آخری تھی۔",
    "To grant it: `nsor access approve {}`": "منظور کرنے کے لیے: `nsor access approve {}`",
    "To return it: `nsor access return {} --reason documents-incomplete`": (
        "لوٹانے کے لیے: `nsor access return {} --reason documents-incomplete`"
    ),
    "To grant a part: `nsor access approve {} --only 1`": (
        "ایک حصہ منظور کرنے کے لیے: `nsor access approve {} --only 1`"
    ),
    "Approve, return or skip? [a/r/s]": "منظور (a)، واپس (r) یا چھوڑ دیں (s)؟ [a/r/s]",
    "Why? Numbers, such as 1,3": "کیوں؟ نمبر، جیسے 1,3",
    "On your grant {} for this FIR.": "اس ایف آئی آر کے لیے آپ کے اجازت نامے {} پر۔",
    "Agencies": "ادارے",
    "Amendment proposed": "ترمیم تجویز کی گئی",
    "Amendment refused": "ترمیم مسترد کی گئی",
    "Case opened": "مقدمہ کھولا گیا",
    "Changed since they were accepted: not entered": "قبول ہونے کے بعد بدلی گئیں: درج نہیں ہوئیں",
    "Cleaned": "صاف کیے گئے خانے",
    "Co-signed": "تصدیقی دستخط ہو گئے",
    "Compare with the document": "دستاویز سے ملائیں",
    "Confirmed": "تصدیق ہو گئی",
    "Conviction added": "سزا درج کی گئی",
    "Correct: nothing was added": "درست ہے: کچھ شامل نہیں کیا گیا",
    "Correct: nothing was changed": "درست ہے: کچھ نہیں بدلا گیا",
    "Correct: nothing was entered": "درست ہے: کچھ درج نہیں کیا گیا",
    "Correct: nothing was handed in": "درست ہے: کچھ جمع نہیں کروایا گیا",
    "Correct: nothing was opened": "درست ہے: کچھ نہیں کھولا گیا",
    "Correct: nothing was proposed": "درست ہے: کچھ تجویز نہیں کیا گیا",
    "Correct: nothing was recorded": "درست ہے: کچھ درج نہیں کیا گیا",
    "Correct: nothing was reported": "درست ہے: کوئی اطلاع نہیں دی گئی",
    "Correct: nothing was sent": "درست ہے: کچھ نہیں بھیجا گیا",
    "Correction accepted": "درستی قبول کی گئی",
    "Correction refused": "درستی مسترد کی گئی",
    "Corrections": "درستی کی درخواستیں",
    "Custody": "حراست",
    "Decided": "فیصلہ ہو گیا",
    "Disabled": "غیر فعال کی گئی",
    "Consumers": "وصول کنندے",
    "Enrolled": "درج",
    "Consumer": "وصول کنندہ",
    "{} co-signed last at {}: more than {:,} hours ago.": ("{} نے آخری دستخط {} پر کیے: {:,} گھنٹے سے زیادہ پہلے۔"),
    "{} has co-signed nothing that the register shows.": "رجسٹر {} کا کوئی دستخط نہیں دکھاتا۔",
    "Ask the witness, and the Special Committee, which feeds it. Setting: NSOR_WITNESS_AGE.": (
        "تصدیق کنندہ سے، اور خصوصی کمیٹی سے جو اسے چیک پوائنٹ بھیجتی ہے، پوچھیں۔ سیٹنگ: NSOR_WITNESS_AGE۔"
    ),
    "{} co-signed {:,} entries at {}, by its clock: none of them was made later.": (
        "{} نے {:,} اندراجات پر {} کو دستخط کیے، اپنی گھڑی کے مطابق: ان میں سے کوئی اس کے بعد کا نہیں۔"
    ),
    "Witness": "تصدیق کنندہ",
    "Witness registered": "تصدیق کنندہ درج کیا گیا",
    "Witness retired": "تصدیق کنندہ ہٹا دیا گیا",
    "Witnesses": "تصدیق کنندگان",
    "Next, with the system's key: `nsor events --consumer {} --follow`": (
        "اب، سسٹم کی کلید کے ساتھ: `nsor events --consumer {} --follow`"
    ),
    "Findings": "نتائج",
    "Found": "ریکارڈ ملا",
    "Granted": "اجازت دی گئی",
    "Handed in": "جمع کروائی گئی",
    "In force": "نافذ ہے",
    "In force: version {}": "نافذ ہے: نسخہ {}",
    "Judgment": "فیصلہ",
    "Judgment, without its number": "فیصلہ، نمبر کے بغیر",
    "Judgments that match no conviction": "فیصلے جن سے کوئی ریکارڈ نہیں ملا",
    "Key": "کلید",
    "Keys": "کلیدیں",
    "No record that this call may see": "ایسا کوئی ریکارڈ نہیں جو اس کارروائی میں دیکھا جا سکے",
    "Notice entered": "اطلاع درج کی گئی",
    "Entered already: nothing was entered": "پہلے سے درج ہے: کچھ درج نہیں کیا گیا",
    "If a second one is meant: `nsor notice enter --again {}`": "اگر دوسری ہی مراد ہے: `nsor notice enter --again {}`",
    "Opened for both officers": "دونوں افسروں کے لیے کھولا گیا",
    "Photo added": "تصویر شامل کی گئی",
    "Photo confirmed": "تصویر کی تصدیق ہو گئی",
    "Photo rejected": "تصویر مسترد کی گئی",
    "Photos": "تصاویر",
    "Proposals": "تجاویز",
    "Proposed": "تجویز کیا گیا",
    "Proposed: {}. Another officer confirms it: `nsor review {} {} --confirm`": (
        "تجویز: {}۔ دوسرا افسر اس کی تصدیق کرتا ہے: `nsor review {} {} --confirm`"
    ),
    "Decided: {}. `nsor review undo {}` proposes to take it back.": (
        "فیصلہ: {}۔ `nsor review undo {}` اسے واپس لینے کی تجویز دیتا ہے۔"
    ),
    "Proposed before: {}. {}": "پہلے تجویز ہوا: {}۔ {}",
    "What is proposed can't be confirmed any more: it can be proposed again.": (
        "جو تجویز ہے اس کی تصدیق اب نہیں ہو سکتی: اسے دوبارہ تجویز کیا جا سکتا ہے۔"
    ),
    "Or: `nsor review refuse {} --reason REASON`; who has proposed it: `nsor review withdraw {}`": (
        "یا: `nsor review refuse {} --reason REASON`؛ جس نے تجویز دی: `nsor review withdraw {}`"
    ),
    "It is proposed to take {} back: `nsor review undo {} --confirm`": (
        "{} واپس لینے کی تجویز ہے: `nsor review undo {} --confirm`"
    ),
    "One person: `nsor review merge {}`. Two: `nsor review distinct {}`.": (
        "ایک شخص: `nsor review merge {}`۔ دو: `nsor review distinct {}`۔"
    ),
    "Entered in error: `nsor review error {} --withdraw later|earlier`.": (
        "غلطی سے درج: `nsor review error {} --withdraw later|earlier`۔"
    ),
    "{} is about {}.": "{} اس کے بارے میں ہے: {}۔",
    "Proposed amendments": "تجویز کردہ ترامیم",
    "Record amended": "ریکارڈ میں ترمیم ہو گئی",
    "Recorded": "درج کیا گیا",
    "Refused": "مسترد کیا گیا",
    "Registration": "اندراج",
    "Registration, without case number and judgment date": "اندراج، مقدمہ نمبر اور فیصلے کی تاریخ کے بغیر",
    "Reported": "اطلاع دی گئی",
    "Returned": "واپس کی گئی",
    "Review": "جائزہ",
    "Review {}": "جائزہ {}",
    "Reviews": "جائزے",
    "Looking": "دیکھا جا رہا ہے",
    "Confirming": "تصدیق ہو رہی ہے",
    "Checking": "جانچ ہو رہی ہے",
    "Importing": "درج ہو رہا ہے",
    "Proving": "ثبوت کی جانچ ہو رہی ہے",
    "Fetching": "لیجر منگوایا جا رہا ہے",
    "The log is whole.": "لیجر مکمل ہے۔",
    "It continues the ledger of {:,} entries that this computer has verified.": (
        "یہ {:,} اندراجات کے اس لیجر کا تسلسل ہے جس کی جانچ اس کمپیوٹر نے کی تھی۔"
    ),
    "{:,.0f} rows/s": "{:,.0f} سطریں فی سیکنڈ",
    "{:,} rows": "{:,} سطریں",
    "Rows to correct": "درست کرنے والی سطریں",
    "Sealed registration": "مہر بند اندراج",
    "Sent to the prosecutor": "پراسیکیوٹر کو بھیجی گئی",
    "Still right": "اب بھی درست ہے",
    "The registration so far": "اب تک کا اندراج",
    "Ticket opened": "ٹکٹ کھولا گیا",
    "To be enrolled": "درج ہونے والی کلید",
    "To do": "کرنے کے کام",
    "Unsealed": "مہر کھولی گئی",
    "What changes": "کیا بدلے گا",
    "Withdrawn": "واپس لیا گیا",
    "Your receipts of lost entries": "گم شدہ اندراجات کی آپ کی رسیدیں",
    "Due": "واجب",
    "Duties": "ذمہ داریاں",
    "Waived": "چھوٹ دی گئی",
    "to tell where he lives, after release": "رہائی کے بعد بتانا کہ کہاں رہتا ہے",
    "to tell a change of name": "نام کی تبدیلی بتانا",
    "to tell a change of address": "پتے کی تبدیلی بتانا",
    "to tell a change of telephone number or e-mail address": "فون نمبر یا ای میل پتے کی تبدیلی بتانا",
    "to tell another address at which he stays at times": "دوسرا پتا بتانا جہاں وہ کبھی کبھی رہتا ہے",
    "to tell a journey in Pakistan before it begins": "ملک کے اندر سفر شروع ہونے سے پہلے بتانا",
    "to tell a journey abroad before it begins": "بیرون ملک سفر شروع ہونے سے پہلے بتانا",
    "to tell that he is back": "واپسی بتانا",
    "to come to the station to be verified, with a new photo": "جانچ اور نئی تصویر کے لیے تھانے آنا",
    "to tell where he stays, without a fixed abode": "مستقل ٹھکانہ نہ ہونے پر بتانا کہ کہاں ٹھہرا ہے",
    "to confirm a change that he had announced": "پہلے سے بتائی گئی تبدیلی کی تصدیق کرنا",
    "open": "باقی ہے",
    "met in time": "وقت پر پوری ہوئی",
    "met late": "دیر سے پوری ہوئی",
    "overdue": "مدت گزر چکی ہے",
    "waived": "چھوٹ دی گئی",
    "doesn't count": "شمار نہیں ہوتی",
    "no date: it begins when it happens": "کوئی تاریخ نہیں: جب ایسا ہو تب شروع ہوتی ہے",
    "{:,} shown, the soonest; there are more: `nsor duties --all`.": (
        "{:,} دکھائی گئیں، جو پہلے واجب ہیں؛ اور بھی ہیں: `nsor duties --all`۔"
    ),
    "{:,} due: all that there is.": "{:,} واجب ہیں: سب یہی ہیں۔",
    "To enter what meets the first: `nsor notice enter --template --kind {} --of {} > notice.json`, fill it "
    "in, `nsor notice enter notice.json`": (
        "پہلی جس سے پوری ہو وہ درج کرنے کے لیے: `nsor notice enter --template --kind {} --of {} > notice.json`، اسے"
        " پُر کریں، پھر `nsor notice enter notice.json`"
    ),
    "Nothing is due.": "کچھ واجب نہیں۔",
    "The first one in words: `nsor duties 1`. What meets it is entered with `nsor notice`.": (
        "پہلی الفاظ میں: `nsor duties 1`۔ جو اسے پورا کرے وہ `nsor notice` سے درج ہوتا ہے۔"
    ),
    "{:,} duties of {}:": "{:,} ذمہ داریاں، اندراج {}:",
    "No duties: {:,} of {}.": "کوئی ذمہ داری نہیں: {:,}، اندراج {}۔",
    "To waive the first that is open: `nsor duties 1 --of {} --waive REASON`": (
        "پہلی باقی ذمہ داری سے چھوٹ دینے کے لیے: `nsor duties 1 --of {} --waive REASON`"
    ),
    "Due by the end of {}, counted from {}. Rule {}: {}.": (
        "{} کے اختتام تک واجب، {} سے شمار۔ قاعدہ {}؛ ماخذ انگریزی میں: {}۔"
    ),
    "Nobody has read that source yet: it is a working value.": "یہ ماخذ ابھی کسی نے نہیں پڑھا: یہ عارضی مدت ہے۔",
    "It ends later, since offices are closed: {}.": "دفاتر بند ہونے کی وجہ سے مدت بعد میں ختم ہوتی ہے: {}۔",
    "It is the rule of his supervision tier: {}.": "یہ اس کے نگرانی کے درجے کا قاعدہ ہے: {}۔",
    "The policy has no rule for his supervision tier, {}: that for everybody counts.": (
        "پالیسی میں اس کے نگرانی کے درجے ({}) کا قاعدہ نہیں: سب کا عام قاعدہ لاگو ہے۔"
    ),
    "It was due on {} until he had the supervision tier {}.": "یہ {} کو واجب تھی؛ پھر نگرانی کا درجہ {} ہوا۔",
    "By when he has to be verified by that tier: `nsor duties --of {}`": (
        "اس درجے سے تصدیق کب تک واجب ہے: `nsor duties --of {}`"
    ),
    "standard": "عام",
    "enhanced": "بڑھی ہوئی",
    "intensive": "سخت",
    "It was due on {} until version {} of the policy.": "یہ {} کو واجب تھی؛ بدلنے والی پالیسی کا نسخہ: {}۔",
    "A possible breach: refer it for decision. The register decides nothing about it.": (
        "ممکنہ خلاف ورزی: فیصلے کے لیے بھیجیں۔ رجسٹر اس کا کوئی فیصلہ نہیں کرتا۔"
    ),
    "Waive for {}: {}?": "{} کے لیے چھوٹ دی جائے: {}؟",
    "Say which one: `nsor duties NUMBER --waive REASON`. `nsor duties` lists them.": (
        "بتائیں کون سی: `nsor duties NUMBER --waive REASON`۔ `nsor duties` انھیں دکھاتا ہے۔"
    ),
    "There are {:,}. `nsor duties` lists them.": "کل {:,} ہیں۔ `nsor duties` انھیں دکھاتا ہے۔",
    # Questions.
    "Accept him for your station?": "کیا آپ اسے اپنے تھانے کے لیے قبول کرتے ہیں؟",
    "Add the conviction to this record?": "یہ سزا اس ریکارڈ میں شامل کی جائے؟",
    "Amend the record so?": "ریکارڈ میں یہ ترمیم کی جائے؟",
    "Case number in the court's record (empty: leave it)": "عدالت کے ریکارڈ میں مقدمہ نمبر (خالی: رہنے دیں)",
    "Day of the judgment in the court's record": "عدالت کے ریکارڈ میں فیصلے کی تاریخ",
    "Grant this access?": "یہ اجازت دی جائے؟",
    "Is all of it still right?": "کیا یہ سب اب بھی درست ہے؟",
    "Number in the court's record (empty: leave it)": "عدالت کے ریکارڈ میں نمبر (خالی: رہنے دیں)",
    "Return this request?": "یہ درخواست واپس کی جائے؟",
    "Replace his key by this one?": "اس کی کلید کی جگہ یہ کلید لگائی جائے؟",
    "Enrol it?": "اسے درج کیا جائے؟",
    "Withdraw this {} for good?": "یہ {} مستقل طور پر واپس لیا جائے؟",
    "case": "مقدمہ",
    "grant": "اجازت نامہ",
    "ticket": "ٹکٹ",
    "{} shown: all that wait, and the newest hundred.": "{} دکھائی گئیں: سب منتظر، اور تازہ ترین سو۔",
    "When you have looked: `nsor notice verify {} {}`, or `refuse`.": (
        "دیکھ لینے کے بعد: `nsor notice verify {} {}`، یا `refuse`۔"
    ),
    "Notices": "اطلاعات",
    "Notice": "اطلاع",
    "late": "تاخیر سے",
    "Notice withdrawn": "اطلاع واپس لی گئی",
    "Notice verified": "اطلاع کی تصدیق ہوئی",
    "Notice refused": "اطلاع مسترد کی گئی",
    "Reporting": "اطلاع دی جا رہی ہے",
    "Of {}: {} correct, {} refused. Nothing was reported.": "{} میں سے: {} درست، {} مسترد۔ کچھ نہیں بھیجا گیا۔",
    "Of {}: {} reported, {} refused.": "{} میں سے: {} بھیجی گئیں، {} مسترد۔",
    "The same file was reported from this computer on {}, up to entry {}: nothing is taken twice.": (
        "یہی فائل اس کمپیوٹر سے {} کو بھیجی گئی تھی، اندراج {} تک: کچھ بھی دوبارہ نہیں لیا جاتا۔"
    ),
    "Correct those rows in the file and run it again; what was reported isn't taken twice.": (
        "فائل میں وہ سطریں درست کر کے دوبارہ چلائیں؛ جو بھیجی جا چکی وہ دوبارہ نہیں لی جاتی۔"
    ),
    "Verify this notice?": "کیا اس اطلاع کی تصدیق کی جائے؟",
    "Refuse this notice?": "کیا یہ اطلاع مسترد کی جائے؟",
    "What does it tell?": "اطلاع کس بارے میں ہے؟",
    "Send it again anyway?": "پھر بھی دوبارہ بھیجیں؟",
    "CNIC": "شناختی کارڈ نمبر",
    "The officer's own CNIC": "افسر کا اپنا شناختی کارڈ نمبر",
    "Country of the passport, such as PK": "پاسپورٹ کا ملک، جیسے PK",
    "District or station, by name or code": "ضلع یا تھانہ، نام یا کوڈ سے",
    "House (empty: none)": "مکان (خالی: کوئی نہیں)",
    "Locality (empty: none)": "علاقہ (خالی: کوئی نہیں)",
    "Mobile number": "موبائل نمبر",
    "Name, with s/o, d/o or w/o as in the order": "نام، ولدیت یا زوجیت کے ساتھ جیسے حکم میں ہے",
    "Passport number": "پاسپورٹ نمبر",
    "Passport, foreign card, PoR or ACC (empty: passport)": (
        "پاسپورٹ، غیر ملکی کارڈ، پی او آر یا اے سی سی (خالی: پاسپورٹ)"
    ),
    "Post code (empty: none)": "پوسٹ کوڈ (خالی: کوئی نہیں)",
    "Street (empty: none)": "گلی (خالی: کوئی نہیں)",
}
