"""`nsor import`: the rows of a file, sent and settled; what an earlier run had entered isn't sent again."""

from __future__ import annotations

import contextlib
import hmac
import io
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nsor.cli import import_files, kept
from nsor.cli.import_tally import Tally
from nsor.cli.session import Session
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.cli.accepted import Accepted, Before
    from nsor.cli.cells import Row
    from nsor.cli.columns import Map
    from nsor.client import Client
    from nsor.errors import NsorError


def import_id(client: Client) -> str:
    """All that an agency sends from a state folder is one import."""
    own = hmac.digest(kept.secret(client.state_folder), b"import" + client.agency_id.encode(), "sha256")
    return str(uuid.UUID(bytes=own[:16], version=4))


class Run:
    """One run of the command.

    Attributes:
        tally: how it goes.
    """

    def __init__(self, session: Session, *, validate_only: bool, as_new: frozenset[int] = frozenset()) -> None:
        self.tally = Tally(session, validate_only=validate_only)
        self._session = session
        self._validate_only = validate_only
        self._as_new = as_new
        self._sent: set[str] = set()
        self._reader: io.BufferedReader | None = None

    def rows(
        self,
        stack: contextlib.ExitStack,
        reader: io.BufferedReader,
        encoding: str | None,
        columns: Map | None,
        *,
        table: bool,
    ) -> Iterator[Row]:
        """The rows of the file.

        Raises:
            click.UsageError: there is no such encoding, or the columns aren't those of the map.
        """
        from nsor.cli import sheets  # noqa: PLC0415 - loaded late, so that help is quick
        from nsor.cli.columns import MapWrong  # noqa: PLC0415 - as above

        self._reader = reader
        try:
            text = stack.enter_context(sheets.opened(reader, encoding))
        except LookupError:
            raise WrongUse("There is no such encoding; cp1256, utf-16 and utf-8 are.") from None
        if not table:
            return sheets.json_lines(text)
        try:
            self.tally.columns, unread, rows = sheets.table(text, columns)
        except MapWrong as wrong:
            raise WrongUse("{}", wrong.meaning) from None
        if unread:
            self._session.say("Columns that nothing is read from: {}.", ", ".join(unread))
        return rows

    def send(self, client: Client, rows: Iterator[Row], results: Path | None, *, file: str) -> None:
        """Send the rows that are of their form, and take their findings."""
        from nsor.cli.accepted import Accepted  # noqa: PLC0415 - as above

        secret = kept.secret(client.state_folder)
        with (
            import_files.numbers(client.state_folder) as numbers,
            Accepted(client, file) as before,
            import_files.Results(results, client) as kept_results,
            self._session.progress_of_file() as progress,
        ):
            doing = self._session.said("Checking" if self._validate_only else "Importing")
            size = None if file == "-" else Path(file).stat().st_size
            bar = progress.add_task(doing, total=size or None, rows=0)
            stream = client.import_orders(
                str(uuid.uuid4()) if self._validate_only else import_id(client),
                validate_only=self._validate_only,
                on_reconnect=self._reconnecting,
                before_sending=numbers.keep,
            )

            def numbered() -> Iterator[tuple[int, Any, Row]]:
                for nth, row in enumerate(self._to_send(rows, secret, kept_results, before), 1):
                    number = nth if self._validate_only else numbers.of(uuid.UUID(row.order.request_id).bytes)
                    yield number, row.order, row

            for answered in stream.send(numbered()):
                result = self.tally.settle(answered, client.agency_id)
                if result is not None and not self._validate_only:
                    kept_results.add(result)
                    before.add(answered.tag, answered.finding.registration_id, answered.origin, answered.index)
                done = self.tally.accepted + self.tally.refused
                progress.update(bar, completed=self._position(), rows=done)

    def _to_send(
        self, rows: Iterator[Row], secret: bytes, results: import_files.Results, before: Accepted
    ) -> Iterator[Row]:
        """The rows that are of their form and weren't accepted before; corrected ones are set aside."""
        from nsor.cli.accepted import identify  # noqa: PLC0415 - as above

        like: list[tuple[Row, list[Before]]] = []
        for row in rows:
            self.tally.read(row)
            if row.problems:
                self.tally.malformed(row)
                continue
            identify(row, secret)
            request_id = row.order.request_id
            if request_id in self._sent:
                self.tally.twice += 1
                continue
            self._sent.add(request_id)
            found = [] if row.line in self._as_new else before.like(row)
            if found:
                like.append((row, found))
            elif not self._validate_only and (request_id in results.done or before.says_what_was_amended(row)):
                self.tally.before += 1
            else:
                yield row
        for row, found in like:
            # Beside a row that still stands in the file as it was accepted, this one is another.
            if all(each.request_id in self._sent and each.request_id != row.order.request_id for each in found):
                yield row
            else:
                self.tally.changed.append((row.line, found[0]))

    def _position(self) -> int:
        """How far the file is read."""
        try:
            return self._reader.tell() if self._reader is not None and self._reader.seekable() else 0
        except (OSError, ValueError):
            return 0

    def _reconnecting(self, reason: NsorError | None) -> None:
        said = "" if reason is None else reason.message.ur if self._session.language == "ur" else reason.message.en
        why = f" ({said})" if said else ""
        self._session.say("The line is broken{}; going on.", why)
