"""Who was shown a record, for its owner."""
