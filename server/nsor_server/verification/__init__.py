"""Everything that is stored, compared with the ledger: above the services, which say what is to be compared."""
