"""Replays of tripwires: which past accesses other thresholds would have found unusual."""
