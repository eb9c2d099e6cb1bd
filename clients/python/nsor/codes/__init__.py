"""The codes of places and offences, found by words, without a call.

`codes.json` is made from the register's policy data by `clients/generate-codes` and is never edited. The register
decides what it accepts: a list that is older than the register's may lack what was added since.
"""
