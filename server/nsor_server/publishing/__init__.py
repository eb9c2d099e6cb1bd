"""The log in its standard form over HTTPS, by a process of its own: read-only, without a key that signs or opens."""
