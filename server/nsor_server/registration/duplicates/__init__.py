"""Likely duplicates: registrations alike in names, relatives, birth years, districts. NPB alone hears of them."""
