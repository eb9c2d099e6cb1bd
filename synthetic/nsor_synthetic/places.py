"""Where people live: districts by population, and the digits that the CNICs of a district begin with.

Population in thousands is near the census of 2023, and the digits are those of NADRA's divisions and districts; both
are remembered, not read. A district that was carved out of another one has the digits of the older one.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping
from typing import Final

from nsor_server.policy.places import Places
from nsor_synthetic.dice import Dice

UNITS: Final = ("PK-PB", "PK-SD", "PK-KP", "PK-BA", "PK-IS", "PK-JK", "PK-GB")
"""The units, the populous ones first."""
_UNKNOWN: Final = 60
"""Thousands of people of a district that isn't in the table."""
_TABLE: Final = {
    "PK-PB": """
        ATK 2170 371 BWN 3550 311 BWP 4284 312 BHK 1957 381 CKL 1130 372 CNT 1563 332 DGK 2393 321 FSD 9075 331
        GRW 4966 341 GJT 3219 342 HFZ 1319 343 JHG 3065 332 JLM 1382 373 KSR 4084 351 KWL 3364 361 KSB 1501 382
        KOT 1486 323 LHR 13004 352 LYH 2102 322 LDN 1928 362 MBD 1829 344 MWI 1798 383 MUL 5362 363 MUR 372 374
        MZG 3528 323 NKS 1635 354 NRW 1951 345 OKR 3516 353 PKP 2136 364 RYK 5564 313 RJP 2381 324 RWP 5745 374
        SWL 2881 365 SGD 4334 384 SKP 4050 354 SKT 4499 346 TLG 605 372 TSL 1001 321 TTS 2524 333 VHR 3430 366
        WZB 993 341""",
    "PK-SD": """
        BDN 1947 411 DDU 1742 412 GTK 1772 451 HYD 2432 413 JCD 1174 431 JMS 1117 412 KCE 3822 421 KEA 3921 422
        KHI 2329 423 KWE 2679 424 KEM 2068 424 KOR 3128 422 MLR 2432 425 KSH 1233 431 KHP 2597 452 LRK 1784 432
        MTR 849 413 MPK 1681 441 NSF 1777 453 QSK 1514 432 SNG 2308 442 SBA 1845 454 SHP 1386 433 SJL 839 414
        SUK 1639 455 TAY 922 413 TMK 726 413 TRP 1778 443 TTA 1083 414 UMK 1159 441""",
    "PK-KP": """
        ABT 1419 131 ALI 160 132 BAJ 1288 211 BNU 1357 111 BTG 390 132 BNR 1017 151 CHD 1835 171 CTL 320 152 CTU 195 152
        DRC 500 157 DIK 1829 121 DRL 1650 153 DRU 583 157 HGU 528 141 HRP 1174 133 KRK 815 142 KHY 1146 212 KOH 1234 143
        KPA 280 134 KHL 340 134 KHU 422 134 KRM 785 213 LKM 1040 112 MKD 826 154 MNS 1797 135 MRD 2744 161 MHD 553 214
        NWZ 693 215 NSR 1740 172 OKZ 387 216 PEW 4758 173 SHG 891 155 SWZ 440 217 UWZ 448 217 SWB 1894 162 SWT 2687 156
        TNK 470 122 TGR 200 135""",
    "PK-BA": """
        AWN 178 511 BRK 210 561 CGI 269 541 CMN 466 542 DBG 355 551 DUK 205 563 GWD 305 521 HRN 127 553 HUB 382 515
        JFB 594 532 JMG 203 533 KCH 442 531 KLT 271 512 KEC 1060 522 KRN 260 513 KZD 997 514 KAB 361 542 KSF 380 562
        KLU 260 552 LSB 298 515 LRL 272 563 MST 313 516 MKH 182 564 NSB 563 534 NSK 207 541 PJG 509 523 PSN 835 543
        QTA 2595 544 SHN 191 565 SIB 224 553 SBP 240 532 SRB 279 512 USM 292 532 WSK 302 513 ZHB 355 565 ZIA 189 554""",
    "PK-IS": "ISB 2363 611",
    "PK-JK": """
        BAG 400 821 BBR 450 811 HVL 165 821 JHV 250 822 KTL 830 812 MPR 500 813 MZD 700 822 NLM 210 822 PNC 540 823
        SDN 320 824""",
    "PK-GB": """
        AST 110 711 DAR 70 712 DMR 330 712 GHN 160 713 GHZ 110 714 GIL 330 715 GYN 90 714 HNZ 65 715 KHR 60 717
        NGR 75 715 RND 60 717 SGR 85 717 SKD 280 717 TNG 70 712""",
}
_TEHSILS: Final = 6
_CHILD_PROTECTION: Final = frozenset(
    f"PK-{city}" for city in ("PB/LHR", "PB/RWP", "PB/MUL", "SD/KHI", "KP/PEW", "KP/ABT", "KP/MRD", "BA/QTA", "IS/ISB")
)


def _read() -> tuple[Mapping[str, int], Mapping[str, str]]:
    people: dict[str, int] = {}
    digits: dict[str, str] = {}
    for unit, text in _TABLE.items():
        words = text.split()
        for code, thousands, prefix in zip(words[::3], words[1::3], words[2::3], strict=True):
            people[f"{unit}/{code}"] = int(thousands)
            digits[f"{unit}/{code}"] = prefix
    return people, digits


_PEOPLE, _DIGITS = _read()


class Districts:
    """The districts of the place registry, to draw from by population.

    Args:
        places: the registry.
        unit: the only unit where anybody lives and any case lies; without it all of Pakistan.
    """

    __slots__ = ("_everywhere", "_of_unit", "_places", "_run")

    def __init__(self, places: Places, unit: str = "") -> None:
        self._places = places
        self._of_unit = {known: _weighed(places.districts(known)) for known in UNITS}
        self._everywhere = _weighed([code for known in UNITS for code in places.districts(known)])
        self._run = self._of_unit[unit] if unit else self._everywhere

    def anywhere(self, dice: Dice) -> str:
        """Draw a district of Pakistan, or of the only unit."""
        return dice.weighted(*self._run)

    def of_unit(self, dice: Dice, unit: str) -> str:
        """Draw a district of a unit."""
        return dice.weighted(*self._of_unit[unit])

    def existed(self, district: str, day: dt.date) -> bool:
        """Tell whether it was a district on a day."""
        return self._places.existed(district, day)

    def elsewhere(self, dice: Dice, unit: str) -> str:
        """Draw a district of another unit."""
        found = dice.weighted(*self._everywhere)
        while unit_of(found) == unit:
            found = dice.weighted(*self._everywhere)
        return found


def unit_of(place: str) -> str:
    """The unit of a place."""
    return place[:5]


def people_of(district: str) -> int:
    """Thousands of people of a district."""
    return _PEOPLE.get(district, _UNKNOWN)


def cnic_digits(dice: Dice, district: str) -> str:
    """The first five digits of a CNIC that was first registered in a district: division, district, tehsil."""
    known = _DIGITS.get(district) or _DIGITS[next(code for code in _DIGITS if code.startswith(unit_of(district)))]
    return f"{known}0{dice.randint(1, _TEHSILS)}"


def has_child_protection_court(district: str) -> bool:
    """Whether the district is one of the few cities with a child protection court; a working list."""
    return district in _CHILD_PROTECTION


def _weighed(codes: tuple[str, ...] | list[str]) -> tuple[list[str], list[int]]:
    return list(codes), list(itertools.accumulate(people_of(code) for code in codes))
