# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What `--help` says in Urdu. Of keys, policy, codes and the ledger."""

from __future__ import annotations

from typing import Final

COMMANDS: Final[dict[str, str]] = {
    "Make, enrol, replace, list and disable keys.": "کلیدیں بنانا، درج کروانا، بدلنا، دیکھنا، غیر فعال کرنا۔",
    "Propose and adopt the policy that decides (NPB).": "پالیسی تجویز اور نافذ کرنا (این پی بی)۔",
    "Stop every disclosure, or let it go on (NPB, Committee).": "ریکارڈ دکھانا بند یا بحال کرنا (این پی بی، کمیٹی)۔",
    "Seal the register, so that it shows nobody to anybody, or unseal it (NPB, Special Committee).": (
        "رجسٹر بند کرنا کہ کسی کا ریکارڈ کسی کو نہ دکھے، یا کھولنا (این پی بی، خصوصی کمیٹی)۔"
    ),
    "Say whether the register is sealed, by whom and why, and what waits to be decided.": (
        "رجسٹر بند ہے یا نہیں، کس نے اور کیوں کیا، اور کیا فیصلے کا منتظر ہے۔"
    ),
    "Propose to seal the register, or to unseal it; you sign.": "رجسٹر بند کرنے یا کھولنے کی تجویز؛ آپ دستخط کرتے ہیں۔",
    "Confirm what another officer has proposed about the seal; you sign.": (
        "رجسٹر کی بندش پر دوسرے افسر کی تجویز کی تصدیق؛ آپ دستخط کرتے ہیں۔"
    ),
    "Sign into the new file OUT that the register is to be sealed, without asking it: when it isn't trusted.": (
        "نئی فائل OUT میں دستخط کہ رجسٹر بند کیا جائے، رجسٹر سے پوچھے بغیر: جب اس پر بھروسا نہ ہو۔"
    ),
    "Find the codes of provinces and districts.": "صوبوں اور اضلاع کے کوڈ تلاش کرتا ہے۔",
    "Find the codes of offences.": "جرائم کے کوڈ تلاش کرتا ہے۔",
    "Say who you are here, and whether the register answers.": (
        "بتاتا ہے کہ آپ یہاں کون ہیں، اور رجسٹر جواب دیتا ہے یا نہیں۔"
    ),
    "Show the monthly tables (NPB, Special Committee).": "ماہانہ جدولیں (این پی بی، خصوصی کمیٹی)۔",
    "Show a monthly table (NPB, Special Committee): lookups, refusals, entries, requests and more.": (
        "ماہانہ جدول (این پی بی، خصوصی کمیٹی): رسائیاں، انکار، اندراج، درخواستیں وغیرہ۔"
    ),
    "Such as 2026-10; otherwise the last one that has ended.": "جیسے 2026-10؛ نہ دیا جائے تو آخری ختم ہونے والا مہینہ۔",
    "How it is divided.": "تقسیم کس طرح ہو۔",
    "Write it for a spreadsheet, each row with its month.": "اسپریڈ شیٹ کے لیے لکھتا ہے، ہر سطر میں اس کا مہینہ۔",
    "Don't prove the ledger beside it.": "ساتھ لیجر کی جانچ نہ کرے۔",
    "Verify the access ledger; list accesses.": "رسائی کے لیجر کی جانچ؛ رسائیاں دیکھنا۔",
    "List the agencies.": "ادارے دکھاتا ہے۔",
    "Make a key and a certificate request.": "کلید اور سرٹیفکیٹ کی درخواست بناتا ہے۔",
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
    "Register, list and retire witnesses of the ledger (Special Committee).": (
        "لیجر کے تصدیق کنندگان درج کرنا، دیکھنا اور ہٹانا (خصوصی کمیٹی)۔"
    ),
    "Bring the newest checkpoint to each witness, and hand in what it signs (Special Committee).": (
        "تازہ ترین چیک پوائنٹ ہر تصدیق کنندہ تک لے جانا اور اس کے دستخط جمع کرانا (خصوصی کمیٹی)۔"
    ),
    "Register a witness by its VERIFIER_KEY, which begins with its name; you sign.": (
        "تصدیق کنندہ اس کی VERIFIER_KEY سے درج کرنا، جو اس کے نام سے شروع ہوتی ہے؛ آپ دستخط کرتے ہیں۔"
    ),
    "List the witnesses, and which checkpoint each has co-signed last, by its own clock.": (
        "تصدیق کنندگان، اور ہر ایک نے آخری بار کس چیک پوائنٹ پر دستخط کیے، اس کی اپنی گھڑی کے مطابق۔"
    ),
    "Retire a witness by its NAME or verifier key, for good; you sign.": (
        "تصدیق کنندہ کو اس کے NAME یا جانچ کی کلید سے ہمیشہ کے لیے ہٹانا؛ آپ دستخط کرتے ہیں۔"
    ),
    "Print the newest checkpoint: a signed note that witnesses can co-sign.": (
        "تازہ ترین چیک پوائنٹ: دستخط شدہ نوٹ جس پر تصدیق کنندہ دستخط کر سکتے ہیں۔"
    ),
    "Write the receipt of your access ID into FOLDER, for whoever has no `nsor`: a tlog-proof, and the entry.": (
        "آپ کی رسائی ID کی رسید FOLDER میں، ان کے لیے جن کے پاس `nsor` نہیں: ثبوت (tlog-proof) اور اندراج۔"
    ),
    "Fetch the published log into FOLDER, or bring FOLDER up to now, and verify it.": (
        "شائع شدہ لیجر FOLDER میں لانا، یا FOLDER کو تازہ کرنا، اور اس کی جانچ۔"
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
    "List accesses under your agency of which no computer of yours has a receipt: a stolen certificate shows itself.": (
        "آپ کے ادارے کے نام پر وہ رسائیاں جن کی رسید آپ کے کسی کمپیوٹر پر نہیں: چوری شدہ سرٹیفکیٹ ظاہر ہو جاتا ہے۔"
    ),
}
"""The sentence of each command."""

OPTIONS: Final[dict[str, str]] = {
    "Why the register is to be sealed.": "رجسٹر کیوں بند کیا جائے۔",
    "Instead: take this seal off.": "اس کے بجائے: یہ بندش ختم کی جائے۔",
    "You are the first: why it is to be sealed.": "آپ پہلے افسر ہیں: رجسٹر کیوں بند کیا جائے۔",
    "You are the second: what the first one has signed.": "آپ دوسرے افسر ہیں: پہلے افسر کی دستخط شدہ فائل۔",
    "Check the document and change nothing.": "دستاویز کی جانچ؛ کچھ نہیں بدلتا۔",
    "The key's file, instead of KEY_ID.": "کلید کی فائل، KEY_ID کی جگہ۔",
    "The key that you act with: no focal person is needed.": "جس کلید سے آپ کام کرتے ہیں: فوکل پرسن درکار نہیں۔",
    "Another focal person's key: for deciding officers.": ("دوسرے فوکل پرسن کی کلید: فیصلہ کرنے والے افسروں کے لیے۔"),
    "What `nsor officer request` has written, instead of the officer's key and facts.": (
        "جو `nsor officer request` نے لکھا، افسر کی کلید اور کوائف کی جگہ۔"
    ),
    "The officer's own CNIC, in the first line of a file; default: asked for, or read from stdin.": (
        "افسر کا اپنا شناختی کارڈ نمبر، فائل کی پہلی سطر میں؛ ورنہ پوچھا جاتا ہے، یا stdin سے پڑھا جاتا ہے۔"
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
    "Only this agency.": "صرف یہ ادارہ۔",
    "It may fetch the ledger's entries, too.": "یہ ادارہ لیجر کے اندراجات بھی لے سکتا ہے۔",
    "Retired ones too.": "ہٹائے گئے بھی۔",
    "One round, and no more.": "ایک دور، اور بس۔",
    "Seconds between rounds; default: 300.": "دو دوروں کے درمیان سیکنڈ؛ ورنہ 300۔",
    "Seconds for each witness; default: 30.": "ہر تصدیق کنندہ کے لیے سیکنڈ؛ ورنہ 30۔",
    "CA certificates of witnesses' HTTPS (PEM), instead of the computer's.": (
        "تصدیق کنندگان کے HTTPS کے لیے سی اے کے سرٹیفکیٹ (PEM)، کمپیوٹر کے سرٹیفکیٹوں کی جگہ۔"
    ),
    "Only these.": "صرف یہ۔",
    "With the case of each; your officer key signs the session.": (
        "ہر ایک کے مقدمے کے ساتھ؛ نشست پر آپ کی افسر کی کلید دستخط کرتی ہے۔"
    ),
    "Only this access, by its id or support code; reads the list until it is found, where it isn't known here.": (
        "صرف یہ رسائی، نمبر یا سپورٹ کوڈ سے؛ یہاں معلوم نہ ہو تو ملنے تک فہرست پڑھتا ہے۔"
    ),
    "From this day on, or from DAY HH:MM; Pakistan time.": "اس دن سے، یا DAY HH:MM سے؛ پاکستان کا وقت۔",
    "From this day on, or from DAY HH:MM.": "اس دن سے، یا DAY HH:MM سے۔",
    "To the end of this day, or until DAY HH:MM; or now.": "اس دن کے آخر تک، یا DAY HH:MM تک؛ یا اب تک۔",
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
    "Where the log is published; default: NSOR_LOG_TARGET.": "لیجر کہاں شائع ہوتا ہے؛ ورنہ NSOR_LOG_TARGET۔",
    "Leave the entries out, which few agencies may have.": "اندراجات کے بغیر، جو کم ہی ادارے لے سکتے ہیں۔",
    "Only of this officer or system of yours.": "صرف آپ کے اس افسر یا نظام کی۔",
    "Only of this method, such as LookUpRegistration.": "صرف اس طریقے کی، جیسے LookUpRegistration۔",
    "Only for this purpose, such as investigation.": "صرف اس مقصد کی، جیسے investigation۔",
    "Only of this FIR, such as PK-PB/LHR/PS-001 2024 17 2024-03-05.": (
        "صرف اس ایف آئی آر کی، جیسے PK-PB/LHR/PS-001 2024 17 2024-03-05۔"
    ),
    "Only of this case of a court: as `nsor case open` has it.": "صرف اس عدالتی مقدمے کی: جیسے `nsor case open` میں۔",
    "Only of this day, in Pakistan.": "صرف اس دن کی، پاکستان کے وقت کے مطابق۔",
    "State folder of another computer of your agency, or a copy of it; repeatable.": (
        "آپ کے ادارے کے دوسرے کمپیوٹر کا state فولڈر یا اس کی نقل؛ بار بار دیا جا سکتا ہے۔"
    ),
    "Number of an entry that was named here and that you know of: it isn't named again. Repeatable.": (
        "ایسے اندراج کا نمبر جو یہاں دکھایا گیا اور آپ کے علم میں ہے: پھر نہیں دکھایا جائے گا۔ کئی بار دیا جا سکتا ہے۔"
    ),
    "Compare all accesses again, not only those since the last time.": (
        "سب رسائیاں دوبارہ ملائیں، صرف پچھلی بار کے بعد کی نہیں۔"
    ),
}
"""The sentence of each option."""
