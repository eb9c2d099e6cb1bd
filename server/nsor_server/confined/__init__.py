"""Processes that can reach nothing: no key, no file, no network. They are asked and answer through two pipes."""
