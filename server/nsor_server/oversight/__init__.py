"""Accesses, checkpoints and proofs, for agencies and the Special Committee. No person ever."""
