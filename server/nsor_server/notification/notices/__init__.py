"""Notices: what an offender tells, or an officer finds, what it makes of the record, and what becomes of it."""
