"""Written forms: what a field may look like, and its one normal form. No SQL, no access rules."""
