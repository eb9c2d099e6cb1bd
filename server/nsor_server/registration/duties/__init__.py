"""Duties of persons who were released: what each owes, by when, and where it stands.

They are part of the registration's record, so that whatever moves them (a release, a notice, a waiver, another policy)
is one version with them, and so that what is sealed, archived or another station's is so with its duties in the same
transaction. NotificationService has the methods; they are here, since custody, judgments and closure move duties.
"""
