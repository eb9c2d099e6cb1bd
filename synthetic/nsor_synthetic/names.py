"""Given and family names in Urdu and in Roman letters, paired. Common names only: together they name nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Name:
    """A name in both scripts."""

    urdu: str
    roman: str

    def __add__(self, other: Name) -> Name:
        """Join two names."""
        return Name(f"{self.urdu} {other.urdu}", f"{self.roman} {other.roman}")


def _names(text: str) -> tuple[Name, ...]:
    """Read pairs: one a line, Urdu first."""
    return tuple(Name(*(part.strip() for part in line.split("|"))) for line in text.strip().splitlines())


MEN: Final = _names("""
    محمد اکرم|Muhammad Akram
    محمد اسلم|Muhammad Aslam
    محمد عمران|Muhammad Imran
    محمد عرفان|Muhammad Irfan
    محمد رمضان|Muhammad Ramzan
    محمد شفیق|Muhammad Shafiq
    محمد یوسف|Muhammad Yousaf
    غلام رسول|Ghulam Rasool
    غلام مصطفیٰ|Ghulam Mustafa
    غلام عباس|Ghulam Abbas
    عبدالرحمٰن|Abdul Rehman
    عبدالغفور|Abdul Ghafoor
    عبدالستار|Abdul Sattar
    عبدالمجید|Abdul Majeed
    عبداللہ|Abdullah
    اللہ دتہ|Allah Ditta
    اللہ بخش|Allah Bakhsh
    احمد علی|Ahmed Ali
    علی حسن|Ali Hassan
    حسن رضا|Hassan Raza
    حسین احمد|Hussain Ahmed
    عثمان غنی|Usman Ghani
    عمر فاروق|Umar Farooq
    بلال احمد|Bilal Ahmed
    کاشف محمود|Kashif Mahmood
    آصف اقبال|Asif Iqbal
    عاطف نواز|Atif Nawaz
    شاہد پرویز|Shahid Pervaiz
    زاہد حسین|Zahid Hussain
    خالد محمود|Khalid Mahmood
    طارق جاوید|Tariq Javed
    ناصر خان|Nasir Khan
    یاسر عرفات|Yasir Arafat
    نعیم اختر|Naeem Akhtar
    وسیم عباس|Waseem Abbas
    ندیم اصغر|Nadeem Asghar
    ساجد علی|Sajid Ali
    ماجد حسین|Majid Hussain
    واجد علی|Wajid Ali
    فیصل شہزاد|Faisal Shehzad
    قیصر عباس|Qaiser Abbas
    ظفر اقبال|Zafar Iqbal
    گل محمد|Gul Muhammad
    گل زمان|Gul Zaman
    نور محمد|Noor Muhammad
    شیر محمد|Sher Muhammad
    خان محمد|Khan Muhammad
    فضل کریم|Fazal Karim
    فضل الٰہی|Fazal Elahi
    رحمت اللہ|Rehmatullah
    حبیب اللہ|Habibullah
    نجیب اللہ|Najeebullah
    عنایت اللہ|Inayatullah
    امیر بخش|Ameer Bakhsh
    دوست محمد|Dost Muhammad
    میر حسن|Mir Hassan
    کریم داد|Karim Dad
    سلطان احمد|Sultan Ahmed
    منظور حسین|Manzoor Hussain
    مشتاق احمد|Mushtaq Ahmed
    اشفاق احمد|Ashfaq Ahmed
    ذوالفقار علی|Zulfiqar Ali
    افتخار احمد|Iftikhar Ahmed
    صفدر حسین|Safdar Hussain
    جاوید اختر|Javed Akhtar
    پرویز اختر|Pervaiz Akhtar
""")
"""Men's given names; fathers and husbands are drawn from them too."""

WOMEN: Final = _names("""
    شازیہ بی بی|Shazia Bibi
    نازیہ پروین|Nazia Parveen
    رخسانہ کوثر|Rukhsana Kausar
    صائمہ بیگم|Saima Begum
    عاصمہ بی بی|Asma Bibi
    فرزانہ یاسمین|Farzana Yasmeen
    نسرین اختر|Nasreen Akhtar
    سمیرا ناز|Sumaira Naz
    کلثوم بی بی|Kulsoom Bibi
    ثمینہ کنول|Samina Kanwal
    زبیدہ خاتون|Zubaida Khatoon
    گل مینہ|Gul Meena
    پلوشہ بی بی|Palwasha Bibi
    ماہ جبین|Mah Jabeen
""")
"""Women's given names."""

FAMILIES: Final = {
    "PK-PB": _names("""
        بھٹی|Bhatti
        چوہدری|Chaudhry
        گجر|Gujjar
        جٹ|Jatt
        آرائیں|Arain
        ملک|Malik
        رانا|Rana
        قریشی|Qureshi
        انصاری|Ansari
    """),
    "PK-SD": _names("""
        سومرو|Soomro
        میمن|Memon
        چانڈیو|Chandio
        لغاری|Leghari
        ابڑو|Abro
        شیخ|Shaikh
        قریشی|Qureshi
    """),
    "PK-KP": _names("""
        خٹک|Khattak
        یوسفزئی|Yousafzai
        آفریدی|Afridi
        خان|Khan
        مروت|Marwat
        بنگش|Bangash
        مہمند|Mohmand
    """),
    "PK-BA": _names("""
        بلوچ|Baloch
        کاکڑ|Kakar
        رئیسانی|Raisani
        اچکزئی|Achakzai
        مینگل|Mengal
        رند|Rind
    """),
    "PK-IS": _names("""
        عباسی|Abbasi
        راجہ|Raja
        ستی|Satti
        خان|Khan
        ملک|Malik
    """),
    "PK-JK": _names("""
        راٹھور|Rathore
        میر|Mir
        لون|Lone
        ڈار|Dar
        خواجہ|Khawaja
        مغل|Mughal
    """),
    "PK-GB": _names("""
        بلتی|Balti
        شگری|Shigri
        ہنزائی|Hunzai
        یاسینی|Yasini
        علی|Ali
    """),
}
"""Family, clan and area names by unit. There is no surname system: many people have none of these."""

ALIASES: Final = _names("""
    ببلو|Bablu
    پپو|Pappu
    گڈو|Guddu
    کالا|Kala
    بھولا|Bhola
    مٹھو|Mithu
    شیدا|Sheeda
    جانی|Jani
    لالہ|Lala
    ٹونی|Tony
""")
"""Names that people are also known by."""
