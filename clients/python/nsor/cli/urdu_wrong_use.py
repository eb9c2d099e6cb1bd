# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What wrong use of a command is called in Urdu: as ``urdu``, whose table takes this one in."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, str]] = {
    "There are {:,}. `nsor inbox` lists them.": "کل {:,} ہیں۔ `nsor inbox` انہیں دکھاتا ہے۔",
    "Your request for this FIR waits for the prosecutor: {}. `nsor inbox` shows it.": (
        "اس ایف آئی آر کی آپ کی درخواست پراسیکیوٹر کی منتظر ہے: {}۔ `nsor inbox` اسے دکھاتا ہے۔"
    ),
    "You have no grant for this FIR. Ask the prosecutor: `nsor access request --new`.": (
        "اس ایف آئی آر کے لیے آپ کے پاس اجازت نامہ نہیں۔ پراسیکیوٹر سے مانگیں: `nsor access request --new`۔"
    ),
    "Name the case with exactly one of --grant, --fir, --case or --ticket.": (
        "مقدمہ ان میں سے صرف ایک سے بتائیں: --grant، --fir، --case یا --ticket۔"
    ),
    "Give a year of birth or two, such as 1980 or 1975-1985.": "پیدائش کا ایک یا دو سال دیں، جیسے 1980 یا 1975-1985۔",
    "Say where the log is published: --log-target HOST:PORT, or NSOR_LOG_TARGET.": (
        "بتائیں لیجر کہاں شائع ہوتا ہے: --log-target HOST:PORT، یا NSOR_LOG_TARGET۔"
    ),
    # Commands and options.
    "No such command.": "ایسی کوئی کمانڈ نہیں۔",
    "No such command. Did you mean {}?": "ایسی کوئی کمانڈ نہیں۔ شاید: {}",
    "No such command. Did you mean `nsor {}`?": "ایسی کوئی کمانڈ نہیں۔ شاید: `nsor {}`",
    "No such command. There are: {}.": "ایسی کوئی کمانڈ نہیں۔ یہ ہیں: {}۔",
    "No such option.": "ایسا کوئی آپشن نہیں۔",
    "No such option. Did you mean {}?": "ایسا کوئی آپشن نہیں۔ شاید: {}",
    "Too many arguments.": "ضرورت سے زیادہ الفاظ دیے گئے ہیں۔",
    "it takes {}.": "یہ آ سکتا ہے: {}۔",
    "it takes a number.": "عدد آتا ہے۔",
    "it takes a number from {}.": "عدد آتا ہے، کم از کم {}۔",
    "it takes a number to {}.": "عدد آتا ہے، زیادہ سے زیادہ {}۔",
    "it takes a number from {} to {}.": "عدد آتا ہے، {} سے {} تک۔",
    "A program isn't asked: give --yes.": "پروگرام سے پوچھا نہیں جاتا: --yes دیں۔",
    "Name the version that was seen: --etag.": "جو نسخہ دیکھا گیا وہ بتائیں: --etag۔",
    # Manifests.
    "Name the FILE of passengers, or - for stdin. `nsor screen --template csv` helps.": (
        "مسافروں کی فائل کا نام دیں، یا معیاری ان پٹ کے لیے -۔ `nsor screen --template csv` مدد کرتا ہے۔"
    ),
    "The file has {} rows, and a manifest takes {}.": "فائل میں {} سطریں ہیں، اور ایک فہرست میں {} آتی ہیں۔",
    "Say which flight or crossing it is: {}; or name its --manifest.": (
        "بتائیں کون سی پرواز یا گزر ہے: {}؛ یا اس کا --manifest دیں۔"
    ),
    "--crossing: {}": "--crossing: {}",
    "--time: a day and a time as 20.02.2026 09:30": "--time: دن اور وقت جیسے 20.02.2026 09:30",
    "Row {} of this file wasn't screened from this computer.": "اس فائل کی سطر {} کی جانچ اس کمپیوٹر سے نہیں ہوئی۔",
    # Movements over the border.
    "Name the FILE of movements, or - for stdin. `nsor movement report --template csv` helps.": (
        "فائل کا نام دیں، یا معیاری ان پٹ کے لیے -۔ `nsor movement report --template csv` مدد کرتا ہے۔"
    ),
    "The table has other columns than these: {}.": "جدول میں ان کے سوا کالم ہیں: {}۔",
    "Give the suspects' numbers in the request, such as 1,3.": "درخواست میں مشتبہ افراد کے نمبر دیں، جیسے 1,3۔",
    "Give classes of fields, such as identity,conviction. There are: {}.": (
        "خانوں کی قسمیں دیں، جیسے identity,conviction۔ یہ ہیں: {}۔"
    ),
    "The name can't be read: {}.": "نام پڑھا نہیں جا سکا: {}۔",
    "The father's or husband's name stands twice.": "والد یا شوہر کا نام دو بار ہے۔",
    "Line {}: the kind of document is one of {}.": "سطر {}: دستاویز کی قسم ان میں سے ایک ہے: {}۔",
    "Line {} of the table isn't a row of its columns.": "جدول کی سطر {} اس کے کالموں کے مطابق نہیں۔",
    # Ids, days, places.
    "Give an id such as {}, its first or last {} digits, or a support code.": (
        "پورا نمبر دیں جیسے {}، یا اس کے پہلے یا آخری {} ہندسے، یا سپورٹ کوڈ۔"
    ),
    "No id that was shown on this computer has these digits. Give the whole id.": (
        "اس کمپیوٹر پر دکھائے گئے کسی نمبر کے شروع یا آخر میں یہ ہندسے نہیں۔ پورا نمبر دیں۔"
    ),
    "{} ids that were shown here have these digits. Give more digits.": (
        "یہاں دکھائے گئے {} نمبروں کے شروع یا آخر میں یہ ہندسے ہیں۔ مزید ہندسے دیں۔"
    ),
    "{} accesses that you may list have these digits. Give more digits.": (
        "جو رسائیاں آپ دیکھ سکتے ہیں ان میں سے {} کے نمبر میں یہ ہندسے ہیں۔ مزید ہندسے دیں۔"
    ),
    "An entry that you accept isn't among those without a receipt. Nothing was accepted.": (
        "آپ کا قبول کیا ہوا کوئی اندراج بغیر رسید والوں میں نہیں۔ کچھ قبول نہیں کیا گیا۔"
    ),
    "None that counts has an id with these digits, or several have. Give the whole id.": (
        "نافذ العمل میں سے کسی کے نمبر میں یہ ہندسے نہیں، یا کئی میں ہیں۔ پورا نمبر دیں۔"
    ),
    "--agency says who you are, by your settings file. Whose accesses are listed says --of: "
    "`nsor ledger accesses --of {}`": (
        "--agency بتاتا ہے کہ آپ کون ہیں، سیٹنگز کی فائل کے مطابق۔ کس کی رسائیاں دکھائی جائیں یہ --of بتاتا ہے: "
        "`nsor ledger accesses --of {}`"
    ),
    "This is a {}: `{} {}`": "یہ {} ہے: `{} {}`",
    "Give a day such as 2026-10-31 or 31.10.2026: {}.": "تاریخ دیں، جیسے 2026-10-31 یا 31.10.2026: {}۔",
    'Give a day such as 2026-10-31 or 31.10.2026, or with a time: "2026-10-31 14:30".': (
        'تاریخ دیں، جیسے 2026-10-31 یا 31.10.2026، یا وقت کے ساتھ: "2026-10-31 14:30"۔'
    ),
    "The kind of court is one of {}.": "عدالت کی قسم ان میں سے ایک ہے: {}۔",
    "--fir takes station, year, serial and date, such as PK-PB/LHR/PS-001 2024 17 2024-03-05.": (
        "--fir کے بعد تھانہ، سال، نمبر اور تاریخ آتے ہیں، جیسے PK-PB/LHR/PS-001 2024 17 2024-03-05۔"
    ),
    "--place: a code such as PK-PB/LHR, which `nsor places NAME` finds.": (
        "--place: کوڈ، جیسے PK-PB/LHR؛ `nsor places NAME` اسے تلاش کرتی ہے۔"
    ),
    "--number: up to 8 digits, after the word of an office, a province or a district, such as PB-1234.": (
        "--number: دفتر، صوبے یا ضلع کے لفظ کے بعد 8 تک ہندسے، جیسے PB-1234۔"
    ),
    "There is no such agency. `nsor agencies` lists them.": "ایسا کوئی ادارہ نہیں۔ `nsor agencies` سب دکھاتی ہے۔",
    "Purposes are divided by agency and purpose: leave --by out.": (
        "مقاصد کا جدول ادارے اور مقصد کے لحاظ سے ہوتا ہے: --by نہ لکھیں۔"
    ),
    "The month is written like 2026-10.": "مہینہ یوں لکھیں: 2026-10۔",
    "There is no such method. The list shows their names.": "ایسا کوئی طریقہ نہیں۔ نام فہرست میں ہیں۔",
    "There is no such method. Did you mean {}?": "ایسا کوئی طریقہ نہیں۔ شاید: {}",
    "There is no such agency. Did you mean {}?": "ایسا کوئی ادارہ نہیں۔ شاید: {}",
    # Files.
    "{} can't be read.": "{} پڑھی نہیں جا سکتی۔",
    "{} is {}.": "{}: {}۔",
    "{} is not UTF-8 text. Save it as UTF-8.": "{} UTF-8 متن نہیں۔ اسے UTF-8 میں محفوظ کریں۔",
    "There is no such encoding; cp1256, utf-16 and utf-8 are.": (
        "ایسی کوئی انکوڈنگ نہیں؛ cp1256، utf-16 اور utf-8 موجود ہیں۔"
    ),
    "The file is not the JSON of {}:{}": "فائل {} کا JSON نہیں:{}",
    "The file is not the JSON of {} (--template shows one):{}": "فائل {} کا JSON نہیں (--template نمونہ دکھاتا ہے):{}",
    "{} exists already, and a key is never overwritten. Name another file.": (
        "{} پہلے سے موجود ہے، اور کلید پر کبھی نہیں لکھا جاتا۔ دوسری فائل کا نام دیں۔"
    ),
    "{} exists already, and a key is never overwritten. Name another --folder.": (
        "{} پہلے سے موجود ہے، اور کلید پر کبھی نہیں لکھا جاتا۔ دوسرا --folder دیں۔"
    ),
    "{} exists already, and is not overwritten. Name a new file.": (
        "{} پہلے سے موجود ہے، اور اس پر نہیں لکھا جاتا۔ نئی فائل کا نام دیں۔"
    ),
    "{} isn't there: mount it, or make it first.": "{} موجود نہیں: پہلے اسے جوڑیں یا بنائیں۔",
    "The file is there already: name a new one. Nothing was asked.": (
        "فائل پہلے سے موجود ہے: نئی کا نام دیں۔ کچھ نہیں مانگا گیا۔"
    ),
    "The photo has more than 256 KiB: save a smaller copy of it first.": (
        "تصویر 256 KiB سے بڑی ہے: پہلے اس کی چھوٹی نقل محفوظ کریں۔"
    ),
    "Warning: others can read the file of {}. Set its mode to 0600.": (
        "خبردار: {} کی فائل دوسرے بھی پڑھ سکتے ہیں۔ اس کا موڈ 0600 کریں۔"
    ),
    # Orders from a file, and amendments.
    "Name the FILE of orders, or - for stdin. `nsor import --columns` helps with a table.": (
        "احکام کی FILE کا نام دیں، یا stdin کے لیے -۔ جدول کے لیے `nsor import --columns` دیکھیں۔"
    ),
    "Another import runs with this state folder; wait until it has ended.": (
        "اسی ڈیٹا فولڈر (state) سے ایک اور درآمد جاری ہے؛ اس کے ختم ہونے تک رکیں۔"
    ),
    "{} has rows that {} entered, and this certificate is of {}. "
    "Use the certificate of {}, or name another --results.": (
        "{} میں {} کی درج کی ہوئی سطریں ہیں، اور یہ سرٹیفکیٹ {} کا ہے۔ "
        "{} کا سرٹیفکیٹ استعمال کریں، یا دوسرا --results دیں۔"
    ),
    "There is no such row.": "ایسی کوئی سطر نہیں۔",
    "{} has {} rows: say which line with --row.": "{} میں {} سطریں ہیں: --row سے بتائیں کون سی۔",
    "The file changes nothing.": "فائل سے کچھ نہیں بدلتا۔",
    "Nothing is given that the record could say of the person.": (
        "ایسا کچھ نہیں دیا گیا جو ریکارڈ میں شخص کے بارے میں آ سکے۔"
    ),
    "The record has several {}: give them all in a file, which `nsor amend ID --current` prints to be changed.": (
        "ریکارڈ میں کئی {} ہیں: سب ایک فائل میں دیں، جسے `nsor amend ID --current` بدلنے کے لیے دکھاتی ہے۔"
    ),
    "Say what changes, such as --birth-date 05.03.1980, or give a FILE with it, or - for stdin."
    " `nsor amend ID --current` prints one to change.": (
        "بتائیں کیا بدلتا ہے، جیسے --birth-date 05.03.1980، یا FILE دیں، یا stdin کے لیے -۔"
        " `nsor amend ID --current` بدلنے کے لیے ایک دکھاتی ہے۔"
    ),
    "Give the registration's id, or its first or last 8 digits.": (
        "رجسٹریشن کا نمبر دیں، یا اس کے پہلے یا آخری 8 ہندسے۔"
    ),
    "Give the registration's id and the conviction's FILE, or - for stdin."
    " `nsor add-conviction --template` prints one to fill in.": (
        "رجسٹریشن کا نمبر اور سزا کی FILE دیں، یا stdin کے لیے -۔"
        " `nsor add-conviction --template` پُر کرنے کے لیے ایک دکھاتی ہے۔"
    ),
    # Other files to fill in.
    "Name the notice's FILE, or - for stdin. `nsor notice --template` prints one to fill in.": (
        "اطلاع کی FILE کا نام دیں، یا stdin کے لیے -۔ `nsor notice --template` پُر کرنے کے لیے ایک دکھاتی ہے۔"
    ),
    "Name the judgment's FILE, or - for stdin. `nsor judgment record --template` prints one to fill in.": (
        "فیصلے کی FILE کا نام دیں، یا stdin کے لیے -۔ `nsor judgment record --template` پُر کرنے کے لیے ایک دکھاتی ہے۔"
    ),
    "Name the report's FILE, or - for stdin. `nsor identity changed --template` prints one to fill in.": (
        "رپورٹ کی FILE کا نام دیں، یا stdin کے لیے -۔ `nsor identity changed --template` پُر کرنے کے لیے ایک دکھاتی ہے۔"
    ),
    "Name the request's FILE, or - for stdin. `nsor access request --new` asks for everything,"
    " --template prints one to fill in.": (
        "درخواست کی FILE کا نام دیں، یا stdin کے لیے -۔ `nsor access request --new` سب کچھ پوچھتا ہے،"
        " --template بھرنے کے لیے نمونہ دیتا ہے۔"
    ),
    "Name the request's FILE, or - for stdin. `nsor correction request --template` prints one to fill in.": (
        "درخواست کی FILE کا نام دیں، یا stdin کے لیے -۔"
        " `nsor correction request --template` پُر کرنے کے لیے ایک دکھاتی ہے۔"
    ),
    # Confirmations, judgments, reviews, work, events.
    "--acknowledge begins after the last acknowledged event: --after doesn't go with it.": (
        "--acknowledge اس واقعے کے بعد سے شروع ہوتا ہے جس کی وصولی آخر میں بتائی گئی: --after ساتھ نہیں چلتا۔"
    ),
    "Acknowledging one event acknowledges all before it: --kind is for looking alone.": (
        "ایک واقعے کی وصولی بتانے سے اس سے پہلے کے سب واقعات کی بھی بتا دی جاتی ہے: --kind صرف دیکھنے کے لیے ہے۔"
    ),
    "--exec begins after the last acknowledged event: --after doesn't go with it.": (
        "--exec اس واقعے کے بعد سے شروع ہوتا ہے جس کی وصولی آخر میں بتائی گئی: --after ساتھ نہیں چلتا۔"
    ),
    "There is a file already: {}. Name another one.": "یہ فائل پہلے سے ہے: {}۔ دوسرا نام دیں۔",
    "There is no dead letter with this number: {}.": "اس نمبر کا کوئی الگ رکھا واقعہ نہیں: {}۔",
    "--exec: a quote isn't closed.": "--exec: اقتباس کی علامت بند نہیں۔",
    "--exec: there is no such program, or it may not be executed.": (
        "--exec: ایسا کوئی پروگرام نہیں، یا اسے چلانے کی اجازت نہیں۔"
    ),
    "Give one of: a registration's id, --file FILE, or --from-events.": (
        "ان میں سے ایک دیں: رجسٹریشن کا نمبر، --file FILE، یا --from-events۔"
    ),
    "The table's first line names its columns. Missing: {}.": (
        "جدول کی پہلی سطر میں خانوں کے نام ہوتے ہیں۔ یہ نہیں ہیں: {}۔"
    ),
    "Line {}": "سطر {}",
    "Correct those rows in the file and run it again; what is confirmed isn't sent twice.": (
        "وہ سطریں فائل میں درست کر کے دوبارہ چلائیں؛ جن کی تصدیق ہو چکی وہ دوبارہ نہیں جاتیں۔"
    ),
    "Name the judgment that has this number.": "جس فیصلے کا یہ نمبر ہے وہ بتائیں۔",
    "Say which one: --withdraw later, or --withdraw earlier.": (
        "بتائیں کون سا: --withdraw later، یا --withdraw earlier۔"
    ),
    "There are {:,} open transfers. `nsor transfers` lists them.": (
        "زیر التوا منتقلیاں {:,} ہیں۔ `nsor transfers` سب دکھاتی ہے۔"
    ),
    "There are {:,} to do. `nsor work` lists them.": "کرنے کے {:,} کام ہیں۔ `nsor work` سب دکھاتی ہے۔",
    "Name the case with exactly one of --grant, --fir, --case, --prisoner-number, "
    "--travel-document-file or --ticket. With a name and no number: `nsor search`.": (
        "مقدمہ ان میں سے صرف ایک سے بتائیں: --grant، --fir، --case، --prisoner-number، "
        "--travel-document-file یا --ticket۔ صرف نام ہو تو: `nsor search`۔"
    ),
    "A look-up is by a number, and this is a name.": "ریکارڈ نمبر سے دیکھا جاتا ہے، اور یہ نام ہے۔",
    "A look-up is by a number, and this is a name. By a name: `nsor search {}`": (
        "ریکارڈ نمبر سے دیکھا جاتا ہے، اور یہ نام ہے۔ نام سے: `nsor search {}`"
    ),
    "An emergency look-up is by a number, and this is a name. By a name: `nsor search`, on a grant.": (
        "ہنگامی رسائی نمبر سے ہوتی ہے، اور یہ نام ہے۔ نام سے: `nsor search`، اجازت نامے پر۔"
    ),
    "Say whom by one of --cnic-file, --by-document, --document-file or --candidate.": (
        "شخص ان میں سے صرف ایک سے بتائیں: --cnic-file، --by-document، --document-file یا --candidate۔"
    ),
    "The kind is one of: passport, foreign card, PoR, ACC.": (
        "قسم ان میں سے ایک ہے: passport، foreign card، PoR، ACC۔"
    ),
    # Keys, policy, witnesses.
    "Say why it is to be sealed (--reason), or which seal is to be taken off (--unseal).": (
        "بتائیں کہ کیوں بند کیا جائے (--reason)، یا کون سی بندش ختم کی جائے (--unseal)۔"
    ),
    "No such proposal waits. `nsor seal show` has what does.": (
        "ایسی کوئی تجویز منتظر نہیں۔ `nsor seal show` دکھاتی ہے۔"
    ),
    "The first officer gives --reason, the second one --with FILE.": "پہلا افسر --reason دے، دوسرا --with FILE۔",
    "{} isn't what `nsor seal sign` writes.": "{}: یہ `nsor seal sign` کی لکھی فائل نہیں۔",
    "Name your key: --officer-key or NSOR_OFFICER_KEY.": "اپنی کلید بتائیں: --officer-key یا NSOR_OFFICER_KEY۔",
    "Name the key: KEY_ID or --officer-key-file, exactly one.": ("کلید بتائیں: KEY_ID یا --officer-key-file، صرف ایک۔"),
    "KEY_ID is 64 hexadecimal digits, or the first or last 8 of them: `nsor officer list` shows it.": (
        "KEY_ID ہیکساڈیسیمل کے 64 ہندسے ہیں، یا ان کے پہلے یا آخری 8: `nsor officer list` دکھاتی ہے۔"
    ),
    "No officer's or system's key of your agency has this id, or several have. `nsor officer list --all` shows them.": (
        "آپ کے ادارے کے کسی افسر یا سسٹم کی کلید کا یہ نمبر نہیں، یا کئی کا ہے۔ `nsor officer list --all` سب دکھاتی ہے۔"
    ),
    "{} has no live key that could be replaced. Enrol it: `nsor officer enrol`.": (
        "{} کی کوئی فعال کلید نہیں جو بدلی جا سکے۔ اسے درج کروائیں: `nsor officer enrol`۔"
    ),
    "An officer is named by --officer-key-file, --number and --grade.": (
        "افسر --officer-key-file، --number اور --grade سے بتایا جاتا ہے۔"
    ),
    "A focal person disables a key: --focal-key-file; or your own one: --own.": (
        "کلید فوکل پرسن غیر فعال کرتا ہے: --focal-key-file؛ یا اپنی کلید: --own۔"
    ),
    "--own names the key that you act with, which signs alone: give no other.": (
        "--own وہ کلید ہے جس سے آپ کام کرتے ہیں اور جو اکیلی دستخط کرتی ہے: دوسری نہ دیں۔"
    ),
    "--request-file says who the officer is: give neither key nor facts beside it.": (
        "--request-file بتاتی ہے کہ افسر کون ہے: ساتھ نہ کلید دیں نہ کوائف۔"
    ),
    "Give at least {} digits of the proposal's id. `nsor policy list` has it.": (
        "تجویز کے نمبر کے کم از کم {} ہندسے دیں۔ `nsor policy list` میں ہے۔"
    ),
    "No open proposal has this id, or several have. `nsor policy list` shows them.": (
        "کسی زیرِ غور تجویز کا یہ نمبر نہیں، یا کئی کا ہے۔ `nsor policy list` سب دکھاتی ہے۔"
    ),
    "The file's name says which document it is: {}.": "فائل کا نام بتاتا ہے کہ کون سی دستاویز ہے: {}۔",
    "Disable this consumer for good?": "یہ وصول کنندہ ہمیشہ کے لیے غیر فعال کریں؟",
    "Retire this witness for good?": "یہ تصدیق کنندہ ہمیشہ کے لیے ہٹائیں؟",
    "--kind: a kind of event, such as {}.": "--kind: اطلاع کی قسم، جیسے {}۔",
    "Put this in force, for everybody, from the next call on?": "اسے اگلی کارروائی سے سب کے لیے نافذ کریں؟",
    "Name the witness with --name, or your agency with --agency.": (
        "تصدیق کنندہ --name سے بتائیں، یا اپنا ادارہ --agency سے۔"
    ),
    "No receipt of that access is kept here: the computer that made the call has it.": (
        "اس رسائی کی رسید یہاں محفوظ نہیں: وہ اسی کمپیوٹر پر ہے جس سے کارروائی کی گئی۔"
    ),
    "There is no witness of that name: `nsor witness list --all`": (
        "اس نام کا کوئی تصدیق کنندہ نہیں: `nsor witness list --all`"
    ),
    "The file of CA certificates holds none.": "سی اے کے سرٹیفکیٹوں کی فائل میں کوئی سرٹیفکیٹ نہیں۔",
    "Another `nsor ledger feed` runs with this state folder.": (
        "اس فولڈر (state) کے ساتھ ایک اور `nsor ledger feed` چل رہی ہے۔"
    ),
    "--ledger-key: a verifier key, or a file with it": "‎--ledger-key: لیجر کی جانچ کی کلید، یا اس کی فائل",
    "A witness's name has neither spaces nor a plus sign.": (
        "تصدیق کنندہ کے نام میں نہ خالی جگہ ہوتی ہے نہ جمع کا نشان۔"
    ),
    "The purpose is one of {}.": "مقصد ان میں سے ایک ہے: {}۔",
    # Emergencies.
    "--again names what you have opened: --harm and --station were said then.": (
        "--again آپ کی کھولی ہوئی رسائی بتاتا ہے: --harm اور --station تب بتائے جا چکے۔"
    ),
    "Say what harm is imminent and which station acts: --harm and --station.": (
        "بتائیں کون سا خطرہ فوری ہے اور کون سا تھانہ کارروائی کر رہا ہے: --harm اور --station۔"
    ),
    "Your agency has no recall with this id.": "آپ کے ادارے کی ایسے نمبر کی کوئی اطلاع نہیں۔",
    "None that waits for its review has these digits in its id, or several have. Give it whole.": (
        "جائزے کی منتظر رسائیوں میں سے کسی کے نمبر میں یہ ہندسے نہیں، یا کئی میں ہیں۔ پورا نمبر دیں۔"
    ),
    # What a list counts.
    "agencies": "ادارے",
    "changed rows": "بدلی گئی سطریں",
    "cleaned cells": "صاف کیے گئے خانے",
    "keys": "کلیدیں",
    "disclosures": "رسائیاں جن میں ریکارڈ دکھایا گیا",
    "consumers": "وصول کنندے",
    "witnesses": "تصدیق کنندگان",
    "open proposals": "زیرِ غور تجاویز",
    "places": "مقامات",
    "sections": "دفعات",
}
