"""The passengers of a message: by what each is looked for, and who stands under his number if he is screened first.

A message has 500 of them, so that what is done for each is most of what a message costs: few objects are made.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from nsor.v1 import screening_pb2
from nsor_server.lookup.screening import names, rules
from nsor_server.lookup.screening.rules import Kept
from nsor_server.names.card import Person
from nsor_server.registration import facts as registrations
from nsor_server.storage.blind_index import BlindIndex

_NOTHING: Final = rules.NOT_SHOWN, rules.NOT_SHOWN, rules.NO_NUMBER
"""What stands for a document that isn't given."""
_CNIC: Final = registrations.IDENTIFIER_CNIC
_DOCUMENT: Final = registrations.IDENTIFIER_PASSPORT


class Passenger(NamedTuple):
    """A row that is screened.

    Attributes:
        position: in the message.
        number: of the row.
        documents: in words, as the tree over the rows has them.
        birth_date: likewise.
        kinds: of his documents, numbers of nsor.v1.IdentifierKind.
        texts: of his documents, in their normal form.
        blinds: for each of them its values with the day of birth under every live key, the primary's first, and as
            many with the year of birth.
        numbers: for each of them what a block keeps of it by itself.
        stands: who stands under his number if he is screened first, as a block has it.
        names: what a block keeps of his names; zeros: he has none.
        person: who is compared by his names; None: he has none, or they say too little.
        before: who stands under his number already; None: nobody does.
    """

    position: int
    number: int
    documents: str
    birth_date: str
    kinds: tuple[int, ...]
    texts: tuple[str, ...]
    blinds: list[bytes]
    numbers: list[bytes]
    stands: bytes
    names: bytes
    person: Person | None
    before: Kept | None

    @property
    def identifiers(self) -> list[registrations.Identifier]:
        """His documents."""
        return [registrations.of_text(kind, text) for kind, text in zip(self.kinds, self.texts, strict=True)]

    @property
    def is_paid(self) -> bool:
        """Whether somebody was shown by his names before: who sends him again doesn't pay for that again."""
        return self.before is not None and self.before.alike

    @property
    def is_another(self) -> bool:
        """Whether he isn't who stands under his number already, under whichever key."""
        before, keys = self.before, len(self.blinds) // (2 * len(self.kinds))
        if before is None or self.names != before.names:
            return before is not None
        of_kinds = {_CNIC: before.cnic_day, _DOCUMENT: before.document_day}
        for nth, kind in enumerate(self.kinds):
            day = of_kinds.pop(kind)
            if day == rules.NOT_SHOWN or day not in self.blinds[2 * keys * nth :][:keys]:
                return True
        return any(day != rules.NOT_SHOWN for day in of_kinds.values())


class Passengers:
    """Makes passengers of rows. Threads may share it.

    Attributes:
        values: how many blind indexes each document has: with the day and with the year of birth, under each live key.
    """

    def __init__(self, blind_index: BlindIndex) -> None:
        self.values = 2 * len(blind_index.key_ids(registrations.SCREENING))
        self._values = registrations.screened_values(blind_index)

    def passenger(
        self, manifest_id: bytes, position: int, row: screening_pb2.ManifestRow, before: Kept | None, now_us: int
    ) -> Passenger:
        """The passenger of a row.

        Args:
            manifest_id: of the manifest.
            position: of the row in its message.
            row: with a document and a date of birth, in their normal form.
            before: who stands under its number already.
            now_us: when it is answered, microseconds since 1970.
        """
        born, cnic, number = row.birth_date, row.identity_number, row.row
        day = "%04d-%02d-%02d" % (born.year, born.month, born.day)  # noqa: UP031 - twice as fast as an f-string
        own, other, kept_names, person = _NOTHING, _NOTHING, rules.NOT_SHOWN, None
        words, blinds, numbers = "", list[bytes](), list[bytes]()
        kinds: tuple[int, ...] = ()
        texts: tuple[str, ...] = ()
        if cnic:
            words, kinds, texts = f"cnic {cnic}", (_CNIC,), (cnic,)
            blinds = self._values(_CNIC, cnic, day)
            alone = rules.kept_number(manifest_id, _CNIC, cnic)
            numbers, own = [alone], (blinds[0], blinds[len(blinds) // 2], alone)
        if row.HasField("shown_document"):
            document = row.shown_document
            country, written, of = document.country, document.number, int(document.kind)
            text = registrations.text_of_document(country, written, of)
            found_by = self._values(_DOCUMENT, text, day)
            alone = rules.kept_number(manifest_id, _DOCUMENT, text)
            other = found_by[0], found_by[len(found_by) // 2], alone
            if cnic:
                words = f"{words} document {country} {written} {of}"
                kinds, texts = (_CNIC, _DOCUMENT), (cnic, text)
                blinds += found_by
                numbers.append(alone)
            else:
                words, kinds, texts = f"document {country} {written} {of}", (_DOCUMENT,), (text,)
                blinds, numbers = found_by, [alone]
        if row.HasField("names"):
            hashed, person = names.of_row(row)
            words = f"{words} names {hashed.hex()}"
            kept_names = rules.kept_names(manifest_id, hashed)
        stands = rules.row_bytes(number, own[0], own[1], other[0], other[1], now_us, own[2], other[2])
        return Passenger(
            position, number, words, day, kinds, texts, blinds, numbers, stands, kept_names, person, before
        )
