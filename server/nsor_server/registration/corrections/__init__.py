"""Corrections that persons ask for at a station, and what the owner of a record decides about them.

A request is a record of its own, and the answer to it never depends on what the register holds. At the fixed times it
meets the confirmed registrations that it is about; their owners are told, and decide.
"""
