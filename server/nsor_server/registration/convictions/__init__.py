"""Convictions beyond a registration's first one."""
