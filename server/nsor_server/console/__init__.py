"""`nsor-server console`: pages for who runs the register. It shows no person, and can open no seal: it has no key.

It is a process of its own, so that looking never burdens the front door, with a role of the database that only reads,
and only what these pages need. What the pages say comes from the ledger's leaves, the local spans and the metrics.
"""
