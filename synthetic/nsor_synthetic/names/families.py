"""Family, clan and area names. There is no surname system: many people have none of these."""

from __future__ import annotations

from typing import Final

from nsor_synthetic.names.elements import table

PUNJABI: Final = table("""
    بھٹی | Bhatti, Bhati
    چوہدری, چودھری | Chaudhry, Choudhry, Chaudhary, Ch.
    گجر | Gujjar, Gujar
    جٹ | Jatt, Jat
    آرائیں | Arain, Araeen
    ملک | Malik, Mallik
    رانا | Rana, Raana
    قریشی | Qureshi, Quraishi, Qureshy
    انصاری | Ansari, Ansaari
    شیخ | Sheikh, Shaikh
    مغل | Mughal, Moghal
    بٹ | Butt, Bhutt
    سید | Syed, Sayed, Sayyid
    راجپوت | Rajput, Rajpoot
    وڑائچ | Warraich, Waraich
    کھوکھر | Khokhar, Khokar
""")
"""Of Punjab."""

SARAIKI: Final = table("""
    بزدار | Buzdar, Bozdar
    لغاری | Leghari, Laghari
    کھوسہ | Khosa, Khoso
    جتوئی | Jatoi, Jatoee
    مزاری | Mazari, Mazaari
    سیال | Sial, Syal
    گورمانی | Gurmani, Gormani
    چانڈیہ | Chandia, Chandiya
    نون | Noon, Nun
    دستی | Dasti, Dusti
""")
"""Of Punjab's south."""

SINDHI: Final = table("""
    سومرو | Soomro, Sumro
    میمن | Memon, Meman
    چانڈیو | Chandio, Chandyo
    ابڑو | Abro, Abroo
    شیخ | Shaikh, Sheikh
    مہر | Mahar, Mehar
    جونیجو | Junejo, Jonejo
    کلہوڑو | Kalhoro, Kalhora
    ملاح | Mallah, Malah
    بھٹو | Bhutto, Bhuto
    پنہور | Panhwar, Panhwer
    کھوسو | Khoso, Khosso
    سولنگی | Solangi, Sulangi
    راجپر | Rajpar, Rajper
""")
"""Of Sindh."""

URDU_SPEAKING: Final = table("""
    صدیقی | Siddiqui, Siddiqi
    قریشی | Qureshi, Quraishi
    انصاری | Ansari, Ansaari
    فاروقی | Farooqi, Faruqi
    عثمانی | Usmani, Osmani
    رضوی | Rizvi, Razvi
    زیدی | Zaidi, Zaydi
    ہاشمی | Hashmi, Hashimi
""")
"""Of those whose families came in 1947."""

PASHTO: Final = table("""
    خٹک | Khattak, Khatak
    یوسفزئی | Yousafzai, Yusufzai
    آفریدی | Afridi, Afreedi
    خان | Khan, Khaan
    مروت | Marwat, Marvat
    بنگش | Bangash, Bungash
    مہمند | Mohmand, Momand
    وزیر | Wazir, Wazeer
    محسود | Mehsud, Mahsood
    اورکزئی | Orakzai, Aurakzai
    شنواری | Shinwari, Shenwari
    کاکڑ | Kakar, Kakarr
    اچکزئی | Achakzai, Achekzai
    ترین | Tareen, Tarin
""")
"""Of Pashtuns."""

BALOCHI: Final = table("""
    بلوچ | Baloch, Baluch
    رئیسانی | Raisani, Raeesani
    مینگل | Mengal, Maingal
    رند | Rind, Rend
    بزنجو | Bizenjo, Bizanjo
    مری | Marri, Mari
    بگٹی | Bugti, Bughti
    جمالی | Jamali, Jamaali
    لہڑی | Lehri, Lahri
    محمد حسنی | Muhammad Hasni, Mohammad Hassani
""")
"""Of Baloch."""

KASHMIRI: Final = table("""
    راٹھور | Rathore, Rathor
    میر | Mir, Meer
    لون | Lone, Loan
    ڈار | Dar, Daar
    خواجہ | Khawaja, Khwaja
    مغل | Mughal, Moghal
    عباسی | Abbasi, Abasi
    راجہ | Raja, Rajah
    ستی | Satti, Sati
    سدھن | Sudhan, Sudhen
""")
"""Of Azad Kashmir and the Murree hills."""

NORTHERN: Final = table("""
    بلتی | Balti, Baltee
    شگری | Shigri, Shigree
    ہنزائی | Hunzai, Hunzaee
    یاسینی | Yasini, Yaseeni
    نگری | Nagri, Nagari
    استوری | Astori, Astoree
""")
"""Of Gilgit-Baltistan."""
