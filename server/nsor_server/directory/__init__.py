"""Agencies, certificates and officers."""
