"""Recalls: who was shown what of a registration, and that he is told again when it turns out wrong."""
