"""Numbers that two officers of NPB have watched: decoys, and protected persons'."""
