"""What an operator of the CA can be told."""

from nsor_server.config import OperatorError


class PkiError(OperatorError):
    """A certificate could not be made, read or revoked; says what to do next."""
