# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What `--help` says in Urdu. The register itself, and options of several subjects."""

from __future__ import annotations

from typing import Final

COMMANDS: Final[dict[str, str]] = {
    "Pakistan's National Sex Offenders Register, for agencies.": (
        "پاکستان کا قومی رجسٹر برائے جنسی مجرمان، اداروں کے لیے۔"
    ),
    "Show the ledger and your agency's accesses in a browser.": "لیجر اور اپنے ادارے کی رسائیاں براؤزر میں دکھائیں۔",
    "Show the ledger, accesses and your agency's officers in a browser, until Ctrl-C; each view is an entry.": (
        "لیجر، رسائیاں اور اپنے ادارے کے افسران براؤزر میں دکھائیں، Ctrl-C تک؛ ہر صفحہ ایک اندراج ہے۔"
    ),
}
"""The sentence of each command."""

OPTIONS: Final[dict[str, str]] = {
    "Of the address; 0 takes a free one.": "پتے کی پورٹ؛ 0 پر کوئی خالی پورٹ لی جاتی ہے۔",
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
    "At most so many.": "زیادہ سے زیادہ اتنے۔",
    "However many there are.": "جتنے بھی ہوں۔",
    "Check the request and change nothing.": "درخواست کی جانچ؛ کچھ نہیں بدلتا۔",
    "Print a request to fill in.": "پُر کرنے کے لیے درخواست دکھائیں۔",
    "The focal person's key, which signs this.": "فوکل پرسن کی کلید، جو اس پر دستخط کرتی ہے۔",
}
"""The sentence of each option."""
