"""What makes the register's access ledger checkable by anybody: the Merkle tree and its signed checkpoints.

Client and server share this package. It imports neither gRPC nor the server, and does no input or output.
"""
