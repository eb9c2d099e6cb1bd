# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What the command says to people, in Urdu: a text as it stands in the code -> the same in Urdu.

Values take the places in braces, in the same order. A test reads the code and misses what isn't here. Not in Urdu are
the headings of tables and the names of fields: a terminal turns Urdu around, and nothing may stand to its right.
"""

from __future__ import annotations

from typing import Final

from nsor.cli import urdu_wrong_use

TEXTS: Final[dict[str, str]] = {
    **urdu_wrong_use.TEXTS,
    # An import.
    "all: {}": "سب: {}",
    "a file gets a list of all": "فائل دینے پر سب کی فہرست بنتی ہے",
    # Recalls.
    "Recalls": "غلط ثابت ہونے کی اطلاعات",
    "recalls": "غلط ثابت ہونے کی اطلاعات",
    "Recall acknowledged": "اطلاع کی رسید دی گئی",
    "No longer: strike out what was shown. Changed: something of it is wrong. Restored: it stands again.": (
        "No longer: جو دکھایا گیا اسے کاٹ دیں۔ Changed: اس میں کچھ غلط ہے۔ Restored: وہ پھر درست ہے۔"
    ),
    "Find the access in your own file and put it right. Then: `nsor recalls acknowledge {} --did file-corrected`": (
        "اپنی فائل میں یہ رسائی ڈھونڈ کر اسے درست کریں۔ پھر: `nsor recalls acknowledge {} --did file-corrected`"
    ),
    # What was done, over an answer.
    "Accepted": "قبول کیا گیا",
    "Access request": "رسائی کی درخواست",
    "Accesses": "رسائیاں",
    # A new access request, question by question.
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
    "Name": "نام",
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
    "Name, with s/o, d/o or w/o as in the FIR": "نام، ولد، بنت یا زوجہ کے ساتھ جیسے ایف آئی آر میں",
    "Year of birth, such as 1988": "پیدائش کا سال، جیسے 1988",
    "Number": "نمبر",
    "You asked for this FIR on {}, {}: {}. `nsor access show {}`": (
        "آپ نے اس ایف آئی آر کے لیے {} کو مانگا تھا، {}: {}۔ `nsor access show {}`"
    ),
    "A suspect of it was asked for before, for this FIR: `nsor access show {}`": (
        "اس کے ایک مشتبہ کے لیے اسی ایف آئی آر میں پہلے بھی مانگا گیا تھا: `nsor access show {}`"
    ),
    # The inbox.
    "Access requests": "رسائی کی درخواستیں",
    "{:,} access requests shown; there are more: `nsor inbox --all`.": (
        "رسائی کی {:,} درخواستیں دکھائی گئیں؛ مزید بھی ہیں: `nsor inbox --all`۔"
    ),
    "{:,} access requests: all that there are.": "رسائی کی {:,} درخواستیں: بس یہی ہیں۔",
    "No access requests.": "رسائی کی کوئی درخواست نہیں۔",
    "The first one: `nsor inbox 1`.": "پہلی: `nsor inbox 1`۔",
    "To ask for access to the records of suspects: `nsor access request --new`.": (
        "مشتبہ افراد کے ریکارڈ تک رسائی مانگنے کے لیے: `nsor access request --new`۔"
    ),
    "Open which one? 1 to {}, or Enter for none": "کون سی کھولیں؟ 1 سے {}، یا کوئی نہیں تو Enter",
    "Decide of juveniles' records: `nsor access juveniles {} allow`, or refuse": (
        "کم عمروں کے ریکارڈ کا فیصلہ کریں: `nsor access juveniles {} allow`، یا refuse"
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
    # What is said beside an answer, and the next step.
    "A Levies post is DISTRICT/LV-001.": "لیویز چوکی کا کوڈ DISTRICT/LV-001 ہے۔",
    "A police station is DISTRICT/PS-001, such as PK-PB/LHR/PS-001: your province gives its number.": (
        "تھانے کا کوڈ DISTRICT/PS-001 ہے، جیسے PK-PB/LHR/PS-001: نمبر آپ کا صوبہ دیتا ہے۔"
    ),
    "All findings: {}. Correct those rows and run the file again; the others are not sent twice.": (
        "تمام نتائج: {}۔ وہ سطریں درست کر کے فائل دوبارہ چلائیں؛ باقی دوبارہ نہیں جاتیں۔"
    ),
    "All that wait, as a table to fill in: `nsor work --csv worklist.csv`.": (
        "تمام منتظر کام، پُر کرنے کے لیے جدول میں: `nsor work --csv worklist.csv`۔"
    ),
    "Another officer confirms it before the deadline:": "دوسرا افسر مقررہ وقت سے پہلے اس کی تصدیق کرتا ہے:",
    "Another officer confirms it: `nsor judgment unseal {} --confirm`": (
        "دوسرا افسر اس کی تصدیق کرتا ہے: `nsor judgment unseal {} --confirm`"
    ),
    "Another officer confirms it: `nsor review {} {} --confirm`": (
        "دوسرا افسر اس کی تصدیق کرتا ہے: `nsor review {} {} --confirm`"
    ),
    "Another officer decides: nsor policy adopt {}": "دوسرا افسر فیصلہ کرتا ہے: nsor policy adopt {}",
    "Another officer of NPB confirms it:": "این پی بی کا دوسرا افسر اس کی تصدیق کرتا ہے:",
    "Another officer of the record's owner looks at it and confirms it:": (
        "ریکارڈ کے مالک ادارے کا دوسرا افسر اسے دیکھ کر تصدیق کرتا ہے:"
    ),
    "Columns that nothing is read from: {}.": "جن خانوں سے کچھ نہیں پڑھا جاتا: {}۔",
    "Compare, then decide:": "ملا کر دیکھیں، پھر فیصلہ کریں:",
    "For a focal person: give {} to the register's operator.": "فوکل پرسن کے لیے: {} رجسٹر کے منتظم کو دیں۔",
    "Give {} to your focal person. Next, there: `nsor officer enrol --request-file {}`": (
        "{} اپنے فوکل پرسن کو دیں۔ پھر وہاں: `nsor officer enrol --request-file {}`"
    ),
    "If it is another person or another case: `nsor import {} --as-new {}`.": (
        "اگر یہ دوسرا شخص یا دوسرا مقدمہ ہے: `nsor import {} --as-new {}`۔"
    ),
    "If there is such a record, its owner hears of it within the day and answers the person.": (
        "اگر ایسا ریکارڈ ہے تو اس کے مالک ادارے کو ایک دن میں اطلاع ہو گی اور وہ اس شخص کو جواب دے گا۔"
    ),
    "In words, on the register's host: nsor-server policy explain --proposal {}": (
        "الفاظ میں، رجسٹر کے سرور پر: nsor-server policy explain --proposal {}"
    ),
    "It has taken effect. The court's registry confirms it:": "یہ نافذ ہو گیا۔ عدالت کی رجسٹری اس کی تصدیق کرتی ہے:",
    "It was withdrawn, and a judgment has sealed it since: it isn't erased while it is sealed.": (
        "یہ واپس لیا گیا تھا، اور اس کے بعد ایک فیصلے نے اسے سربمہر کر دیا: جب تک سربمہر ہے، اسے مٹایا نہیں جاتا۔"
    ),
    "It was approved, and the grant was withdrawn.": "یہ منظور ہوئی تھی، اور اجازت نامہ واپس لے لیا گیا۔",
    "It was returned. The officer asks again: `nsor access request FILE`": (
        "یہ واپس کی گئی تھی۔ افسر دوبارہ درخواست دے: `nsor access request FILE`"
    ),
    "Its court hears of it, and confirms it with `nsor confirm`.": (
        "اس کی عدالت کو اطلاع ہوتی ہے، جو `nsor confirm` سے تصدیق کرتی ہے۔"
    ),
    "Keep the handle with the document: later changes of name or number, and a death, are told by it.": (
        "یہ حوالہ (handle) دستاویز کے ساتھ رکھیں: نام یا نمبر کی بعد کی تبدیلی اور وفات اسی سے بتائی جاتی ہے۔"
    ),
    "Key made. Next, for an officer, with his own number and grade: "
    "`nsor officer request --officer-key-file {} --number PB-1234 --grade 17 --out request.json`": (
        "کلید بن گئی۔ اب افسر کے لیے، اس کے اپنے نمبر اور گریڈ کے ساتھ: "
        "`nsor officer request --officer-key-file {} --number PB-1234 --grade 17 --out request.json`"
    ),
    "Key made. Next: `nsor ledger cosign --witness-key {}`": ("کلید بن گئی۔ اب: `nsor ledger cosign --witness-key {}`"),
    "Left as it is.": "جوں کا توں رہنے دیا گیا۔",
    "Left as it is. It falls due as before.": "جوں کا توں رہنے دیا گیا۔ مقررہ وقت وہی ہے۔",
    "Make the key: `nsor officer new-key {}`": "کلید بنائیں: `nsor officer new-key {}`",
    "Name the officer's key: --officer-key, or NSOR_OFFICER_KEY.": (
        "افسر کی کلید بتائیں: --officer-key یا NSOR_OFFICER_KEY۔"
    ),
    "No more judgments. `nsor events --acknowledge` marks them as received.": (
        "مزید فیصلے نہیں۔ `nsor events --acknowledge` سے یہ موصول شدہ ہو جاتے ہیں۔"
    ),
    "No more new registrations. `nsor events --acknowledge` marks them as received.": (
        "مزید نئے اندراجات نہیں۔ `nsor events --acknowledge` سے یہ موصول شدہ ہو جاتے ہیں۔"
    ),
    "No more releases. `nsor events --acknowledge` marks them as received.": (
        "مزید رہائیاں نہیں۔ `nsor events --acknowledge` سے یہ موصول شدہ ہو جاتی ہیں۔"
    ),
    "No offence has such a section or title. Titles are in English, as the law's text is.": (
        "ایسی دفعہ یا عنوان والا کوئی جرم نہیں۔ عنوان قانون کے متن کی طرح انگریزی میں ہیں۔"
    ),
    "No place has such a name. The list has provinces and districts: name the district.": (
        "اس نام کی کوئی جگہ نہیں۔ فہرست میں صوبے اور اضلاع ہیں: ضلع کا نام دیں۔"
    ),
    "Now amend the record: `nsor amend {}`, such as with --birth-date 05.03.1980.": (
        "اب ریکارڈ میں ترمیم کریں: `nsor amend {}`، مثلاً --birth-date 05.03.1980 کے ساتھ۔"
    ),
    "What became of the rows: `nsor import --again`. Its court confirms each of them.": (
        "سطروں کا کیا ہوا: `nsor import --again`۔ ہر ایک کی تصدیق اس کی عدالت کرتی ہے۔"
    ),
    "What else waits: `nsor work`": "باقی کام: `nsor work`",
    "Nobody waits now.": "اب کوئی منتظر نہیں۔",
    "Police and NPB: what offenders owe is in `nsor duties`, who moves in `nsor transfers`.": (
        "پولیس اور این پی بی: مجرموں کی ذمہ داریاں `nsor duties` میں ہیں، نقل مکانی `nsor transfers` میں۔"
    ),
    "Nothing to do.": "کوئی کام باقی نہیں۔",
    "Send {} to the register's CA. Keep {} here: nobody else may have it.": (
        "{} رجسٹر کی سی اے کو بھیجیں۔ {} یہیں رکھیں: یہ کسی اور کے پاس نہ ہو۔"
    ),
    "That stands already: nothing was sent.": "یہ پہلے سے ہے: کچھ نہیں بھیجا گیا۔",
    "The appeal was filed after its deadline. It is recorded all the same.": (
        "اپیل مقررہ وقت کے بعد دائر ہوئی۔ پھر بھی درج کی جاتی ہے۔"
    ),
    "The first one, both registrations side by side: `nsor review show {}`.": (
        "پہلا، دونوں اندراجات ساتھ ساتھ: `nsor review show {}`۔"
    ),
    "The first one: `nsor work 1`, or `{}`.": "پہلا: `nsor work 1` یا `{}`۔",
    "The line is broken{}; going on.": "رابطہ ٹوٹ گیا{}؛ کام جاری ہے۔",
    "The list grows every {} minutes, whatever there is: next at {:%H:%M PKT}.": (
        "یہ فہرست ہر {} منٹ بعد بنتی ہے، چاہے کچھ ہو یا نہ ہو: اگلا وقت {:%H:%M PKT}۔"
    ),
    "The new address is another station's: you stay responsible until it accepts. `nsor transfers` lists him.": (
        "نیا پتا دوسرے تھانے کا ہے: اس کے قبول کرنے تک ذمہ داری آپ کی ہے۔ فہرست: `nsor transfers`۔"
    ),
    "The next one: `nsor identity next`": "اگلا: `nsor identity next`",
    "The notice came after its deadline: possible breach, refer for decision.": (
        "اطلاع مقررہ وقت کے بعد آئی: ممکنہ خلاف ورزی، فیصلے کے لیے بھیجیں۔"
    ),
    "The record says all of it already: nothing was changed.": "ریکارڈ میں یہ سب پہلے سے ہے: کچھ نہیں بدلا گیا۔",
    "The record says all of it already: nothing was proposed.": (
        "ریکارڈ میں یہ سب پہلے سے ہے: کچھ تجویز نہیں کیا گیا۔"
    ),
    "The record's owner accepts or disputes it.": "ریکارڈ کا مالک ادارہ اسے قبول کرتا ہے یا اس پر اعتراض کرتا ہے۔",
    "Another officer of your agency: `nsor proposals accept {} {}`": (
        "آپ کے ادارے کا دوسرا افسر: `nsor proposals accept {} {}`"
    ),
    "Propose the amendment so?": "یہی ترمیم تجویز کریں؟",
    "The other one isn't shown. `nsor review undo` puts this one back.": (
        "دوسرا ریکارڈ نہیں دکھایا جاتا۔ `nsor review undo` اسے بحال کرتا ہے۔"
    ),
    "Two officers amend a number, travel documents or the date of birth: you propose, another one accepts.": (
        "نمبر، سفری دستاویزات یا تاریخ پیدائش مالک ادارے کے دو افسر مل کر بدلتے ہیں: آپ تجویز کریں، دوسرا منظور کرے گا۔"
    ),
    "The record's owner decides. What became of it: `nsor proposals list {}`": (
        "فیصلہ ریکارڈ کا مالک ادارہ کرتا ہے۔ کیا ہوا: `nsor proposals list {}`"
    ),
    "The register doesn't say whether it holds such a conviction: check the trial's number and day with": (
        "رجسٹر نہیں بتاتا کہ اس میں ایسی سزا درج ہے یا نہیں: مقدمے کا نمبر اور تاریخ اس سے دیکھیں:"
    ),
    "These codes are a working list, not compared with the provinces' notifications.": (
        "یہ کوڈ عارضی فہرست ہیں، صوبوں کے نوٹیفکیشن سے ملائے نہیں گئے۔"
    ),
    "These come near:": "یہ قریب ہیں:",
    "This key is disabled already. Nothing was changed.": "یہ کلید پہلے سے غیر فعال ہے۔ کچھ نہیں بدلا گیا۔",
    "To decide: nsor policy adopt {}": "فیصلے کے لیے: nsor policy adopt {}",
    "To take one back for good: `{} {}`": "ایک کو مستقل واپس لینے کے لیے: `{} {}`",
    "What a judgment says isn't amended: NPB erases a record that should not have been made.": (
        "فیصلے کی باتوں میں ترمیم نہیں ہوتی: جو ریکارڈ نہیں بننا چاہیے تھا اسے این پی بی مٹاتا ہے۔"
    ),
    "What it says of the person: `nsor amend {} {}`.": "شخص کے بارے میں جو لکھا ہے: `nsor amend {} {}`۔",
    "What the prosecutor decides: `nsor access show {}`": "پراسیکیوٹر کا فیصلہ: `nsor access show {}`",
    "When an appeal is filed: `nsor judgment record FILE`; `nsor judgment record --template` prints one.": (
        "اپیل دائر ہو تو: `nsor judgment record FILE`؛ `nsor judgment record --template` نمونہ دیتا ہے۔"
    ),
    "When you know where he lives: `nsor notice`. The prison may enter an address before.": (
        "جب معلوم ہو کہ وہ کہاں رہتا ہے: `nsor notice`۔ جیل اس سے پہلے پتا درج کر سکتی ہے۔"
    ),
    "Written. CONFIDENTIAL: delete it when you have seen it: `rm {}`": (
        "لکھ دی گئی۔ خفیہ: دیکھنے کے بعد مٹا دیں: `rm {}`"
    ),
    "You asked for this FIR and these suspects on {}: entry {}.": (
        "آپ نے اس ایف آئی آر اور ان مشتبہ افراد کی درخواست {} کو دی: اندراج {}۔"
    ),
    "The same was sent from this computer on {}: entry {}.": "یہی اس کمپیوٹر سے {} کو بھیجا گیا: اندراج {}۔",
    "Your agency has no other deciding officer.": "آپ کے ادارے میں کوئی اور فیصلہ کنندہ افسر نہیں۔",
    "`nsor access show {}` shows what became of it.": "`nsor access show {}` بتاتا ہے کہ اس کا کیا ہوا۔",
    "`nsor offences` lists every section.": "`nsor offences` تمام دفعات دکھاتا ہے۔",
    "`nsor places PK-PB` lists what is in a province.": "`nsor places PK-PB` صوبے کے مقامات دکھاتا ہے۔",
    "verified no: nobody has compared this row with the law's text yet.": (
        "verified no: اس سطر کو ابھی کسی نے قانون کے متن سے نہیں ملایا۔"
    ),
    "{:,} accepted for review, {:,} refused: all that you see of the import.": (
        "{:,} جائزے کے لیے قبول، {:,} مسترد: اس درآمد میں سے آپ یہی دیکھتے ہیں۔"
    ),
    "{:,} shown, the newest; there are more: --all shows every one, --limit so many.": (
        "تازہ ترین {:,} دکھائے گئے؛ مزید ہیں: --all سب دکھاتا ہے، --limit اتنے۔"
    ),
    "{:,} shown, the soonest of each kind; there are more: `nsor work --all`.": (
        "{:,} دکھائے گئے، ہر قسم کے سب سے پہلے کے؛ مزید ہیں: `nsor work --all`۔"
    ),
    "{:,} shown: all that there are.": "{:,} دکھائے گئے: یہی سب ہیں۔",
    "{:,} shown; there are more.": "{:,} دکھائے گئے؛ مزید ہیں۔",
    "{:,} shown; there are more: `nsor reviews --all`.": "{:,} دکھائے گئے؛ مزید ہیں: `nsor reviews --all`۔",
    "{:,} to do: all that there is.": "{:,} کام باقی: یہی سب ہیں۔",
    "{:,} written to {}. Fill in case_number and judgment_date from the court's own book, then: "
    "`nsor confirm --file {}`. Rows without them stay open.": (
        "{:,} سطریں {} میں لکھی گئیں۔ عدالت کے اپنے ریکارڈ سے case_number اور judgment_date پُر کریں، پھر: "
        "`nsor confirm --file {}`۔ ان کے بغیر سطریں کھلی رہتی ہیں۔"
    ),
    "1 event": "1 واقعہ",
    "{:,} events": "{:,} واقعات",
    "No new events.": "کوئی نیا واقعہ نہیں۔",
    "{}, each acknowledged.": "{}، ہر ایک کی وصولی بتا دی گئی۔",
    "{} after number {}: all that there are.": "{}، نمبر {} کے بعد: اتنے ہی ہیں۔",
    "{}, all that are not acknowledged. They are sent again until `nsor events --acknowledge`.": (
        "{}، سب جن کی وصولی نہیں بتائی گئی۔ `nsor events --acknowledge` تک یہ دوبارہ آتے ہیں۔"
    ),
    "{} taken by the program, each acknowledged.": "پروگرام نے {} لیے، ہر ایک کی وصولی بتا دی گئی۔",
    "{} taken by the program. Event {} isn't: it comes again.": (
        "پروگرام نے {} لیے۔ واقعہ {} نہیں لیا: وہ دوبارہ آئے گا۔"
    ),
    "The program has not taken event {}: {}. Again in {:g} s; those after it wait.": (
        "پروگرام نے واقعہ {} نہیں لیا: {}۔ {:g} سیکنڈ بعد دوبارہ؛ بعد والے انتظار کرتے ہیں۔"
    ),
    "it took too long and was ended": "بہت دیر لگی، اس لیے بند کر دیا گیا",
    "To hand them over: `nsor duties print {} FILE.pdf`": "ہاتھ میں دینے کے لیے: `nsor duties print {} FILE.pdf`",
    "Written: {}. Hand the page over, and delete the file.": "لکھی گئی: {}۔ صفحہ دے دیں، اور فائل مٹا دیں۔",
    "Events of {} go to {}.": "{} کے واقعات یہاں جاتے ہیں: {}۔",
    "Stopped. What isn't acknowledged comes again.": "روک دیا گیا۔ جس کی وصولی نہیں بتائی گئی وہ دوبارہ آئے گا۔",
    "Event {} was taken, after {} posts.": "واقعہ {} {} بار بھیجنے پر لے لیا گیا۔",
    "The endpoint refuses event {}: {}. It is a dead letter: {}.": (
        "وصول کنندہ واقعہ {} رد کرتا ہے: {}۔ اسے الگ رکھ دیا گیا: {}۔"
    ),
    "The endpoint hasn't taken event {}: {}. Again in {:g} s.": (
        "وصول کنندہ نے واقعہ {} نہیں لیا: {}۔ {:g} سیکنڈ بعد دوبارہ۔"
    ),
    "The endpoint hasn't taken event {}: {}.": "وصول کنندہ نے واقعہ {} نہیں لیا: {}۔",
    "{:,} dead letters.": "الگ رکھے گئے: {:,}۔",
    "{:,} of {:,} dead letters taken.": "الگ رکھے گئے واقعات میں سے {:,} لیے گئے، کل {:,}۔",
    "{:,} of {:,} dead letters taken; the others stay.": (
        "الگ رکھے گئے واقعات میں سے {:,} لیے گئے، کل {:,}؛ باقی رکھے ہیں۔"
    ),
    "ok: settings of {}": "ٹھیک: سیٹنگز {}",
    "ok: state folder {}": "ٹھیک: فولڈر {}",
    "ok: state folder {}, a bridge runs on it": "ٹھیک: فولڈر {}، اس پر برج چل رہا ہے",
    "ok: register at {} as {}": "ٹھیک: رجسٹر {}، بطور {}",
    "ok: events wait, from number {} on": "ٹھیک: واقعات منتظر ہیں، نمبر {} سے",
    "ok: no events wait": "ٹھیک: کوئی واقعہ منتظر نہیں",
    "ok: endpoint {}, its certificate holds; nothing was posted": (
        "ٹھیک: وصول کنندہ {}، سرٹیفکیٹ درست ہے؛ کچھ بھیجا نہیں گیا"
    ),
    "wrong: endpoint {}: {}": "غلط: وصول کنندہ {}: {}",
    "wrong: {}": "غلط: {}",
    "it gave no whole answer within {:g} s": "{:g} سیکنڈ میں پورا جواب نہیں دیا",
    "its answer was broken off, or isn't HTTP": "جواب ٹوٹ گیا، یا HTTP نہیں",
    "its certificate isn't one that the settings trust, or isn't its own": (
        "اس کے سرٹیفکیٹ پر سیٹنگز بھروسا نہیں کرتیں، یا وہ اس کا اپنا نہیں"
    ),
    "its address is none of those that the settings allow": "اس کا نیٹ ورک پتہ سیٹنگز میں نہیں",
    "there is no connection to it ({})": "اس سے رابطہ نہیں ہوتا ({})",
    "it answered {} with a web page, as a proxy or a login does": (
        "{} کے ساتھ ویب صفحہ دیا، جیسے پراکسی یا لاگ اِن دیتا ہے"
    ),
    "it answered {} without the text of `answer_contains`": "{} کے جواب میں `answer_contains` کا متن نہیں",
    "it answered {} and names another address, which is not called": "{} کہہ کر دوسرا پتہ دیا، جو استعمال نہیں ہوتا",
    "it answered {}": "{} جواب دیا",
    "exit code {}": "خروجی کوڈ {}",
    "signal {}": "سگنل {}",
    "{} Connecting again.": "{} دوبارہ رابطہ ہو رہا ہے۔",
    "{} is accepted already.": "{} پہلے سے قبول ہے۔",
    "{} is confirmed already.": "{} کی تصدیق پہلے سے ہے۔",
    "{} shown: all of this registration, or the newest 100.": ("{} دکھائے گئے: اس اندراج کے سب، یا تازہ ترین 100۔"),
    "{} shown: all that you may see, at most the newest hundred.": (
        "{} دکھائے گئے: جو آپ دیکھ سکتے ہیں سب، زیادہ سے زیادہ تازہ ترین سو۔"
    ),
    "{} shown: all that you may see.": "{} دکھائے گئے: جو آپ دیکھ سکتے ہیں سب۔",
    # Counts, which are put together.
    ", ": "، ",
    "{}.": "{}۔",
    "{:,} accepted for review": "{:,} جائزے کے لیے قبول",
    "{:,} cells cleaned": "{:,} خانے صاف کیے گئے",
    "{:,} changed since they were accepted, and not entered": "{:,} قبول ہونے کے بعد بدلی گئیں، درج نہیں ہوئیں",
    "{:,} correct": "{:,} درست",
    "{:,} entered before": "{:,} پہلے درج ہو چکیں",
    "{:,} of {:,} {} shown{}.": "{:,} / {:,} {} دکھائے گئے{}۔",
    "{:,} refused": "{:,} مسترد",
    "{} and {:,} more": "{} اور {:,} مزید",
    "{:,} twice in the file": "{:,} فائل میں دو بار",
    "{:,} warnings": "{:,} انتباہات",
    "{} accepted. Run the same command again to go on.": "{} قبول ہوئیں۔ جاری رکھنے کے لیے یہی حکم دوبارہ چلائیں۔",
    "{} left open: nothing is filled in": "{} کھلی چھوڑی گئیں: کچھ پُر نہیں کیا گیا",
    "{} were confirmed before": "{} کی تصدیق پہلے ہو چکی",
    "Of {}: {} confirmed, {} refused": "{} میں سے: {} کی تصدیق ہوئی، {} مسترد",
    "{}, acknowledged up to {}.": "{}، {} تک موصول شدہ۔",
    "{}: {}, due {}{}.": "{}: {}، مقررہ وقت {}{}۔",
    "recorded as entry {}, access {}": "اندراج {} کے طور پر درج، رسائی {}",
    # Of one person or one thing.
    "Granted.": "اجازت دی گئی۔",
    "It is approved.": "یہ منظور ہے۔",
    "You grant suspects {} of {} alone.": "آپ صرف ان مشتبہ افراد کی اجازت دیتے ہیں: {}، کل {} میں سے۔",
    "You show these alone: {}.": "صرف یہ دکھایا جائے گا: {}۔",
    "Look-ups of each suspect: {}.": "ہر مشتبہ شخص کا ریکارڈ اتنی بار: {}۔",
    "It ends: {}.": "یہ ختم ہوگا: {}۔",
    "Pass this request to the other officer?": "یہ درخواست دوسرے افسر کو دی جائے؟",
    "Passed to the other officer": "دوسرے افسر کو دی گئی",
    "Allow juveniles' records?": "نابالغوں کے ریکارڈ دکھانے کی اجازت دی جائے؟",
    "Refuse juveniles' records?": "نابالغوں کے ریکارڈ دکھانے سے انکار کیا جائے؟",
    "Juveniles' records allowed": "نابالغوں کے ریکارڈ کی اجازت دی گئی",
    "Juveniles' records refused": "نابالغوں کے ریکارڈ سے انکار کیا گیا",
    "No juvenile's record is shown.": "کسی نابالغ کا ریکارڈ نہیں دکھایا جائے گا۔",
    "{} The officer who asked looks each suspect up: `nsor lookup --grant {}`": (
        "{} درخواست دینے والا افسر ہر مشتبہ شخص کو دیکھے: `nsor lookup --grant {}`"
    ),
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
    # Of a look-up.
    "If any of it turns out wrong, your agency is told: `nsor recalls`.": (
        "اس میں کچھ غلط نکلے تو آپ کے ادارے کو بتایا جائے گا: `nsor recalls`۔"
    ),
    "It says nothing of another number of his.": "یہ اس شخص کے کسی دوسرے نمبر کے بارے میں کچھ نہیں کہتا۔",
    "If he is confirmed while it counts, your agency is told and the use comes back: `nsor events`.": (
        "اس دوران وہ شخص رجسٹر میں آئے تو آپ کے ادارے کو بتایا جائے گا اور استعمال واپس ملے گا: `nsor events`۔"
    ),
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
    # Of accesses that aren't one's own.
    "No computer of yours has a receipt of these. Ask each officer whether it was he.": (
        "آپ کے کسی کمپیوٹر پر ان کی رسید نہیں۔ ہر افسر سے پوچھیں کہ کیا یہ اسی نے کیا۔"
    ),
    "If it wasn't: have NPB revoke the certificate, and disable the key: `nsor officer disable`.": (
        "اگر نہیں تو این پی بی سے سرٹیفکیٹ منسوخ کروائیں اور کلید غیر فعال کریں: `nsor officer disable`۔"
    ),
    "An answer that never arrived has no receipt either, and one entry may stand for many refusals.": (
        "جو جواب پہنچا ہی نہیں اس کی بھی رسید نہیں ہوتی، اور ایک اندراج کئی انکاروں کا ہو سکتا ہے۔"
    ),
    "Each access under your agency is one of yours.": "آپ کے ادارے کے نام پر ہر رسائی آپ ہی کی ہے۔",
    "Shown to": "کن کو دکھایا گیا",
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
    "Emergency look-up opened": "ہنگامی رسائی کھولی گئی",
    "Emergency look-ups": "ہنگامی رسائیاں",
    "emergency look-ups": "ہنگامی رسائیاں",
    "Reviewed": "جائزہ لیا گیا",
    "What harm is imminent": "کون سا خطرہ فوری ہے",
    "Which station acts, such as PK-PB/LHR/PS-001": "کون سا تھانہ کارروائی کر رہا ہے، جیسے PK-PB/LHR/PS-001",
    "To read it again within its minutes: `nsor emergency --again {}`": (
        "انہی منٹوں میں دوبارہ پڑھنے کے لیے: `nsor emergency --again {}`"
    ),
    # Manifests.
    "Manifest {}: {} persons, until {}.": "فہرست {}: {} افراد، {} تک۔",
    "Screening": "جانچ",
    "Line {}: {}": "سطر {}: {}",
    "An officer must check": "افسر خود جانچے",
    "{:,} to be checked": "{:,} کی جانچ افسر کرے",
    "{:,} no record": "{:,} کا کوئی ریکارڈ نہیں",
    "{:,} screened before": "{:,} کی جانچ پہلے ہو چکی",
    "All rows: {}.": "تمام سطریں: {}۔",
    "Correct those rows in the file and run it again; the others are not screened twice.": (
        "فائل میں وہ سطریں درست کر کے دوبارہ چلائیں؛ باقی کی جانچ دو بار نہیں ہوتی۔"
    ),
    "The line has broken; going on where it was.": "رابطہ ٹوٹ گیا؛ وہیں سے جاری ہے۔",
    "What proves the row": "سطر کا ثبوت",
}
