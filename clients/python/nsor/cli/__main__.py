"""`python -m nsor.cli`: the same as `nsor`."""

from nsor.cli import main

main()
