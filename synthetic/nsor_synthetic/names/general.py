"""Names that Muslims of every province have."""

from __future__ import annotations

from typing import Final

from nsor_synthetic.names.elements import element, of_faith, of_god, servants, table

MUHAMMAD: Final = element(
    ("محمد",),
    ("Muhammad", "Mohammad", "Muhammed", "Mohammed", "Mohd", "Muhamad", "M."),
)
"""The name that a third of all men begin with, and which says almost nothing."""
MASIH: Final = element(("مسیح",), ("Masih", "Maseeh", "Messih"))
"""The second name of Christians."""
BIBI: Final = element(("بی بی", "بیبی"), ("Bibi", "Bi Bi", "Bebe"))
"""What women's names often end with."""

MEN: Final = table("""
    اکرم | Akram, Ikram
    اسلم | Aslam, Aslum
    عمران | Imran, Emran
    عرفان | Irfan, Erfan
    رمضان | Ramzan, Ramadan, Ramzaan
    شفیق | Shafiq, Shafique, Shafeeq
    یوسف | Yousaf, Yousuf, Yusuf, Yousif
    سلیم | Saleem, Salim
    آصف | Asif, Aasif
    عاطف | Atif, Aatif
    کاشف | Kashif, Kaashif
    بلال | Bilal, Billal
    نعیم | Naeem, Naim, Nayeem
    وسیم | Waseem, Wasim
    ندیم | Nadeem, Nadim
    ساجد | Sajid, Saajid
    ماجد | Majid, Maajid
    واجد | Wajid, Wajed
    فیصل | Faisal, Faysal, Fesal
    قیصر | Qaiser, Qaisar, Kaiser
    ظفر | Zafar, Zaffar
    خالد | Khalid, Khaled
    طارق | Tariq, Tarique, Tareq
    ناصر | Nasir, Naser
    یاسر | Yasir, Yaser
    شاہد | Shahid, Shahed
    زاہد | Zahid, Zahed
    راشد | Rashid, Rashed
    رشید | Rasheed, Rashid
    عثمان | Usman, Osman, Uthman
    عمر | Umar, Omar, Umer
    حسن | Hassan, Hasan
    حسین | Hussain, Hussein, Husain, Hossain
    علی | Ali, Aly
    احمد | Ahmed, Ahmad
    مشتاق | Mushtaq, Mushtaque
    اشفاق | Ashfaq, Ishfaq
    افتخار | Iftikhar, Iftekhar
    صفدر | Safdar, Sufdar
    جاوید | Javed, Javaid, Jawed
    پرویز | Pervaiz, Parvez, Pervez
    ذوالفقار, ذولفقار | Zulfiqar, Zulfikar, Zulfqar
    منظور | Manzoor, Manzur
    سلطان | Sultan, Sulltan
    سعید | Saeed, Said, Saeid
    سہیل | Sohail, Suhail, Sohel
    شہباز | Shahbaz, Shehbaz
    شہزاد | Shahzad, Shehzad
    فاروق | Farooq, Faruq, Farook
    اقبال | Iqbal, Eqbal
    محمود | Mehmood, Mahmood, Mahmud
    اختر | Akhtar, Akhter
    نواز | Nawaz, Navaz
    عباس | Abbas, Abas
    رضا | Raza, Reza, Riza
    انور | Anwar, Anwer
    اصغر | Asghar, Asgar
    اکبر | Akbar, Akber
    ارشد | Arshad, Arshed
    امجد | Amjad, Amjed
    اعجاز | Ijaz, Ejaz, Aijaz
    الیاس | Ilyas, Elyas, Iliyas
    ادریس | Idrees, Idris
    یعقوب | Yaqoob, Yaqub, Yakoob
    ابراہیم | Ibrahim, Ebrahim, Ibraheem
    اسماعیل | Ismail, Ismaeel, Esmail
    اسحاق, اسحٰق | Ishaq, Ishaque
    موسیٰ, موسی | Musa, Moosa
    عیسیٰ, عیسی | Isa, Essa, Eesa
    داؤد, داود | Dawood, Daud
    سلیمان | Suleman, Sulaiman, Salman
    طاہر | Tahir, Taher
    ظہور | Zahoor, Zahur
    غفور | Ghafoor, Gafoor
    قاسم | Qasim, Qasem, Kasim
    کامران | Kamran, Kaamran
    عدنان | Adnan, Adnaan
    فرحان | Farhan, Ferhan
    جنید | Junaid, Junaed
    جمیل | Jameel, Jamil
    خلیل | Khalil, Khaleel
    لطیف | Latif, Lateef
    مجید | Majeed, Majid
    نذیر | Nazir, Nazeer
    نصیر | Naseer, Nasir
    نوید | Naveed, Navid
    رفیق | Rafiq, Rafique, Rafeeq
    ریاض | Riaz, Riyaz, Reyaz
    صابر | Sabir, Saber
    صادق | Sadiq, Sadique, Sadek
    ثاقب | Saqib, Saquib
    شبیر | Shabbir, Shabir, Shabeer
    شکیل | Shakeel, Shakil
    شوکت | Shaukat, Shoukat
    تنویر | Tanveer, Tanvir
    عمیر | Umair, Omair
    وقاص | Waqas, Waqqas
    وحید | Waheed, Wahid
    زبیر | Zubair, Zubayr, Zuber
    ضیاء, ضیا | Zia, Ziya
    ضمیر | Zamir, Zameer
    لیاقت | Liaqat, Liaquat, Lyaqat
    مظہر | Mazhar, Mazher
    مبشر | Mubashir, Mubasher
    حبیب | Habib, Habeeb
    حنیف | Hanif, Haneef
    بشیر | Bashir, Basheer
    امین | Ameen, Amin
    ایوب | Ayub, Ayoub
    حیدر | Haider, Hyder, Haidar
    عامر | Amir, Aamir
    عابد | Abid, Aabid
    عارف | Arif, Aarif
    عاصم | Asim, Aasim
""")
"""Men's names of one word."""

SERVANTS: Final = servants("""
    رحمٰن, رحمن | Rehman, Rahman | r
    ستار | Sattar | s
    غفور | Ghafoor, Ghafur
    مجید | Majeed, Majid
    رشید | Rasheed, Rashid | r
    حمید | Hameed, Hamid
    قادر | Qadir, Qader
    کریم | Karim, Kareem
    جبار | Jabbar, Jabar
    خالق | Khaliq, Khalique
    عزیز | Aziz, Azeez
    سلام | Salam, Salaam | s
    لطیف | Latif, Lateef
    غنی | Ghani, Gani
    رزاق | Razzaq, Razaq | r
    قیوم | Qayyum, Qayum
    رؤف, روف | Rauf, Raoof | r
    واحد | Wahid, Waheed
    شکور | Shakoor, Shakur | sh
    حفیظ | Hafeez, Hafiz
    صمد | Samad, Samed | s
    منان | Mannan, Manan
""")
"""Names of the form Abdul X."""

OF_GOD: Final = of_god("""
    رحمت | Rehmat, Rahmat
    حبیب | Habib, Habeeb
    نجیب | Najeeb, Najib
    عنایت | Inayat, Enayat
    امان | Aman, Amaan
    کلیم | Kaleem, Kalim
    ثناء, ثنا | Sana, Sanna
    سیف | Saif, Sayf
    ظفر | Zafar, Zaffar
    کفایت | Kifayat, Kefayat
    احسان | Ehsan, Ihsan
    سمیع | Sami, Samee
    شفیع | Shafi, Shafee
    ذکاء, ذکا | Zaka, Zakka
    اسد | Asad, Assad
    نعمت | Naimat, Nemat
""")
"""Names of the form X-ullah."""

OF_FAITH: Final = of_faith("""
    نظام | Nizam, Nezam
    ضیاء, ضیا | Zia, Ziya
    شمس | Shams, Shamas
    قمر | Qamar, Kamar
    معین | Moin, Mueen
    جلال | Jalal, Jelal
    علاء, علا | Ala, Allau
    شہاب | Shahab, Shihab
    برہان | Burhan, Borhan
    ظہیر | Zaheer, Zahir
""")
"""Names of the form X-uddin."""

DEVOTED: Final = table("""
    غلام رسول | Ghulam Rasool, Ghulam Rasul
    غلام مصطفیٰ, غلام مصطفی | Ghulam Mustafa, Gulam Mustafa
    غلام عباس | Ghulam Abbas, Gulam Abbas
    غلام حسین | Ghulam Hussain, Ghulam Hussein
    غلام نبی | Ghulam Nabi, Gulam Nabi
    غلام قادر | Ghulam Qadir, Gulam Qadir
    غلام محمد | Ghulam Muhammad, Ghulam Mohammad
    غلام یاسین, غلام یٰسین | Ghulam Yaseen, Ghulam Yasin
    غلام مرتضیٰ, غلام مرتضی | Ghulam Murtaza, Gulam Murtza
    غلام سرور | Ghulam Sarwar, Ghulam Sarwer
    فضل کریم | Fazal Karim, Fazle Karim
    فضل الٰہی, فضل الہی | Fazal Elahi, Fazal Ilahi
    نور محمد | Noor Muhammad, Nur Muhammad, Noor Mohammad
    دین محمد | Din Muhammad, Deen Mohammad
    علی محمد | Ali Muhammad, Ali Mohammad
    ولی محمد | Wali Muhammad, Wali Mohd
""")
"""Names of two words that belong together."""

SECONDS: Final = table("""
    علی | Ali, Aly
    احمد | Ahmed, Ahmad
    خان | Khan, Khaan
    حسین | Hussain, Hussein, Husain
    اقبال | Iqbal, Eqbal
    عباس | Abbas, Abas
    محمود | Mehmood, Mahmood, Mahmud
    رضا | Raza, Reza
    اختر | Akhtar, Akhter
    نواز | Nawaz, Navaz
    حسن | Hassan, Hasan
    جاوید | Javed, Javaid
    اصغر | Asghar, Asgar
    حیدر | Haider, Hyder
    شہزاد | Shehzad, Shahzad
    پرویز | Pervaiz, Parvez
    انور | Anwar, Anwer
    بیگ | Baig, Beg
    صدیق | Siddique, Siddiq, Sadiq
    عالم | Alam, Aalam
""")
"""What often stands in the second place."""

WOMEN: Final = table("""
    شازیہ | Shazia, Shaziya
    نازیہ | Nazia, Naziya
    رخسانہ | Rukhsana, Ruksana
    صائمہ | Saima, Saimah
    عاصمہ, اسماء | Asma, Aasma
    فرزانہ | Farzana, Ferzana
    نسرین | Nasreen, Nasrin
    سمیرا | Sumaira, Samira
    کلثوم | Kulsoom, Kalsoom
    ثمینہ | Samina, Sameena
    زبیدہ | Zubaida, Zobaida
    پروین | Parveen, Perveen
    یاسمین | Yasmeen, Yasmin
    شمیم | Shamim, Shameem
    کوثر | Kausar, Kosar
    رضیہ | Razia, Raziya
    زینب | Zainab, Zaynab
    خدیجہ | Khadija, Khadeeja
    عائشہ | Ayesha, Aisha
    فاطمہ | Fatima, Fatma
    مریم | Maryam, Mariam
    سکینہ | Sakina, Sakeena
    حلیمہ | Haleema, Halima
    شبانہ | Shabana, Shabaana
""")
"""Women's names of one word."""

WOMENS_SECONDS: Final = table("""
    بیگم | Begum, Begam
    پروین | Parveen, Perveen
    خاتون | Khatoon, Khatun
    اختر | Akhtar, Akhter
    کوثر | Kausar, Kosar
    مائی | Mai, Maee
    ناز | Naz, Naaz
    کنول | Kanwal, Kanwel
""")
"""What often stands in the second place of a woman's name."""

ALIASES: Final = table("""
    ببلو | Bablu, Babloo
    پپو | Pappu, Papu
    گڈو | Guddu, Gudu
    کالا | Kala, Kaala
    بھولا | Bhola, Bholla
    مٹھو | Mithu, Mitthu
    شیدا | Sheeda, Shida
    جانی | Jani, Johnny
    لالہ | Lala, Lalla
    ٹونی | Tony, Toni
    فیقا | Feeqa, Fiqa
    ماجھا | Majha, Maja
    نکو | Nikku, Niko
    چھوٹا | Chota, Chhota
    استاد | Ustad, Ustaad
    ڈوگر | Dogar, Doger
""")
"""Names that people are also known by."""
