"""Transfers of responsibility as a registration has them: what opens and ends one, and who hears of silence."""
