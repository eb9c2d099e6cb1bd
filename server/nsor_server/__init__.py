"""The service behind Pakistan's National Sex Offenders Register."""
