"""Access requests that nobody decides: who hears of it and when, watched, and told again."""
