"""Particulars that change in the course of a record: the owner amends them, and every older version stays."""
