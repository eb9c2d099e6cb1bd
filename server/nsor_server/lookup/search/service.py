"""SearchRegistrations on the wire. Who may be searched for: rules.py; SQL: store.py; the names: index.py."""

from __future__ import annotations

import dataclasses
import itertools
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from nsor.v1 import errors_pb2, search_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.access.disclosure import EVERYTHING, classes_shown, disclose
from nsor_server.calls import Call, Outcome, RestedOn, Seen, Shown
from nsor_server.formats.instants import to_us
from nsor_server.formats.uuids import raw
from nsor_server.ledger import rests_on
from nsor_server.lookup.decoy import Decoy
from nsor_server.lookup.grants import cases as grant_cases
from nsor_server.lookup.grants import records as grant_records
from nsor_server.lookup.grants import rules as grant_rules
from nsor_server.lookup.grants import store as grants
from nsor_server.lookup.grants import subjects
from nsor_server.lookup.grants.held import HeldGrants
from nsor_server.lookup.rules import fir_reference
from nsor_server.lookup.search import candidates, rules, store
from nsor_server.lookup.search.index import SearchIndex
from nsor_server.lookup.search.store import Head
from nsor_server.names.card import Bands, Candidate, Found, Person
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


class _Asked(NamedTuple):
    """What a search is for.

    Attributes:
        person: who is searched for.
        basis: the grant, ticket or court case by its id, or the FIR.
        position: of the subject, from 0; 0 where there is none.
        case_reference: for the ledger's detail.
        subjects: likewise: the grant's id.
        case: the FIR of a prosecution, as its blind index is made of it; empty: it is a search on a grant.
        granted: the classes of fields that the grant shows, where it shows fewer than its purpose.
        seen: what that rests on.
    """

    person: Person
    basis: str
    position: int
    case_reference: str
    subjects: Sequence[bytes]
    case: str
    granted: frozenset[int]
    seen: Sequence[Seen]


@dataclasses.dataclass(frozen=True, slots=True)
class _Read:
    """What was read of the register for a search.

    Attributes:
        met: the registrations that the names, or the case, have given.
        most: how many these may be.
        heads: those of them that are there.
        others: heads of any other registrations, so many that there are as many in all.
        records: those that may be found.
        person_of: of which person each is; empty: it stands alone.
    """

    met: Sequence[bytes]
    most: int
    heads: Mapping[bytes, Head]
    others: Sequence[Head]
    records: dict[bytes, record_pb2.RegistrationRecord] = dataclasses.field(default_factory=dict)
    person_of: dict[bytes, bytes] = dataclasses.field(default_factory=dict)


class _Looked(NamedTuple):
    """A registration that was opened.

    Attributes:
        record: its newest version.
        claim: its newest claim.
        belongs: it is where it was found.
        may_be_found: by this search.
        person: of which person it is; empty: it is shown for itself.
    """

    record: record_pb2.RegistrationRecord
    claim: record_pb2.ClaimRecord
    belongs: bool
    may_be_found: bool
    person: bytes


class Searches:
    """Searches by name."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex, index: SearchIndex) -> None:
        """Prepare.

        Args:
            sealer: opens records, and seals the ids of candidates.
            blind_index: finds the records of a case.
            index: the names.
        """
        self._sealer, self._blind_index, self._index = sealer, blind_index, index
        decoy = Decoy(sealer).found
        self._decoy = Head(decoy.claim, decoy.row)
        self._grants = HeldGrants(sealer)

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                search_pb2.SearchRegistrationsRequest,
                search_pb2.SearchRegistrationsResponse,
                self.search_registrations,
                charge=_charge,
                shows=lambda _request: rules.MOST,
                case=self._case,
            ),
        )

    def search_registrations(
        self, call: Call, request: search_pb2.SearchRegistrationsRequest, conn: Connection
    ) -> Outcome[search_pb2.SearchRegistrationsResponse]:
        """Search for one person by name.

        Raises:
            InvalidFields: the request doesn't say for whom, or by too little.
            Denied: the grant, ticket or court case isn't for this search; OUTSIDE_JURISDICTION, for an FIR's place.
            Unavailable: SEARCH_NOT_READY.
            DeadlineExceeded: the searches before take too long.
            Internal: a record contradicts itself.
        """
        rules.check_basis(call.purpose, request.basis)
        rules.check_request(request)
        asked = self._of_fir(call, request) if request.basis.HasField("fir") else self._on_grant(call, request, conn)
        policy = policy_of(call).search
        bands = Bands(policy.likely_strength, policy.possible_strength)
        if asked.case:
            read, of_case = self._records_of_case(conn, asked.case)
            cards = [(one, registrations.compared_person(record)) for one, record in read.records.items()]
            found = self._index.compare(asked.person, rules.MOST, bands, cards, call.deadline)
        else:
            found, of_case = self._index.search(asked.person, rules.MOST, bands, call.deadline), []
            read = self._records(conn, [each.card_id for each in found.candidates])
        chosen = _chosen(found, read)
        response = search_pb2.SearchRegistrationsResponse(
            candidates=[self._message(call, asked, each, read.records[each.card_id]) for each in chosen],
            others=found.fits,
        )
        detail = record_pb2.AccessDetail(
            outcome="FOUND" if chosen else "NOBODY_FOUND",
            case_reference=asked.case_reference,
            subjects=asked.subjects,
            grant_position=asked.position,
            rows=call.rows,
            searched=_searched(asked, read, rules.narrowed_by(request)),
            classes_shown=classes_shown(response.DESCRIPTOR, call.purpose, granted=asked.granted),
        )
        if asked.case:
            versions = {one: head.row.version for one, head in read.heads.items()}
            detail.rests_on = rests_on.digest((one, versions.get(one, 0)) for one in read.met)
        return Outcome(
            disclose(response, call.purpose, granted=asked.granted),
            detail,
            seen=[*asked.seen, *of_case, *_seen(read)],
            shown=[Shown(each.card_id, read.records[each.card_id].version) for each in chosen],
        )

    def _case(self, call: Call, request: search_pb2.SearchRegistrationsRequest, conn: Connection) -> str:
        """The case of the grant, ticket or court case that a search names, if it is the officer's."""
        return grant_cases.read(conn, self._grants, call, request.basis)

    def _on_grant(self, call: Call, request: search_pb2.SearchRegistrationsRequest, conn: Connection) -> _Asked:
        """The subject of a grant, ticket or court case.

        Raises:
            Denied: GRANT_NOT_VALID, one and the same for one that isn't there, isn't the agency's, the officer's or of
                the place where he may act, isn't for this purpose, or has no such subject with a name; GRANT_WITHDRAWN;
                GRANT_EXPIRED; GRANT_USED_UP, where nobody whom it found could be looked up.
            InvalidFields: the name that it has says too little, the years aren't those that it has, or a district is
                asked for that it doesn't show.
        """
        basis = getattr(request.basis, rules.BASIS[call.purpose])
        call.rests_on = RestedOn(raw(basis), request.subject - 1)
        held = self._grants.named(conn, raw(basis), call.agency.agency_id)
        record = held.stored.record if held else record_pb2.GrantRecord()
        named = subjects.of(record)
        position = request.subject - 1
        if (
            held is None
            or record.purpose != call.purpose
            or not grant_rules.may_use(record, held.holder, call.agency, call.officer)
        ):
            raise errors.Denied(errors_pb2.ERROR_REASON_GRANT_NOT_VALID)
        call.case = grant_records.case_reference(record)
        if position >= len(named) or not named[position].name.name:
            raise errors.Denied(errors_pb2.ERROR_REASON_GRANT_NOT_VALID)
        if held.stored.ended_at(call.compromised) is not None:
            raise errors.Denied(errors_pb2.ERROR_REASON_GRANT_WITHDRAWN)
        if to_us(call.now()) >= record.expires_at_us:
            raise errors.Denied(errors_pb2.ERROR_REASON_GRANT_EXPIRED)
        used, unused = grants.uses(conn, record.grant_id, position)
        if used >= record.uses_per_subject:
            raise errors.Denied(errors_pb2.ERROR_REASON_GRANT_USED_UP)
        subject = named[position]
        names = rules.check_name("subject", rules.names_of(subject))
        rules.check_granted(request, record.classes)
        return _Asked(
            rules.asked_for(names, subject.birth_year, request),
            basis,
            position,
            grant_records.case_reference(record),
            [record.grant_id],
            "",
            frozenset(record.classes),
            [*held.seen, unused],
        )

    def _of_fir(self, call: Call, request: search_pb2.SearchRegistrationsRequest) -> _Asked:
        """A name among the records of an FIR of the prosecution's jurisdiction.

        Raises:
            Denied: OUTSIDE_JURISDICTION.
        """
        reference = fir_reference(request.basis.fir)
        call.rests_on = RestedOn(case_reference=reference)
        rows.require_within(call.agency, call.officer, [request.basis.fir.police_station])
        person = rules.asked_for(rules.names_of_request(request.name), 0, request)
        return _Asked(person, reference, 0, reference, [], registrations.fir_case(reference), EVERYTHING, [])

    def _records(self, conn: Connection, ids: Sequence[bytes]) -> _Read:
        """Those of some registrations that may be found, as the database has them now."""
        read = self._read(conn, ids, store.others(conn, rules.MOST - len(ids), beside=len(ids)), rules.MOST)
        self._take(read, self._look)
        return read

    def _records_of_case(self, conn: Connection, case: str) -> tuple[_Read, list[Seen]]:
        """The records of an FIR that may be found: held ones too, which are shown on their own case."""
        blinds = [blind for _, blind in self._blind_index.values("case", case)]
        seen = store.cases_seen(conn, blinds)
        ids, others = store.of_case(conn, blinds, rules.MOST_OF_CASE)
        read = self._read(conn, ids, others, rules.MOST_OF_CASE)
        self._take(read, lambda head: self._look_for_case(head, case))
        return read, seen

    def _look(self, head: Head) -> _Looked:
        """Open one that names have given."""
        record, key = registrations.open_keyed(self._sealer, head.row)
        claim = registrations.open_claim(key, head.claim)
        return _Looked(record, claim, True, rules.may_be_found(record, claim), claim.person)  # noqa: FBT003 - a tuple

    def _look_for_case(self, head: Head, case: str) -> _Looked:
        """Open one that a case has given: of it each is found for itself."""
        record, key, convictions = registrations.open_shown(self._sealer, head.row)
        claim = registrations.open_claim(key, head.claim)
        belongs = case in registrations.confirmed_cases(record)
        may_be_found = registrations.is_compared(record) and rules.is_of_case(convictions, case)
        return _Looked(record, claim, belongs, may_be_found, b"")

    def _take(self, read: _Read, look: Callable[[Head], _Looked]) -> None:
        """Open all that was read, and keep what may be found. One of the others that doesn't open is nothing to him.

        Raises:
            Internal: a record contradicts itself, or isn't where it belongs.
        """
        for one, head in self._looked_at(read):
            try:
                looked = look(head)
            except errors.Internal:
                if one in read.heads:
                    raise
                continue
            if one not in read.heads:
                continue
            if not looked.record.registration_id == looked.claim.registration_id == one or not looked.belongs:
                raise rows.outside(registrations.TABLE)
            if looked.may_be_found:
                read.records[one], read.person_of[one] = looked.record, looked.person

    def _read(self, conn: Connection, ids: Sequence[bytes], others: Sequence[bytes], most: int) -> _Read:
        """The heads of some registrations, and of others: as many are read whatever there is of the first ones."""
        found = store.heads(conn, [*ids, *others])
        heads = {one: found[one] for one in ids if one in found}
        return _Read(ids, most, heads, [found[one] for one in others if one in found])

    def _looked_at(self, read: _Read) -> Iterator[tuple[bytes, Head]]:
        """What was read, and in place of what wasn't there some others and nobody's: the same is done with all of them.

        Otherwise the time would tell how many there are that aren't shown.
        """
        yield from read.heads.items()
        others = read.others[: max(0, store.APART - len(read.heads))]
        yield from ((head.row.registration_id, head) for head in others)
        nobody = self._decoy.row.registration_id
        yield from itertools.repeat((nobody, self._decoy), read.most - len(read.heads) - len(others))

    def _message(
        self, call: Call, asked: _Asked, found: Candidate, record: record_pb2.RegistrationRecord
    ) -> search_pb2.Candidate:
        of = candidates.Candidate(found.card_id, call.access_id, asked.position, to_us(call.now()))
        person = registrations.compared_person(record)
        return search_pb2.Candidate(
            candidate_id=candidates.candidate_id(self._sealer, call, asked.basis, of),
            band=search_pb2.CandidateBand.ValueType(found.band or 0),
            person=registrations.masked(record),
            relative_initials=rules.initials(each.relative for each in person.names),
            birth_year=person.birth_year,
            sex=record.sex,  # type: ignore[arg-type]  # stored numbers are the enum's
            districts=person.districts,
            evidence=[
                search_pb2.CandidateEvidence(
                    part=each.part,  # type: ignore[arg-type]  # likewise
                    word=each.word,
                    rule=each.rule,  # type: ignore[arg-type]  # likewise
                    by_name=each.by_name,
                )
                for each in found.evidence
            ],
        )


def _charge(request: search_pb2.SearchRegistrationsRequest) -> Charge:
    basis = request.basis
    kind = basis.WhichOneof("basis")
    return Charge(
        fir_reference(basis.fir) if kind == "fir" else f"{getattr(basis, kind or 'grant_id')} {request.subject}"
    )


def _chosen(found: Found, read: _Read) -> list[Candidate]:
    """The candidates that may be shown, a person once: of several registrations the one that is most alike."""
    chosen: list[Candidate] = []
    persons: set[bytes] = set()
    for each in found.candidates:
        person = read.person_of.get(each.card_id, b"")
        if each.card_id in read.records and person not in persons:
            chosen.append(each)
            persons |= {person} - {b""}
    return chosen


def _seen(read: _Read) -> list[Seen]:
    """That what was read is the newest: no answer shows what an earlier entry took away.

    Under the head's lock as much is looked at whatever was read: versions of others, too, and where the register has
    fewer, that there is no such registration.
    """
    looked_at = itertools.islice(itertools.chain(read.heads.values(), read.others), read.most)
    versions = [(head.row.registration_id, head.row.version, head.claim.version) for head in looked_at]
    versions += ((uuid.uuid4().bytes, 0, 0) for _ in range(read.most - len(versions)))
    return [
        each
        for one, version, claim_version in versions
        for each in (
            Seen(registrations.HEADS, (one,), version),
            Seen(registrations.CLAIM_HEADS, (one,), claim_version),
        )
    ]


def _searched(asked: _Asked, read: _Read, narrowed_by: Sequence[int]) -> record_pb2.Searched:
    """What the entry says of whom was read: it has one size, whatever a case has had."""
    if asked.case:
        of_case = b"".join(one[-rules.END_BYTES :] for one in read.met)
        return record_pb2.Searched(of_case=of_case, narrowed_by=narrowed_by)
    return record_pb2.Searched(met=read.met, narrowed_by=narrowed_by)
