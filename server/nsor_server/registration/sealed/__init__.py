"""Reading what judgments have sealed: one officer of NPB proposes, another confirms, and both read for a short time.

A reading is a record of its own. Until both have signed, nothing of the register is read; the Committee hears of each.
"""
