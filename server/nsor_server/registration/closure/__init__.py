"""How a record ends: archived when the person has died or its term is over, and taken out of the archive if wrong."""
