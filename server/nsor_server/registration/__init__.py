"""Registrations: convictions entered by prosecutions and confirmed by courts."""
