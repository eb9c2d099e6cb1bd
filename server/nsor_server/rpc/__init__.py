"""The front door: what every call passes, in one order. No SQL, no law."""
