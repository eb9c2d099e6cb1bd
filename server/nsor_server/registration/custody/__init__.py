"""Custody: what happens to an offender in prison and at large, and who takes him on when he is released."""
