"""Notices of change, and the events that agencies owe each other."""
