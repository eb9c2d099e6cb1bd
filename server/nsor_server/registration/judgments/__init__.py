"""Judgments about convictions: appeals, set-asides, varied sentences, retrials, pardons, and what is restored.

A judgment is a record of its own, found by the trial's court, case number and date; the answer to it never depends on
what the register holds. What it does to a conviction is written in the transaction of its own entry, or in that of the
conviction's confirmation, whichever comes later.
"""
