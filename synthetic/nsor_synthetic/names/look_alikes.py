"""Names that look or sound alike and are different names: what a matcher must not take for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nsor_synthetic.names.elements import Element, Half, element


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Two names.

    Attributes:
        first: a man's name.
        second: the other one.
        womans: the other one is a woman's.
    """

    first: Element
    second: Element
    womans: bool = False


def _read(text: str, *, womans: bool = False) -> tuple[LookAlike, ...]:
    """Read pairs, one a line: ``Urdu | Roman | Urdu | Roman``."""
    found = []
    for line in text.strip().splitlines():
        urdu, roman, other_urdu, other_roman = (
            tuple(word.strip() for word in part.split(",")) for part in line.split("|")
        )
        found.append(LookAlike(element(urdu, roman), element(other_urdu, other_roman), womans))
    return tuple(found)


_ALL: Final = _read("""
    حسن | Hassan, Hasan | حسین | Hussain, Hussein
    سلیم | Saleem, Salim | سلمان | Salman, Sulman
    ناصر | Nasir, Naser | نصیر | Naseer, Nasseer
    راشد | Rashid, Rashed | ارشد | Arshad, Arshed
    ماجد | Majid, Maajid | امجد | Amjad, Amjed
    عامر | Aamir, Amir | عمر | Umar, Omar
    کامران | Kamran, Kaamran | عمران | Imran, Emran
    ساجد | Sajid, Saajid | واجد | Wajid, Wajed
    عارف | Arif, Aarif | آصف | Asif, Aasif
    جمیل | Jameel, Jamil | جمال | Jamal, Jammal
    نعیم | Naeem, Naim | ندیم | Nadeem, Nadim
    شاہد | Shahid, Shahed | شہزاد | Shahzad, Shehzad
    رحمت اللہ | Rehmatullah, Rahmatullah | نعمت اللہ | Naimatullah, Nematullah
    حبیب اللہ | Habibullah, Habib Ullah | نجیب اللہ | Najeebullah, Najib Ullah
    عبدالرحیم | Abdul Raheem, Abdur Rahim | عبدالرحمٰن | Abdul Rehman, Abdur Rahman
    عبدالقادر | Abdul Qadir, Abdul Qader | عبدالقدیر | Abdul Qadeer, Abdul Kadir
    عبدالحمید | Abdul Hameed, Abdul Hamid | عبدالمجید | Abdul Majeed, Abdul Majid
    غلام رسول | Ghulam Rasool, Ghulam Rasul | غلام سرور | Ghulam Sarwar, Gulam Sarwar
    اللہ دتہ | Allah Ditta, Allah Dita | اللہ رکھا | Allah Rakha, Allahrakha
    امام بخش | Imam Bux, Imam Bakhsh | پیر بخش | Pir Bux, Peer Bakhsh
    شیر زمان | Sher Zaman, Sherzaman | گل زمان | Gul Zaman, Gulzaman
    زر ولی | Zar Wali, Zarwali | شاہ ولی | Shah Wali, Shahwali
    شہداد | Shahdad, Shehdad | خدا داد | Khuda Dad, Khudadad
    رفیق | Rafiq, Rafique | شفیق | Shafiq, Shafique
""") + _read("""
    ندیم | Nadeem, Nadim | ندیمہ | Nadeema, Nadima
    شمیم | Shamim, Shameem | شمیمہ | Shamima, Shameema
    سلیم | Saleem, Salim | سلیمہ | Saleema, Salima
    خالد | Khalid, Khaled | خالدہ | Khalida, Khaleda
    زاہد | Zahid, Zahed | زاہدہ | Zahida, Zaheda
    شاہد | Shahid, Shahed | شاہدہ | Shahida, Shaheda
    رشید | Rasheed, Rashid | رشیدہ | Rasheeda, Rashida
    نسیم | Naseem, Nasim | نسیمہ | Naseema, Nasima
""", womans=True)  # fmt: skip


def of(half: Half) -> tuple[LookAlike, ...]:
    """The pairs of which both names may be drawn for a half."""
    if half is Half.BOTH:
        return _ALL
    return tuple(pair for pair in _ALL if {pair.first.half, pair.second.half} <= {half, Half.BOTH})
