# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What to do next after each failure, in English and in Urdu: data, no behaviour.

The register's own texts say what is wrong and come with the refusal. These say what the person at the keyboard can do.
"""

from typing import NamedTuple


class Words(NamedTuple):
    """One text in both languages."""

    en: str
    ur: str


_ASK_REGISTER = Words(
    "Give the register's operator (NPB) the support code.", "رجسٹر کے منتظم (این پی بی) کو سپورٹ کوڈ بتائیں۔"
)
_RENEW = Words(
    "Ask for a new certificate: `nsor credentials request`.",
    "نیا سرٹیفکیٹ طلب کریں: `nsor credentials request`۔",
)
_OFFICER = Words(
    "Have your focal person enrol this key: `nsor officer request`. If it was disabled, make another one first: "
    "`nsor officer new-key FILE`.",
    "اپنے فوکل پرسن سے یہ کلید درج کروائیں: `nsor officer request`۔ اگر یہ غیر فعال ہو چکی ہے تو پہلے نئی بنائیں: "
    "`nsor officer new-key FILE`۔",
)
_GRANT = Words(
    "Police: ask the prosecutor, `nsor access request`. NPB: have another officer open a ticket, `nsor ticket open`. "
    "Courts: `nsor case open`.",
    "پولیس: پراسیکیوٹر سے اجازت لیں، `nsor access request`۔ این پی بی: دوسرے افسر سے ٹکٹ کھلوائیں، `nsor ticket open`۔ "
    "عدالت: `nsor case open`۔",
)
_EMERGENCIES = Words(
    "What waits for NPB's review: `nsor emergencies list`.",
    "این پی بی کے جائزے کی منتظر رسائیاں: `nsor emergencies list`۔",
)
_AGAIN = Words(
    "Try again in a minute; a repeat does not act twice.",
    "ایک منٹ بعد دوبارہ کوشش کریں؛ دہرانے سے کام دو بار نہیں ہوتا۔",
)
_LOOK_AGAIN = Words(
    "Read the record again and decide on what it says now.", "ریکارڈ دوبارہ دیکھیں اور موجودہ صورت پر فیصلہ کریں۔"
)
_STOP = Words(
    "Do not rely on the answer. Keep the state folder as it is and tell the Special Committee.",
    "اس جواب پر بھروسا نہ کریں۔ پروگرام کا ڈیٹا فولڈر (state) جوں کا توں رکھیں اور خصوصی کمیٹی کو اطلاع دیں۔",
)
_CORRECT = Words("Correct the fields named above and send again.", "اوپر بتائے گئے خانے درست کر کے دوبارہ بھیجیں۔")
_CLIENT = Words(
    "Update this program; if it stays, tell its maintainer.",
    "یہ پروگرام اپ ڈیٹ کریں؛ مسئلہ رہے تو اسے بنانے والوں کو بتائیں۔",
)

NEXT_STEPS: dict[str, Words] = {
    "CERTIFICATE_NOT_ACCEPTED": _RENEW,
    "CERTIFICATE_NOT_ACTIVE": _ASK_REGISTER,
    "CERTIFICATE_EXPIRED": Words(
        "The certificate has expired. Ask for a new one: `nsor credentials request`.",
        "سرٹیفکیٹ کی میعاد ختم ہو چکی ہے۔ نیا طلب کریں: `nsor credentials request`۔",
    ),
    "AGENCY_NOT_ACTIVE": _ASK_REGISTER,
    "NOT_ALLOWED": Words(
        "This agency may not do this; another agency must.",
        "یہ کام آپ کے ادارے کے اختیار میں نہیں؛ مجاز ادارہ کرے۔",
    ),
    "SWITCHED_OFF": Words(
        "Policy has switched this off for your province or agency.",
        "پالیسی نے آپ کے صوبے یا ادارے کے لیے یہ بند کر رکھا ہے۔",
    ),
    "OFFICER_REQUIRED": Words(
        "Name your key: --officer-key or NSOR_OFFICER_KEY.", "اپنی کلید بتائیں: --officer-key یا NSOR_OFFICER_KEY۔"
    ),
    "OFFICER_NOT_ACCEPTED": _OFFICER,
    "OFFICER_SESSION_EXPIRED": Words(
        "Set this computer's clock, then try again.", "اس کمپیوٹر کی گھڑی درست کر کے دوبارہ کوشش کریں۔"
    ),
    "DECISION_EXPIRED": Words(
        "Set this computer's clock, then decide again.", "اس کمپیوٹر کی گھڑی درست کر کے دوبارہ فیصلہ کریں۔"
    ),
    "OFFICER_MAY_NOT_DECIDE": Words(
        "Have a deciding officer do this, or your key replaced by a deciding one: `nsor officer replace --decides`.",
        "فیصلہ کنندہ افسر سے کروائیں، یا اپنی کلید بدلوائیں: `nsor officer replace --decides`۔",
    ),
    "OFFICER_NOT_SYSTEM": Words(
        "Name an officer's key, not a system's: --officer-key.", "نظام کی نہیں، افسر کی کلید بتائیں: --officer-key۔"
    ),
    "FOCAL_PERSON_REQUIRED": Words(
        "Sign with a focal person's key: `--focal-key-file FILE`, or NSOR_FOCAL_KEY. "
        "The register's operator (NPB) enters focal persons.",
        "فوکل پرسن کی کلید سے دستخط کریں: `--focal-key-file FILE` یا NSOR_FOCAL_KEY۔ "
        "فوکل پرسن کا اندراج رجسٹر کا منتظم (این پی بی) کرتا ہے۔",
    ),
    "SECOND_FOCAL_PERSON_REQUIRED": Words(
        "Add another focal person's key: `--second-focal-key-file FILE`, or NSOR_SECOND_FOCAL_KEY.",
        "دوسرے فوکل پرسن کی کلید شامل کریں: `--second-focal-key-file FILE` یا NSOR_SECOND_FOCAL_KEY۔",
    ),
    "NONCE_REQUIRED": _CLIENT,
    "METADATA_REPEATED": _CLIENT,
    "INVALID_FIELDS": _CORRECT,
    "MALFORMED_REQUEST": _CLIENT,
    "UNKNOWN_METHOD": _CLIENT,
    "NO_RECORD": Words(
        "Check the id. Records of other agencies are answered the same way.",
        "ریکارڈ نمبر دیکھ لیں۔ دوسرے اداروں کے ریکارڈ کا جواب بھی یہی ہوتا ہے۔",
    ),
    "NOT_CONVICTED": Words(
        "Do not send this order: only convictions are registered.",
        "یہ حکم نہ بھیجیں: صرف سزا یافتہ مجرم درج ہوتے ہیں۔",
    ),
    "OFFENCE_NOT_REGISTRABLE": Words(
        "Check the offence code and the date of the offence against the judgment.",
        "دفعہ اور وقوعہ کی تاریخ عدالتی فیصلے سے ملائیں۔",
    ),
    "OUTSIDE_JURISDICTION": Words("Pass it to the office of that place.", "اسے متعلقہ علاقے کے دفتر کو بھیجیں۔"),
    "SECOND_PERSON_REQUIRED": Words(
        "Have a colleague do it; for an access request or a registration, an officer of another agency. "
        "`nsor whoami` shows who you are here.",
        "کوئی ساتھی افسر کرے؛ رسائی کی درخواست یا اندراج ہو تو دوسرے ادارے کا افسر۔ "
        "`nsor whoami` دکھاتا ہے کہ آپ یہاں کون ہیں۔",
    ),
    "ETAG_MISMATCH": _LOOK_AGAIN,
    "WRONG_STATE": _LOOK_AGAIN,
    "POLICY_NOT_VALID": Words(
        "Begin with the one in force, `nsor policy show grants > grants.toml` (or another document), and try the "
        "change: `nsor policy propose grants.toml --validate-only`.",
        "نافذ دستاویز سے شروع کریں، `nsor policy show grants > grants.toml` (یا کوئی اور دستاویز)، اور تبدیلی آزمائیں: "
        "`nsor policy propose grants.toml --validate-only`۔",
    ),
    "POLICY_UNCHANGED": Words("See what is proposed: `nsor policy list`.", "تجاویز دیکھیں: `nsor policy list`۔"),
    "GRANT_NOT_VALID": _GRANT,
    "CANDIDATE_NOT_VALID": Words(
        "Search again: `nsor search`, and choose one of what it finds now.",
        "دوبارہ `nsor search` چلائیں، اور نئے نتائج میں سے چنیں۔",
    ),
    "REGISTER_SEALED": Words(
        "Wait until it is unsealed; what you enter or record is taken meanwhile. Ask the National Police Bureau.",
        "رجسٹر کے دوبارہ کھلنے تک انتظار کریں؛ اندراجات اس دوران بھی لیے جاتے ہیں۔ نیشنل پولیس بیورو سے رجوع کریں۔",
    ),
    "SEARCH_NOT_READY": Words(
        "Wait some minutes, then search again; a look-up by number works meanwhile.",
        "چند منٹ بعد دوبارہ کوشش کریں؛ نمبر سے ریکارڈ اس دوران بھی دیکھا جا سکتا ہے۔",
    ),
    "GRANT_EXPIRED": _GRANT,
    "GRANT_USED_UP": _GRANT,
    "GRANT_WITHDRAWN": _GRANT,
    "LEASE_ENDED": Words("Ask for the next item: `nsor identity next`.", "اگلا اندراج طلب کریں: `nsor identity next`۔"),
    "TOO_MANY_PHOTOS": Words(
        "The newest photos of the record: `nsor photo list`.",
        "اندراج کی تازہ تصاویر: `nsor photo list`۔",
    ),
    "EMERGENCY_ROLE_NEEDED": Words(
        "Ask a deciding officer of the grade that policy names: `nsor policy show grants`.",
        "اس گریڈ کے افسر سے رجوع کریں جو پالیسی میں درج ہے: `nsor policy show grants`۔",
    ),
    "EMERGENCY_UNREVIEWED": _EMERGENCIES,
    "EMERGENCY_REVIEWS_OVERDUE": _EMERGENCIES,
    "EMERGENCY_OVER": _GRANT,
    "TOO_MANY_NOTICES": Words(
        "Verify or refuse those that wait: `nsor work --kind notices`.",
        "منتظر اطلاعات کی تصدیق کریں یا انہیں مسترد کریں: `nsor work --kind notices`۔",
    ),
    "MANIFEST_DECLARED": Words(
        "Go on on the computer that declared it, or name its manifest: `nsor screen FILE --manifest ID`.",
        "جس کمپیوٹر نے اعلان کیا تھا اسی پر جاری رکھیں، یا فہرست کا نمبر دیں: `nsor screen FILE --manifest ID`۔",
    ),
    "MANIFEST_CLOSED": Words(
        "Look a single traveller up: `nsor lookup`.",
        "کسی ایک مسافر کا ریکارڈ دیکھیں: `nsor lookup`۔",
    ),
    "TOO_MANY_AMENDMENTS": Words(
        "Wait until the record's owner has decided on them: `nsor proposals list`.",
        "ریکارڈ کے مالک ادارے کے فیصلے تک انتظار کریں: `nsor proposals list`۔",
    ),
    "PHOTOS_UNAVAILABLE": Words(
        "Keep the photo. The operator runs `nsor-server check`, which says what is missing.",
        "تصویر اپنے پاس رکھیں۔ منتظم `nsor-server check` چلائے، جو بتائے گا کہ کیا کمی ہے۔",
    ),
    "BUDGET_EMPTY": Words(
        "Wait as long as the register says. Each officer has a budget of his own, and your focal person was told.",
        "رجسٹر کے بتائے وقت تک رکیں۔ ہر افسر کی گنجائش الگ ہے، اور ادارے کے فوکل پرسن کو اطلاع دی جا چکی ہے۔",
    ),
    "REPEATED_TOO_LATE": Words("Look up again, without --request-id.", "--request-id کے بغیر ریکارڈ دوبارہ دیکھیں۔"),
    "OFFICER_NOT_KNOWN": Words(
        "Ask the officer for the key id that `nsor whoami` prints on his computer.",
        "افسر سے کلید کا وہ نمبر لیں جو اس کے کمپیوٹر پر `nsor whoami` دکھاتا ہے۔",
    ),
    "REQUEST_ID_REUSED": Words(
        "Give the changed request a new request id.", "تبدیل شدہ درخواست کو نیا درخواست نمبر دیں۔"
    ),
    "RATE_LIMITED": Words("Wait, then send more slowly.", "کچھ دیر رکیں، پھر وقفے سے بھیجیں۔"),
    "CALLS_DROPPED": Words(
        "Stop what sends so much and wait a minute. If nothing of yours does, somebody has the key: tell NPB.",
        "جو پروگرام اتنا بھیج رہا ہے اسے روکیں۔ اگر وہ آپ کا نہیں تو کلید کسی اور کے پاس ہے: این پی بی کو بتائیں۔",
    ),
    "MESSAGE_TOO_LARGE": Words("Split the request.", "درخواست کو حصوں میں بانٹیں۔"),
    "DEADLINE": _AGAIN,
    "LEDGER_UNAVAILABLE": _AGAIN,
    "INTERNAL": _ASK_REGISTER,
    "SHUTTING_DOWN": _AGAIN,
    "PROOF_OUT_OF_RANGE": _STOP,
    "MONTH_NOT_COUNTED": Words(
        "A month is counted within the hour after its end. Ask for an earlier one.",
        "مہینہ اپنے اختتام کے ایک گھنٹے کے اندر گنا جاتا ہے۔ پہلے کا مہینہ مانگیں۔",
    ),
    "RECEIPT_MISSING": _STOP,
    "RECEIPT_NOT_KEPT": Words(
        "Free space on that disk, or make the folder writable, and try again. A repeat with the same request id does "
        "not act twice.",
        "اس ڈسک پر جگہ خالی کریں یا فولڈر کو قابلِ تحریر بنائیں، پھر دوبارہ کوشش کریں۔ اسی درخواست نمبر سے کام دو بار "
        "نہیں ہوتا۔",
    ),
    "RECEIPT_WRONG": _STOP,
    "LEAF_MISSING": _STOP,
    "ENTRY_TOO_LATE": _STOP,
    "ENTRY_LOST": Words(
        "See which of yours were lost, and what to do about them: `nsor ledger verify`.",
        "دیکھیں آپ کے کون سے اندراجات ضائع ہوئے اور اب کیا کرنا ہے: `nsor ledger verify`۔",
    ),
    "LEDGER_FORKED": _STOP,
    "LEDGER_ROLLED_BACK": _STOP,
}

UNREACHABLE_STEPS: dict[str, Words] = {
    "UNAVAILABLE": Words(
        "Check the target, the network, and that certificate, key and CA belong together; then try again. "
        "A repeat with the same request id does not act twice.",
        "سرور کا پتا اور نیٹ ورک دیکھیں، اور یہ کہ سرٹیفکیٹ، کلید اور سی اے ایک دوسرے کے ہیں؛ پھر دوبارہ کوشش کریں۔ "
        "اسی درخواست نمبر سے کام دو بار نہیں ہوتا۔",
    ),
    "DEADLINE_EXCEEDED": _AGAIN,
    "CANCELLED": _AGAIN,
    "RESOURCE_EXHAUSTED": Words("Split the request.", "درخواست کو حصوں میں بانٹیں۔"),
}
