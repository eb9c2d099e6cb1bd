"""Whoever shows a number at a counter: which records have it, and what follows when he has moved."""
