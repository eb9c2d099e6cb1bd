"""One person, one record: who holds whom back by an identifier, and how NPB ends a review of two registrations.

Registrations stay what they are, each with its own convictions, events and history. That two are of one person, or that
one of them doesn't have an identifier for certain, stands beside them in versions of their claims.
"""
