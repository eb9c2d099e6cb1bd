"""Who may call what, for which purpose, and which fields they see. No SQL beyond the directory's snapshot."""
