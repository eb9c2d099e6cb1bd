"""What NADRA says of registered persons: who is handed out to be checked, and what was decided."""
