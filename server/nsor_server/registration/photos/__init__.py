"""Photos of a registered offender: added, confirmed by a second officer, shown, rejected."""
