"""Names of the regions and of the smaller communities, and foreigners' names."""

from __future__ import annotations

from typing import Final

from nsor_synthetic.names.elements import table

PUNJABI: Final = table("""
    اللہ دتہ, اللہ دتا | Allah Ditta, Allah Dita, Allahditta
    اللہ رکھا | Allah Rakha, Allahrakha
    محمد بوٹا | Muhammad Boota, Muhammad Buta
    لال دین | Lal Din, Laal Deen
    فقیر محمد | Faqir Muhammad, Faqeer Muhammad
    سردار محمد | Sardar Muhammad, Sardar Mohammad
    چراغ دین | Chiragh Din, Charagh Deen
    نذر حسین | Nazar Hussain, Nazr Hussain
    شیر محمد | Sher Muhammad, Sher Mohammad
    برکت علی | Barkat Ali, Barket Ali
    خوشی محمد | Khushi Muhammad, Khushi Mohd
    رحمت علی | Rehmat Ali, Rahmat Ali
    منگا | Manga, Mangha
    بوٹا | Boota, Buta
    سراج دین | Siraj Din, Siraj Deen
    مہر دین | Mehr Din, Mehar Deen
    جیرا | Jeera, Jira
    صدیق | Siddique, Siddiq, Saddique
""")
"""Punjabi men."""

SINDHI: Final = table("""
    اللہ ڈنو, اللہ ڏنو | Allah Dino, Allah Dinno, Allahdino
    امام بخش | Imam Bux, Imam Bakhsh, Imam Baksh
    جمن | Juman, Jumman
    خمیسو | Khamiso, Khameeso
    سائیں داد | Sain Dad, Saindad
    علی گل | Ali Gul, Ali Gull
    پیر بخش | Pir Bux, Peer Bakhsh
    غلام حیدر | Ghulam Hyder, Ghulam Haider
    اربیلو | Arbelo, Arbailo
    مٹھل | Mithal, Mitthal
    رسول بخش | Rasool Bux, Rasul Bakhsh
    قادر بخش | Qadir Bux, Qadir Bakhsh
    نبی بخش | Nabi Bux, Nabi Bakhsh
    سومار | Soomar, Somar
    ہاشم | Hashim, Hashem
    لکھمیر | Lakhmir, Lakhmeer
    عرس | Urs, Uris
    منٹھار | Manthar, Mantthar
    بچل | Bachal, Bachul
    محرم | Muharram, Moharam
""")
"""Sindhi men."""

PASHTO: Final = table("""
    زر ولی | Zar Wali, Zarwali
    گل خان | Gul Khan, Gull Khan
    شیر زمان | Sher Zaman, Sherzaman
    سپین گل | Spin Gul, Speen Gul
    خیال بادشاہ | Khial Badshah, Khayal Bacha
    بخت زادہ | Bakht Zada, Bakhtzada
    گل زمان | Gul Zaman, Gulzaman
    نور اسلام | Noor Islam, Nur Islam
    حضرت علی | Hazrat Ali, Hazrat Aly
    امیر زادہ | Amir Zada, Ameerzada
    تور گل | Tor Gul, Toor Gul
    شاہ ولی | Shah Wali, Shahwali
    میر زمان | Mir Zaman, Meer Zaman
    عمر گل | Umar Gul, Omar Gul
    بخت روان | Bakht Rawan, Bakhtrawan
    زرین خان | Zareen Khan, Zarin Khan
    فضل ربی | Fazal Rabi, Fazle Rabbi
    روئیداد | Roidad, Roedad
    خائستہ گل | Khaista Gul, Khaesta Gul
    سید رحمان | Said Rehman, Syed Rahman
    نیاز بین | Niaz Bin, Niazbeen
    ژورہ خان | Zhora Khan, Zora Khan
""")
"""Pashtun men."""

BALOCHI: Final = table("""
    شہداد | Shahdad, Shehdad
    میر ہزار | Mir Hazar, Meer Hazar
    داد کریم | Dad Karim, Dad Kareem
    بالاچ | Balach, Baalach
    چاکر | Chakar, Chakur
    نودان | Nodan, Naudan
    دوست محمد | Dost Muhammad, Dost Mohammad
    خدا داد | Khuda Dad, Khudadad
    مراد بخش | Murad Bakhsh, Murad Bux
    حمل | Hammal, Hamal
    گہرام | Gohram, Gwahram
    پیرجان | Pir Jan, Pirjan
    مہراب | Mehrab, Mahrab
    لعل بخش | Lal Bakhsh, Laal Bux
    رحیم داد | Rahim Dad, Raheem Dad
    ساھو | Sahu, Saahu
    بہرام | Behram, Bahram
    نوکاف | Nokaf, Naukaf
""")
"""Baloch men."""

SARAIKI: Final = table("""
    اللہ وسایا | Allah Wasaya, Allah Wassaya
    خدا بخش | Khuda Bakhsh, Khuda Bux
    اللہ بخش | Allah Bakhsh, Allah Bux, Allahbakhsh
    کریم بخش | Karim Bakhsh, Kareem Bux
    رحیم بخش | Rahim Bakhsh, Raheem Bux
    جند وڈا | Jind Wadda, Jindwada
    غلام فرید | Ghulam Farid, Ghulam Fareed
    فیض بخش | Faiz Bakhsh, Faiz Bux
    حضور بخش | Hazoor Bakhsh, Huzoor Bux
    اللہ ڈیوایا | Allah Dewaya, Allah Diwaya
    سوہارا | Sohara, Suhara
    منظور احمد | Manzoor Ahmed, Manzur Ahmad
    یار محمد | Yar Muhammad, Yaar Mohammad
    گامن | Gaman, Gamman
""")
"""Saraiki men."""

NORTHERN: Final = table("""
    علی مدد | Ali Madad, Ali Maddad
    شکور بیگ | Shakoor Baig, Shakur Beg
    غلام مہدی | Ghulam Mehdi, Ghulam Mahdi
    محمد حسن | Muhammad Hassan, Mohammad Hasan
    دولت شاہ | Daulat Shah, Dolat Shah
    نیت خان | Niat Khan, Neyat Khan
    مراد علی | Murad Ali, Murad Aly
    فدا علی | Fida Ali, Feda Ali
    اخوند | Akhund, Akhond
    شیر افضل | Sher Afzal, Shir Afzal
    وزیر بیگ | Wazir Baig, Wazeer Beg
    گوہر خان | Gohar Khan, Gauhar Khan
""")
"""Men of Gilgit-Baltistan."""

CHRISTIAN: Final = table("""
    یوسف | Yousaf, Yousuf, Joseph
    پرویز | Pervaiz, Parvez
    صادق | Sadiq, Saddique
    سیموئیل | Samuel, Saimuel
    عمانوایل | Emmanuel, Emanuel, Imanuel
    جان | John, Jon
    پطرس | Patras, Pitras
    شہباز | Shahbaz, Shehbaz
    یعقوب | Yaqoob, Yaqub, Jacob
    سلیم | Saleem, Salim
    عنایت | Inayat, Enayat
    برکت | Barkat, Barket
    ڈیوڈ | David, Daved
    مشتاق | Mushtaq, Mushtaque
    ایلون | Alvin, Elvin
    روبن | Robin, Robbin
    جمشید | Jamshed, Jamshaid
    الیشع | Elisha, Alisha
""")
"""Christian men; most of them are called Masih after it."""

HINDU: Final = table("""
    رمیش | Ramesh, Ramaish
    مکیش | Mukesh, Mukaish
    لال چند | Lal Chand, Laal Chand
    بھگوان داس | Bhagwan Das, Bhagwandas
    کشن لال | Kishan Lal, Kishen Lal
    چیتن | Chetan, Chaitan
    پریم | Prem, Praim
    راجیش | Rajesh, Rajaish
    گنیش | Ganesh, Ganaish
    ہری رام | Hari Ram, Harri Ram
    سنیل | Sunil, Suneel
    وجے | Vijay, Wijay
    گھنشام | Ghansham, Ganshyam
    دیوو | Devo, Dewo
    منگھو مل | Manghu Mal, Mangho Mal
    کانجی | Kanji, Kaanji
    پونجو | Poonjo, Punjo
    کیلاش | Kailash, Kelash
""")
"""Hindu men, most of them of Sindh."""

HINDU_SECONDS: Final = table("""
    کمار | Kumar, Kumaar
    لال | Lal, Laal
    بھیل | Bheel, Bhil
    کولہی | Kolhi, Kohli
    میگھواڑ | Meghwar, Menghwar
    داس | Das, Dass
""")
"""Second names of Hindus."""

REGIONAL_WOMEN: Final = table("""
    پلوشہ | Palwasha, Palwesha
    زرمینہ | Zarmina, Zarmeena
    گل مینہ | Gul Meena, Gulmina
    شپنہ | Shpana, Spana
    سونہاری | Sohnari, Sunhari
    بختاور | Bakhtawar, Bakhtawer
    زلیخا | Zulekha, Zuleikha
    مہناز | Mahnaz, Mehnaz
    درشہوار | Durre Shahwar, Dur-e-Shahwar
    سسئی | Sassui, Sasui
    مومل | Moomal, Momal
    نازو | Nazo, Naazo
""")
"""Women's names of the regions."""

MINORITY_WOMEN: Final = table("""
    مارتھا | Martha, Marta
    رادھا | Radha, Raadha
    نسیم | Naseem, Nasim
    لکشمی | Lakshmi, Laxmi
    روتھ | Ruth, Rooth
    سیتا | Sita, Seeta
    ربیکا | Rebecca, Rabeka
    گیتا | Geeta, Gita
""")
"""Women's names of Christians and Hindus."""

AFGHAN: Final = table("""
    گل آغا | Gul Agha, Gulagha
    نور آغا | Noor Agha, Nur Agha
    عبدالوکیل | Abdul Wakil, Abdulwakil
    نجیب | Najib, Najeeb
    خان آغا | Khan Agha, Khanagha
    محب | Mohib, Muhib
    زلمی | Zalmay, Zalmai
    حشمت | Hashmat, Heshmat
    میرویس | Mirwais, Mirwes
    جان آغا | Jan Agha, Janagha
    اسداللہ, اسد اللہ | Asadullah, Assadullah
    شفیق | Shafiq, Shafeeq
    حمیداللہ, حمید اللہ | Hamidullah, Hameedullah
    فرید | Farid, Fareed
""")
"""Afghan men."""

BENGALI: Final = table("""
    رفیق الاسلام | Rofiqul Islam, Rafiqul Islam
    نورالاسلام | Nurul Islam, Noorul Islam
    شفیق الرحمٰن | Shafiqur Rahman, Shofiqur Rahman
    کمال حسین | Kamal Hossain, Kamal Hosen
    جمال الدین | Jamal Uddin, Jamaluddin
    انوار حسین | Anwar Hossain, Anowar Hosen
    عبدالخالق | Abdul Khaleque, Abdul Khalek
    مطیع الرحمٰن | Motiur Rahman, Matiur Rahman
    شاہ جہاں | Shahjahan, Shah Jahan
    بابل میاں | Babul Mia, Babul Miah
""")
"""Men of Bangladesh."""

IRANIAN: Final = table("""
    حسین | Hossein, Hosein
    رضا | Reza, Riza
    مہدی | Mehdi, Mahdi
    علی رضا | Alireza, Ali Reza
    بہروز | Behrouz, Behrooz
    کامبیز | Kambiz, Kambeez
    داریوش | Dariush, Daryoush
    فرہاد | Farhad, Ferhad
    جمشید | Jamshid, Jamsheed
    ناصر | Naser, Nasser
""")
"""Men of Iran."""

TAJIK: Final = table("""
    رستم | Rustam, Rustem
    فرخ | Farrukh, Farukh
    دلشاد | Dilshod, Dilshad
    جمشید | Jamshed, Djamshed
    شاہین | Shohin, Shahin
    خورشید | Khurshed, Khurshid
    بہرام | Bahrom, Bahram
    سہراب | Suhrob, Sohrab
    فیروز | Firuz, Feroz
    نوروز | Navruz, Nawruz
""")
"""Men of Tajikistan."""

SRI_LANKAN: Final = table("""
    نیمل | Nimal, Nimel
    سنیل | Sunil, Suneel
    کمارا | Kumara, Kumaara
    روان | Ruwan, Ruwen
    چمندا | Chaminda, Chamindha
    پریان | Priyan, Priyen
    لسنتھا | Lasantha, Lasanta
    اجیت | Ajith, Ajit
    رنجیت | Ranjith, Ranjit
    سمن | Saman, Samen
""")
"""Men of Sri Lanka."""
