"""`nsor console`: pages on the own machine for the Special Committee and for focal persons.

What they show is asked of the register by the user's own certificate and key, through the calls that his kind of agency
may make, so that each view is an entry in the ledger and there is no second way in.
"""
