"""Transfers of responsibility on the wire."""
