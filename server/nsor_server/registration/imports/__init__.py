"""Imports: conviction orders from a file, and what became of each row."""
