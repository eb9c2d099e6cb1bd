"""The witnesses whom the operator trusts: their verifier keys, from the file that the setting `witnesses` names."""

from pathlib import Path

from nsor.ledger.cosignature import WitnessVerifier
from nsor.ledger.note import NoteError
from nsor_server.config import OperatorError


def load(path: Path | None) -> tuple[WitnessVerifier, ...]:
    """The keys, one a line; none without a file.

    Raises:
        OperatorError: the file can't be read, is empty, or holds something else.
    """
    if path is None:
        return ()
    try:
        found = tuple(WitnessVerifier.parse(line) for line in path.read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError):
        raise OperatorError(f"the file of witnesses' keys can't be read: {path}") from None
    except NoteError as error:
        raise OperatorError(f"{path} must hold verifier keys of witnesses, one a line: {error}") from None
    if not found:
        raise OperatorError(f"{path} names no witness: without one, leave out the setting witnesses")
    return found
