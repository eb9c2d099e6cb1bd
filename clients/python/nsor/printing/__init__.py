"""Prints what a person is told: one page, English and Urdu, that a station hands over. The register sends nothing.

The extra `nsor[print]` brings what sets the page. It takes plain data and asks no register.
"""
