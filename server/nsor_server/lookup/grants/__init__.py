"""Grants, tickets and opened court cases: opened, withdrawn, listed, told again."""
