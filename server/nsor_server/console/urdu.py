# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What the pages of `nsor-server console` say, in Urdu."""

from __future__ import annotations

from typing import Final

URDU: Final = {
    "NSOR operations": "این ایس او آر: رجسٹر کا انتظام",
    "Overview": "جائزہ",
    "Traces": "ٹریس",
    "Refused calls": "مسترد کارروائیاں",
    "Queues and commits": "قطاریں اور کمٹ",
    "Certificates": "سرٹیفکیٹ",
    # Overview.
    "Server": "سرور",
    "not known": "معلوم نہیں",
    "not known, or an operator's command": "معلوم نہیں، یا منتظم کا حکم",
    "its metrics are off or don't answer": "اس کے اعداد بند ہیں یا جواب نہیں دیتے",
    "serves": "کام کر رہا ہے",
    "does not serve": "کام نہیں کر رہا",
    "Entries in the ledger": "لیجر کے اندراجات",
    "Newest checkpoint": "تازہ ترین چیک پوائنٹ",
    "{seconds} s ago": "{seconds} سیکنڈ پہلے",
    "Calls in ten minutes": "دس منٹ کی کارروائیاں",
    "Calls a second, ten minutes": "فی سیکنڈ کارروائیاں، دس منٹ",
    "By minute": "منٹ کے لحاظ سے",
    "Agencies, last ten minutes": "ادارے، پچھلے دس منٹ",
    "Calls by agency; times are of the calls whose spans are here, without streams.": (
        "ادارے کے لحاظ سے کارروائیاں؛ دورانیے اُن کے ہیں جن کے ٹریس یہاں موجود ہیں، اسٹریم کے بغیر۔"
    ),
    "Share": "حصہ",
    "Median": "درمیانی",
    "Slowest": "سب سے سست",
    "Last call": "آخری کارروائی",
    "Nobody has called in the last ten minutes.": "پچھلے دس منٹ میں کسی نے کارروائی نہیں کی۔",
    "The register is so busy that only the newest 50,000 entries were read when this console began.": (
        "رجسٹر اتنا مصروف ہے کہ آغاز پر صرف تازہ ترین 50,000 اندراجات پڑھے گئے۔"
    ),
    "Methods, last ten minutes": "کارروائیوں کی اقسام، پچھلے دس منٹ",
    "Certificates that want attention": "سرٹیفکیٹ جو توجہ چاہتے ہیں",
    "{count} agencies have none that holds, or one that ends within 30 days.": (
        "{count} اداروں کے پاس کوئی درست سرٹیفکیٹ نہیں، یا وہ 30 دن میں ختم ہو رہا ہے۔"
    ),
    # Traces.
    "Slower than (ms)": "اس سے سست (ملی سیکنڈ)",
    "Since": "کب سے",
    "5 minutes": "5 منٹ",
    "1 hour": "1 گھنٹہ",
    "1 day": "1 دن",
    "Access id or support code": "رسائی نمبر یا امدادی کوڈ",
    "Order": "ترتیب",
    "Newest first": "تازہ ترین پہلے",
    "Slowest first": "سب سے سست پہلے",
    (
        "This server keeps no spans here. With {setting}, set where it starts, it keeps the newest"
        " ({megabytes} MB), also beside a collector."
    ): (
        "یہ سرور یہاں ٹریس نہیں رکھتا۔ جہاں سے یہ چلایا جاتا ہے وہاں {setting} ہو"
        " تو تازہ ترین ({megabytes} ایم بی) رکھتا ہے، کلیکٹر کے ساتھ بھی۔"
    ),
    "{shown} of {count} calls.": "{count} میں سے {shown} کارروائیاں۔",
    "Answer": "جواب",
    "No call is like that. Spans come with a delay of some seconds.": (
        "ایسی کوئی کارروائی نہیں۔ ٹریس چند سیکنڈ کی تاخیر سے آتے ہیں۔"
    ),
    "One trace": "ایک ٹریس",
    "Trace {trace}, began {when}.": "ٹریس {trace}، آغاز {when}۔",
    "Most times are known up to a step alone (10, 20, 50 ms and so on): exact ones would show who was found.": (
        "اکثر اوقات صرف ایک حد تک معلوم ہیں (10، 20، 50 ملی سیکنڈ وغیرہ):"
        " بالکل درست وقت ظاہر کر دیتا کہ کس کا ریکارڈ ملا۔"
    ),
    "Each line is a span; the bar says when it ran within the trace.": (
        "ہر سطر ایک مرحلہ ہے؛ پٹی بتاتی ہے کہ وہ ٹریس میں کب چلا۔"
    ),
    "Span": "مرحلہ",
    "Began after": "کتنی دیر بعد شروع ہوا",
    "Took": "دورانیہ",
    "When it ran": "کب چلا",
    "Access id": "رسائی نمبر",
    # An entry.
    "Entry {index} of the ledger": "لیجر کا اندراج {index}",
    "Stands for so many calls": "اتنی کارروائیوں کی نمائندگی",
    "Trace": "ٹریس",
    "Hash of the leaf": "اندراج کا ہیش",
    "First checkpoint that holds it": "پہلا چیک پوائنٹ جس میں یہ ہے",
    "of {size} entries": "{size} اندراجات کا",
    "none yet": "ابھی کوئی نہیں",
    "Who acted, for which case and about whom is sealed beside it. This console has no key.": (
        "کس نے، کس مقدمے میں اور کس کے بارے میں: یہ مہر بند ہے۔ اس صفحے کے پاس کوئی کلید نہیں۔"
    ),
    # Refused calls.
    "The last hour: {shown} of {of} lines, {count} calls.": (
        "پچھلا گھنٹہ: {of} میں سے {shown} سطریں، {count} کارروائیاں۔"
    ),
    "An officer's code is one officer within one method; a single call has none.": (
        "افسر کا کوڈ ایک کارروائی میں ایک ہی افسر ہے؛ اکیلی کارروائی کا کوئی کوڈ نہیں۔"
    ),
    "Calls": "تعداد",
    "Officer's code": "افسر کا کوڈ",
    "So many calls were refused that only those since {since} are counted.": (
        "اتنی کارروائیاں مسترد ہوئیں کہ صرف {since} سے اب تک کی گنی گئی ہیں۔"
    ),
    "No call was refused in the last hour.": "پچھلے گھنٹے میں کوئی کارروائی مسترد نہیں ہوئی۔",
    # Figures.
    "The server's metrics are off: NSOR_METRICS_LISTEN turns them on.": (
        "سرور کے اعداد بند ہیں: NSOR_METRICS_LISTEN سے چلتے ہیں۔"
    ),
    "The server's metrics don't answer at {address}.": "سرور کے اعداد {address} پر جواب نہیں دیتے۔",
    "How long and how many, since the server started": "کتنی دیر اور کتنی بار، سرور کے آغاز سے",
    "What": "کیا",
    "Count": "تعداد",
    "Mean": "اوسط",
    "Median, at most": "درمیانی، زیادہ سے زیادہ",
    "99 of 100, at most": "100 میں سے 99، زیادہ سے زیادہ",
    "Now": "اس وقت",
    "Value": "قدر",
    # Certificates.
    "Of this server": "اس سرور کے",
    "Of the agencies, as the ledger proves": "اداروں کے، جیسے لیجر ثابت کرتا ہے",
    "Of the agencies, as the tables say": "اداروں کے، جیسے جدولیں بتاتی ہیں",
    "Whoever owns the database can write others. On the network the console shows those that the ledger proves.": (
        "جس کے پاس ڈیٹا بیس ہے وہ دوسرے لکھ سکتا ہے۔ نیٹ ورک پر کنسول وہ دکھاتا ہے جو لیجر ثابت کرتا ہے۔"
    ),
    "Whose": "کس کا",
    "Ends": "اختتام",
    "Days": "دن",
    "How many": "کتنے",
    "State": "حالت",
    "disabled": "معطل",
    "holds": "درست",
    "ends soon": "جلد ختم ہو گا",
    "none holds": "کوئی درست نہیں",
    # Verification.
    "Verification": "جانچ",
    "The ledger": "لیجر",
    "Entries that are missing or can't be read: {count}. Run nsor-server ledger verify.": (
        "اندراجات جو غائب ہیں یا پڑھے نہیں جا سکتے: {count}۔ nsor-server ledger verify چلائیں۔"
    ),
    "whole": "مکمل",
    "not whole": "مکمل نہیں",
    "Entries that were verified": "جانچے گئے اندراجات",
    "New ones were last verified": "نئے اندراجات کی آخری جانچ",
    "Everything was last verified": "سب کی آخری جانچ",
    "in {seconds} s": "{seconds} سیکنڈ میں",
    "{found} findings; the first bad entry is {index}. Stop, keep the disk, run `nsor-server ledger verify`.": (
        "{found} نقائص ملے؛ پہلا خراب اندراج {index} ہے۔ روکیں، ڈسک محفوظ رکھیں، `nsor-server ledger verify` چلائیں۔"
    ),
    "Nothing is known of a verification: {command} verifies all the time.": (
        "کسی جانچ کا علم نہیں: {command} مسلسل جانچتا ہے۔"
    ),
    # Entries and spans.
    "Entries compared with the spans of their calls": "اندراجات اور ان کی کارروائیوں کے ٹریس کا موازنہ",
    "From {since} to {until}, since the verification began: {matched} spans have their entry.": (
        "{since} سے {until} تک، جانچ کے آغاز سے: {matched} ٹریس کا اندراج موجود ہے۔"
    ),
    "What differs": "کیا مختلف ہے",
    "Answered calls without an entry: a finding": "جواب دی گئی کارروائیاں جن کا اندراج نہیں: نقص",
    "Entries without a span, for no reason that is known": "اندراجات جن کا ٹریس نہیں، وجہ معلوم نہیں",
    "Entries whose spans the server had no room for": "اندراجات جن کے ٹریس کے لیے سرور میں جگہ نہ تھی",
    "Entries whose spans the server couldn't hand over": "اندراجات جن کے ٹریس سرور آگے نہ دے سکا",
    "Entries of times whose spans couldn't be read": "اندراجات جن کے وقت کے ٹریس پڑھے نہ جا سکے",
    "Entries of the last minute, whose spans may be on their way": (
        "پچھلے منٹ کے اندراجات، جن کے ٹریس شاید راستے میں ہوں"
    ),
    "Answered calls whose loss a new epoch has owned up to": "کارروائیاں جن کا گم ہونا نئے دور نے تسلیم کیا",
    "Spans of calls that were not answered, and have no entry of their own": (
        "کارروائیوں کے ٹریس جن کا جواب نہیں دیا گیا اور اپنا اندراج نہیں"
    ),
    "Nothing was compared yet: it needs the local store (NSOR_TRACE_STORE=on) or `ledger watch --spans-from`.": (
        "ابھی کوئی موازنہ نہیں ہوا: مقامی جگہ (NSOR_TRACE_STORE=on) یا `ledger watch --spans-from` چاہیے۔"
    ),
    # When something isn't there.
    "Not here": "یہاں نہیں ہے",
    "There is no such trace or entry here. Traces are kept for a while; entries for ever.": (
        "ایسا کوئی ٹریس یا اندراج یہاں نہیں۔ ٹریس کچھ عرصہ رکھے جاتے ہیں؛ اندراجات ہمیشہ۔"
    ),
    "An entry is broken": "ایک اندراج خراب ہے",
    "What this page reads of the ledger is missing or can't be read. Run nsor-server ledger verify.": (
        "یہ صفحہ لیجر کا جو حصہ پڑھتا ہے وہ موجود نہیں یا پڑھا نہیں جا سکتا۔ nsor-server ledger verify چلائیں۔"
    ),
    "The database does not answer": "ڈیٹا بیس جواب نہیں دیتا",
    "This page reads from the database, which doesn't answer or took too long. Traces and figures are still here.": (
        "یہ صفحہ ڈیٹا بیس سے پڑھتا ہے، جو جواب نہیں دیتا یا بہت دیر لیتا ہے۔ ٹریس اور اعداد پھر بھی موجود ہیں۔"
    ),
}
