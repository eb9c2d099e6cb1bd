"""The person at the counter on the wire."""
