"""Tripwires: which accesses are unusual, found at the look-up's fixed times from what the ledger has of them."""
