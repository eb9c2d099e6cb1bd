"""Synthetic people and requests for the demonstration, the tests and the benchmarks: seeded, repeatable, nobody real.

Everything is drawn from lists and ranges of our own. Nothing here reads the register, and nothing here may be used to
make entries in a real one.
"""

from nsor_synthetic.orders import generate
from nsor_synthetic.pairs import pairs

__all__ = ["generate", "pairs"]
