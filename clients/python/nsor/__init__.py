"""Client of Pakistan's National Sex Offenders Register, for agencies."""
