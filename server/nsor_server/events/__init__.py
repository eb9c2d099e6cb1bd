"""Events between agencies: owed with a change, numbered for their agencies, read from a cursor until acknowledged."""
