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
_KEPT: Final = rules.BLIND_BYTES
_CNIC: Final = registrations.IDENTIFIER_CNIC


class Passenger(NamedTuple):
    """A row that is screened.

    Attributes:
        position: in the message.
        number: of the row.
        documents: in words, as the tree over the rows has them.
        birth_date: likewise.
        identifiers: his documents.
        blinds: for each of them its blind indexes with the day of birth under every live key, the primary's first, and
            as many with the year of birth.
        shown: as ``stands.shown``.
        numbers: as ``stands.numbers``.
        stands: who stands under his number if he is screened first.
        person: who is compared by his names; None: he has none, or they say too little.
        before: who stands under his number already; None: nobody does.
    """

    position: int
    number: int
    documents: str
    birth_date: str
    identifiers: list[registrations.Identifier]
    blinds: list[bytes]
    shown: list[bytes]
    numbers: list[bytes]
    stands: Kept
    person: Person | None
    before: Kept | None

    @property
    def is_paid(self) -> bool:
        """Whether somebody was shown by his names before: who sends him again doesn't pay for that again."""
        return self.before is not None and self.before.alike

    @property
    def is_another(self) -> bool:
        """Whether he isn't who stands under his number already, under whichever key."""
        before, keys = self.before, len(self.blinds) // (2 * len(self.identifiers))
        if before is None or self.stands.names != before.names:
            return before is not None
        of_kinds = {
            registrations.IDENTIFIER_CNIC: before.cnic_day,
            registrations.IDENTIFIER_PASSPORT: before.document_day,
        }
        for nth, identifier in enumerate(self.identifiers):
            day, blinds = of_kinds.pop(identifier.kind), self.blinds[2 * keys * nth :][:keys]
            if day == rules.NOT_SHOWN or not any(blind.startswith(day) for blind in blinds):
                return True
        return any(day != rules.NOT_SHOWN for day in of_kinds.values())


class Passengers:
    """Makes passengers of rows. Threads may share it.

    Attributes:
        key_ids: of the live keys of the blind index, the primary's first.
    """

    def __init__(self, blind_index: BlindIndex) -> None:
        self.key_ids = blind_index.key_ids(registrations.SCREENING)
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
        born, cnic = row.birth_date, row.identity_number
        day = "%04d-%02d-%02d" % (born.year, born.month, born.day)  # noqa: UP031 - twice as fast as an f-string
        words, own, of_document = list[str](), _NOTHING, _NOTHING
        identifiers, blinds = list[registrations.Identifier](), list[bytes]()
        shown, numbers = list[bytes](), list[bytes]()
        if cnic:
            words.append(f"cnic {cnic}")
            identifiers.append(registrations.of_cnic(cnic))
        if row.HasField("shown_document"):
            document = row.shown_document
            country, written, of = document.country, document.number, int(document.kind)
            words.append(f"document {country} {written} {of}")
            identifiers.append(registrations.of_document(country, written, of))
        for kind, _, said in identifiers:
            values = self._values(kind, said, day)
            blinds += values
            of_day = values[0][:_KEPT]
            alone = rules.kept_number(manifest_id, kind, said)
            shown.append(of_day)
            numbers.append(alone)
            kept = of_day, values[len(values) // 2][:_KEPT], alone
            if kind == _CNIC:
                own = kept
            else:
                of_document = kept
        kept_names, person = rules.NOT_SHOWN, None
        if row.HasField("names"):
            hashed, person = names.of_row(row)
            words.append(f"names {hashed.hex()}")
            kept_names = rules.kept_names(manifest_id, hashed)
        stands = Kept(own[0], own[1], of_document[0], of_document[1], now_us, own[2], of_document[2], kept_names)
        return Passenger(
            position, row.row, " ".join(words), day, identifiers, blinds, shown, numbers, stands, person, before
        )
