# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What is said beside an answer, the next step, and counts."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, str]] = {
    # Monthly tables.
    "There were fewer than 5, and so few aren't shown.": "5 سے کم تھے، اور اتنے کم نہیں دکھائے جاتے۔",
    "The month has no entries in the ledger.": "لیجر میں اس مہینے کا کوئی اندراج نہیں۔",
    "The month is {}, the last one that has ended.": "مہینہ {} ہے، جو سب سے آخر میں ختم ہوا۔",
    "The month has the ledger's entries {:,} to {:,}.": "اس مہینے کے لیجر میں اندراج {:,} سے {:,} تک ہیں۔",
    "The ledger was verified now, up to entry {:,}: none is missing.": (
        "لیجر کی ابھی اندراج {:,} تک جانچ ہوئی: کوئی اندراج غائب نہیں۔"
    ),
    "Your verification of {} failed ({}): {} Keep the state folder as it is, and tell the Special Committee.": (
        "آپ کی {} کی جانچ ناکام ہوئی ({}): {} فولڈر کو ویسا ہی رہنے دیں، اور خصوصی کمیٹی کو بتائیں۔"
    ),
    "not shown": "جو نہیں دکھائے گئے",
    "all of them": "کل",
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
    "Sealed": "رجسٹر بند ہے",
    "Not sealed": "رجسٹر کھلا ہے",
    "To decide: `nsor seal decide {}`": "فیصلے کے لیے: `nsor seal decide {}`",
    "To unseal it, by an officer who hasn't sealed it: `nsor seal ask --unseal {}`": (
        "کھولنے کے لیے، جس افسر نے بند نہ کیا ہو: `nsor seal ask --unseal {}`"
    ),
    "Propose that the register discloses again?": "تجویز دیں کہ رجسٹر پھر ریکارڈ دکھائے؟",
    "Propose that the register shows nobody to anybody?": "تجویز دیں کہ رجسٹر کسی کا ریکارڈ کسی کو نہ دکھائے؟",
    "Another officer of NPB decides: `nsor seal decide {}`": (
        "این پی بی کا دوسرا افسر فیصلہ کرتا ہے: `nsor seal decide {}`"
    ),
    "Seal the register, so that it shows nobody to anybody, at once?": (
        "رجسٹر فوراً بند کریں، کہ کسی کا ریکارڈ کسی کو نہ دکھے؟"
    ),
    "Unseal the register?": "رجسٹر کھول دیں؟",
    "It stays sealed until the Special Committee decides: `nsor seal decide {}`": (
        "خصوصی کمیٹی کے فیصلے تک بند رہے گا: `nsor seal decide {}`"
    ),
    "Register {}, reason {}.": "رجسٹر {}، وجہ {}۔",
    "Sign that it is to be sealed?": "دستخط کریں کہ رجسٹر بند کیا جائے؟",
    "Signed into {}.": "{} میں دستخط ہو گئے۔",
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
    "{} of this kind, all that are not acknowledged.": "اس قسم کے {}، بس یہی ہیں جن کی وصولی نہیں بتائی گئی۔",
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
}
