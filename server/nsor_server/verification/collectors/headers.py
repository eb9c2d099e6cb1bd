"""Headers that a collector wants with each request, such as a token or a tenant: from a file of its owner's alone.

Whoever has them may read what the collector keeps. So they are on no command line, in no setting and in no log; what is
wrong with the file is said without what stands in it.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Final

_MOST_BYTES: Final = 32 * 1024
_MOST: Final = 16
_LINE: Final = re.compile(
    r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}):[ \t]*(?P<value>[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)"
)
"""A field name and a field value of RFC 9110, section 5, in ASCII."""
_OURS: Final = frozenset(
    {
        *("accept", "accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "te"),
        *("trailer", "transfer-encoding", "upgrade"),
    }
)
"""Headers of the connection and of the answer's form, which the request has already."""


class WrongHeaders(ValueError):
    """A file of headers can't be used; says why, and nothing that stands in it but a line's number."""


def read(path: Path) -> dict[str, str]:
    """The headers in a file: a line `Name: value` for each; empty ones count for nothing.

    Raises:
        WrongHeaders: it can't be read, others can read it, or a line isn't a header.
    """
    try:
        with path.open("rb") as file:
            mode, content = os.fstat(file.fileno()).st_mode, file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise WrongHeaders(f"{path} can't be read ({error.strerror})") from None
    if stat.S_IMODE(mode) & 0o077:
        raise WrongHeaders(f"{path} can be read by others: chmod 600")
    if len(content) > _MOST_BYTES:
        raise WrongHeaders(f"{path} is larger than {_MOST_BYTES // 1024} KiB")
    found: dict[str, str] = {}
    for number, line in enumerate(content.decode("ascii", "replace").splitlines(), start=1):
        if not line.strip():
            continue
        header = _LINE.fullmatch(line.rstrip())
        if header is None:
            raise WrongHeaders(f"line {number} of {path} isn't `Name: value` in ASCII")
        name = header["name"]
        if name.lower() in _OURS:
            raise WrongHeaders(f"line {number} of {path}: the request has this header already")
        if name.lower() in map(str.lower, found):
            raise WrongHeaders(f"line {number} of {path}: the same header stands there twice")
        found[name] = header["value"]
    if not 1 <= len(found) <= _MOST:
        raise WrongHeaders(f"{path} has {len(found)} headers, and takes 1 to {_MOST}")
    return found
