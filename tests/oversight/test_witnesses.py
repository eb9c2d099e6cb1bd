"""What registering witnesses, retiring and listing them, and handing in what they sign promises."""

import time
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from nsor.ledger import note
from nsor.ledger.cosignature import WitnessKey, WitnessVerifier, cosign
from nsor.ledger.note import Checkpoint, Note
from nsor.v1 import errors_pb2, witnesses_pb2
from nsor_server import errors
from nsor_server.access import witnesses as of_rows
from nsor_server.formats import witness_keys
from nsor_server.ledger import cosignatures
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.operator import entry
from nsor_server.oversight import witnesses as rules
from nsor_server.storage.v1 import record_pb2
from tests.agencies import NADRA, PUNJAB_POLICE, SPECIAL_COMMITTEE
from tests.calls import ORIGIN, call_of
from tests.services import Services
from tests.witnesses import add, cosigned, newest, registered, registration, retirement, shown


def refused(services: Services, request: object) -> str:
    """The reason for which the Committee's request is refused, of one field."""
    refusal = services.refused(errors.InvalidFields, call_of(SPECIAL_COMMITTEE), request)  # type: ignore[arg-type]
    (violation,) = refusal.violations
    return errors_pb2.FieldReason.Name(violation.reason).removeprefix("FIELD_REASON_")


def listed(services: Services, **page: object) -> witnesses_pb2.ListWitnessesResponse:
    request = witnesses_pb2.ListWitnessesRequest(**page)  # type: ignore[arg-type]
    return services.ask(call_of(NADRA), request).response  # type: ignore[no-any-return]


def test_every_agency_sees_whom_the_committee_has_registered_and_retired(services: Services) -> None:
    call = call_of(SPECIAL_COMMITTEE)
    key = WitnessKey.generate("witness.example/one")
    answer = services.ask(call, registration(key, "nadra")).response.witness
    assert (answer.verifier_key, answer.agency_id) == (key.verifier.text(), "nadra")
    assert list(listed(services).witnesses) == [answer]
    assert services.one("SELECT decided_by FROM ledger_witness") == call.officer_key
    retired = services.ask(call_of(SPECIAL_COMMITTEE), retirement(key)).response.retire_time
    (found,) = listed(services).witnesses
    assert found.retire_time == retired
    assert services.ask(call_of(SPECIAL_COMMITTEE), retirement(key)).response.retire_time == retired
    assert services.one("SELECT count(*) FROM ledger_witness_retired") == 1


def test_pages_go_on_behind_the_last_witness(services: Services) -> None:
    names = [f"witness.example/{name}" for name in ("a", "b", "c")]
    for name in reversed(names):
        registered(services, name)
    first = listed(services, page_size=2)
    second = listed(services, page_size=2, page_token=first.next_page_token)
    pages = [[each.verifier_key.partition("+")[0] for each in page.witnesses] for page in (first, second)]
    assert pages == [names[:2], names[2:]]
    assert second.next_page_token == ""


# Its agency may fetch the entries because of it, and no longer than it is a witness.
def test_an_agency_fetches_entries_while_a_witness_of_it_counts(services: Services) -> None:
    keys = [registered(services, f"witness.example/{each}", "nadra") for each in (1, 2)]
    registered(services, "witness.example/3")
    for key in keys:
        assert of_rows.may_fetch(services.directory.reload().rows) == {"nadra"}
        services.ask(call_of(SPECIAL_COMMITTEE), retirement(key))
    assert of_rows.may_fetch(services.directory.reload().rows) == frozenset()


# Two witnesses with one key, or one after another under one name, would be told apart by nobody.
def test_a_name_and_a_key_are_used_once_also_of_one_that_is_retired(services: Services) -> None:
    private = Ed25519PrivateKey.generate()
    key = WitnessKey(private, "witness.example/one")
    services.ask(call_of(SPECIAL_COMMITTEE), registration(key))
    for _ in range(2):
        same_name, same_key = WitnessKey.generate("witness.example/one"), WitnessKey(private, "witness.example/two")
        assert [refused(services, registration(each)) for each in (key, same_name, same_key)] == ["WITNESS_KNOWN"] * 3
        services.ask(call_of(SPECIAL_COMMITTEE), retirement(key))


def test_the_ledger_is_no_witness_of_itself(services: Services) -> None:
    own = WitnessKey(services.keyring.ledger_signer, "witness.example/one")
    assert refused(services, registration(own)) == "WITNESS_KEY_OF_LEDGER"
    for name in (ORIGIN, f"{ORIGIN}/2"):
        assert refused(services, registration(WitnessKey.generate(name))) == "WITNESS_KEY_OF_LEDGER"


# Under a point of small order a signature of zeros holds for one text in eight: anybody would sign for the witness.
def test_a_key_under_which_anybody_signs_is_refused(services: Services) -> None:
    for point in witness_keys.SMALL_ORDER:
        for sign in (0, 0x80):
            key = Ed25519PublicKey.from_public_bytes(point[:31] + bytes([point[31] | sign]))
            assert refused(services, registration(WitnessVerifier("witness.example/weak", key).text())) == "FORM"


@pytest.mark.parametrize(
    "name",
    [
        "Witness.example",  # capitals: two names that look alike
        "witness.example/\u0430",  # a Cyrillic letter
        "witness.example/\u202etxt",
        "witness.example/\u200b",
        "witness.example/a\u0301",
        "witness.example//a",
        "witness.example/" + "a" * 80,
        "w<script>",
        "victim.example",
        "3520212345671.example",
    ],
    ids=ascii,
)
def test_a_name_is_like_a_host_and_nobodys(services: Services, name: str) -> None:
    key = WitnessKey.generate(name)
    assert refused(services, registration(key)) in {"FORM", "VICTIM_WORD", "TOO_MANY_DIGITS"}


def test_what_is_no_key_of_a_witness_is_refused(services: Services) -> None:
    key = WitnessKey.generate("witness.example/one").verifier.text()
    log = note.Verifier.of(Ed25519PrivateKey.generate(), "witness.example/one").text()
    for wrong in (log, f"{key} ", f"{key}=", key.replace("+", " ", 1), key[:-4], f"x{key}"):
        assert refused(services, registration(wrong)) == "FORM"
    assert refused(services, registration(WitnessKey.generate("witness.example/one"), "nobody")) == "AGENCY_UNKNOWN"
    assert refused(services, retirement(WitnessKey.generate("witness.example/one"))) == "WITNESS_UNKNOWN"


def test_there_are_so_many_witnesses_and_a_retired_one_makes_room(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST", 1)
    key = registered(services)
    assert refused(services, registration(WitnessKey.generate("witness.example/two"))) == "WITNESSES_FULL"
    services.ask(call_of(SPECIAL_COMMITTEE), retirement(key))
    registered(services, "witness.example/two")
    monkeypatch.setattr(rules, "REGISTRATIONS_AN_HOUR", 2)
    monkeypatch.setattr(rules, "MOST", 9)
    third = registration(WitnessKey.generate("witness.example/three"))
    services.refused(errors.Exhausted, call_of(SPECIAL_COMMITTEE), third)


def test_two_registrations_of_one_key_at_once_make_one_witness(services: Services) -> None:
    key = WitnessKey.generate("witness.example/one")
    handed_in = [(call_of(SPECIAL_COMMITTEE), registration(key)) for _ in range(2)]
    first, second = services.at_once(*handed_in, together=False)
    assert isinstance(second, errors.InvalidFields) != isinstance(first, errors.InvalidFields)
    assert services.one("SELECT count(*) FROM ledger_witness") == 1


def test_a_cosignature_is_kept_and_shown_and_the_newest_of_each_witness_alone(services: Services) -> None:
    one, two = registered(services), registered(services, "witness.example/two")
    assert list(shown(services).cosigned) == []
    older = cosigned(services, two)
    cosigned(services, one)
    signed = cosigned(services, one)
    assert list(shown(services).cosigned) == [signed, older]
    assert services.one("SELECT count(*) FROM ledger_cosignature") == 3
    # Of one checkpoint all lines stand under it.
    at = int(time.time())
    both = cosign(cosign(newest(services), one, at), two, at)
    assert add(services, both) == {"witness.example/one": "KEPT", "witness.example/two": "KEPT"}
    assert list(shown(services).cosigned) == [both]
    services.ask(call_of(SPECIAL_COMMITTEE), retirement(one))
    (left,) = shown(services).cosigned
    assert [each.name for each in Note.parse(left).signatures] == [ORIGIN, "witness.example/two"]


def test_of_the_newest_checkpoint_its_lines_are_shown_with_it(services: Services) -> None:
    key = registered(services)
    with services.database.reading() as conn:
        those = of_rows.that_count(services.directory.reload().rows)
        assert cosignatures.newest_note(conn, those) == newest(services)
    signed = cosigned(services, key)
    with services.database.reading() as conn:
        assert cosignatures.cosigned(conn, those) == [signed]
        assert Note.parse(cosignatures.newest_note(conn, those)).signatures[1:] == ()  # there are entries since


def test_each_witness_has_the_age_of_its_newest_line_or_of_its_registration(
    services: Services,
) -> None:
    # One that hands in nothing isn't hidden behind one that does.
    one, two = registered(services), registered(services, "witness.example/two")
    registered(services, "witness.example/three")
    services.ask(call_of(SPECIAL_COMMITTEE), retirement(two))
    cosigned(services, one)
    cosigned(services, one)
    with services.database.owner() as owner:
        owner.execute("UPDATE ledger_cosignature SET written_at = clock_timestamp() - number * interval '1 hour'")
        owner.execute("UPDATE ledger_witness SET registered_at = clock_timestamp() - interval '5 hours'")
        found = cosignatures.ages(owner)
    assert {name: round(age / 3600) for name, age in found.items()} == {
        "witness.example/one": 2,
        "witness.example/three": 5,
    }


def test_what_isnt_newer_of_its_witness_is_not_kept(services: Services) -> None:
    key = registered(services)
    old, at = newest(services), int(time.time())
    signed = cosigned(services, key)
    assert add(services, signed) == {"witness.example/one": "OLDER"}
    # An old tree that is co-signed again is no newer; the same one, later, is.
    assert add(services, cosign(old, key, at + 9)) == {"witness.example/one": "OLDER"}
    checkpoint = Note.parse(signed)
    again = cosign(checkpoint.text + b"\n" + signed.split(b"\n\n")[1].split(b"\n")[0] + b"\n", key, at + 30)
    assert add(services, again) == {"witness.example/one": "KEPT"}
    assert list(shown(services).cosigned) == [again]


# A forged co-signature, and one that was made under another tree.
def test_a_line_that_doesnt_hold_is_not_kept_and_those_beside_it_are(services: Services) -> None:
    one, two = registered(services), registered(services, "witness.example/two")
    at = int(time.time())
    older = cosign(newest(services), one, at)
    replayed = newest(services) + older.split(b"\n\n")[1].split(b"\n", 1)[1]
    assert add(services, cosign(replayed, two, at)) == {"witness.example/one": "WRONG", "witness.example/two": "KEPT"}
    forger = WitnessKey.generate("witness.example/one")
    line = forger.line(Note.parse(newest(services)).text, at)
    assert add(services, newest(services) + line) == {}
    assert services.one("SELECT count(*) FROM ledger_cosignature") == 1


def test_nobody_elses_line_is_kept(services: Services) -> None:
    key = registered(services)
    services.ask(call_of(SPECIAL_COMMITTEE), retirement(key))
    at = int(time.time())
    assert add(services, cosign(newest(services), key, at)) == {}
    assert add(services, cosign(newest(services), WitnessKey.generate("witness.example/two"), at)) == {}
    assert services.one("SELECT count(*) FROM ledger_cosignature") == 0


def test_only_a_checkpoint_that_this_ledger_signed_is_taken(services: Services) -> None:
    key = registered(services)
    at, signed = int(time.time()), newest(services)
    checkpoint = Checkpoint.parse(Note.parse(signed).text)
    own, other = services.keyring.ledger_signer, Ed25519PrivateKey.generate()
    text, _, _ = signed.partition(b"\n\n")
    wrong = {
        "of another log": note.sign(Checkpoint("other.example", 2, bytes(32)), other, "other.example"),
        "of another log with our key": note.sign(Checkpoint("other.example", 1, bytes(32)), own, "other.example"),
        "of another key": note.sign(checkpoint, other, ORIGIN),
        "under another name": note.sign(checkpoint, own, "other.example"),
        "of more entries": note.sign(Checkpoint(ORIGIN, checkpoint.size + 9, bytes(32)), own, ORIGIN),
        "that was never published": note.sign(Checkpoint(ORIGIN, checkpoint.size, bytes(32)), own, ORIGIN),
        "of another epoch": note.sign(Checkpoint(f"{ORIGIN}/2", checkpoint.size, checkpoint.root), own, f"{ORIGIN}/2"),
        "unsigned": text + b"\n\n" + key.line(text + b"\n", at),
    }
    for each in wrong.values():
        request = witnesses_pb2.AddCosignaturesRequest(request_id=str(uuid.uuid4()), checkpoint=cosign(each, key, at))
        assert refused(services, request) == "CHECKPOINT_NOT_OURS"
    for damaged in (b"x", signed[:-1], b"<html>\n\n\xe2\x80\x94 a b\n", signed + b"\n"):
        request = witnesses_pb2.AddCosignaturesRequest(request_id=str(uuid.uuid4()), checkpoint=damaged)
        assert refused(services, request) == "CHECKPOINT_NOT_OURS"
    assert services.one("SELECT count(*) FROM ledger_cosignature") == 0


# A witness has seen another end of this ledger: the database was set back, whatever it has grown to since.
@pytest.mark.parametrize("more", [-1, 0, 9])
def test_a_checkpoint_of_ours_that_isnt_stored_raises_an_alert(
    services: Services, more: int, caplog: pytest.LogCaptureFixture
) -> None:
    key = registered(services)
    own, old, at = services.keyring.ledger_signer, newest(services), int(time.time())
    with services.database.owner() as conn:
        several = [entry("nsor-server/test", record_pb2.AccessDetail()) for _ in range(2)]
        Ledger(services.keyring, ORIGIN).append(conn, several)
        conn.commit()
    size = Checkpoint.parse(Note.parse(newest(services)).text).size + more
    for origin in ("other.example", f"{ORIGIN}/2", ORIGIN):  # what another log or an epoch that was lost has, isn't one
        assert "ALERT" not in caplog.text
        signed = cosign(note.sign(Checkpoint(origin, size, bytes(32)), own, origin), key, at)
        request = witnesses_pb2.AddCosignaturesRequest(request_id=str(uuid.uuid4()), checkpoint=signed)
        assert refused(services, request) == "CHECKPOINT_NOT_OURS"
    assert caplog.text.count("ALERT LEDGER_DISCONTINUED") == 1
    caplog.clear()
    assert add(services, cosign(old, key, at)) == {"witness.example/one": "KEPT"}
    assert "ALERT" not in caplog.text


def test_two_that_are_handed_in_at_once_are_numbered_one_after_the_other(services: Services) -> None:
    key = registered(services)
    at = int(time.time())
    requests = [
        witnesses_pb2.AddCosignaturesRequest(request_id=str(uuid.uuid4()), checkpoint=cosign(newest(services), key, at))
        for _ in range(2)
    ]
    services.at_once(*((call_of(SPECIAL_COMMITTEE), each) for each in requests), together=True)
    assert services.one("SELECT array_agg(number ORDER BY number) FROM ledger_cosignature") == [1, 2]


def test_what_is_validated_only_changes_nothing(services: Services) -> None:
    key = registered(services)
    cosign_now = cosign(newest(services), key, int(time.time()))
    for request in (
        registration(WitnessKey.generate("witness.example/two")),
        retirement(key),
        witnesses_pb2.AddCosignaturesRequest(request_id=str(uuid.uuid4()), checkpoint=cosign_now),
    ):
        request.validate_only = True
        before = services.rows()
        services.ask(call_of(SPECIAL_COMMITTEE), request)
        assert services.rows() == before


def test_nobody_but_the_committee_decides_on_witnesses(services: Services) -> None:
    key = WitnessKey.generate("witness.example/one")
    for request in (registration(key), retirement(key)):
        services.refused(errors.Denied, call_of(PUNJAB_POLICE), request)
