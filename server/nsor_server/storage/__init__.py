"""Where rows are kept: PostgreSQL, its roles and migrations, keys, and the sealing of rows that can name a person.

This package knows no agency, no law and no message of the API. It logs no values and puts none into an error.
"""
