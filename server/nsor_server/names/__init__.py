"""Who may be the same person, by name: an index in memory, and a process of its own that holds it.

It knows cards (names, fathers' and husbands' names, birth year, sex, districts) and nothing else: no database, no key,
no policy. It logs no text of a card or a query. What follows from a likeness is decided by whoever asks.
"""
