"""Worklists: what an agency has to do with registrations."""
