"""Access requests, and what prosecutors decide on them."""
