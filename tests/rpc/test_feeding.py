"""The Committee's feeder, with a register that serves, and witnesses that answer as they must, wrongly, or never."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import nsor
from nsor import cli, feeding
from nsor.feeding import Feeder
from nsor.ledger import cosigned, note
from nsor.ledger.cosignature import WitnessKey
from nsor.ledger.note import Checkpoint, Note
from nsor.v1 import oversight_pb2, witnesses_pb2
from nsor.witnessing import Destination, destinations
from nsor_server.storage.keyring import Keyring
from tests.http_witness import Answer, Honest, listening
from tests.rpc.callers import Serving, decision

REGISTER = "nsor.v1.OversightService/RegisterWitness"
SECONDS = 60.0
KEY = WitnessKey.generate("witness.example/one")


@pytest.fixture
def client(serving: Serving, keyring: Keyring, tmp_path: Path) -> Iterator[nsor.Client]:
    key, certificate = serving.files_of("special-committee")
    with nsor.Client(
        serving.address,
        certificate=certificate,
        key=key,
        ca=serving.certificates / "ca.pem",
        ledger_key=keyring.verifier_key(serving.settings.ledger_origin),
        state_dir=tmp_path / "committee",
    ) as found:
        yield found


def key_of(name: str) -> WitnessKey:
    return WitnessKey.generate(f"witness.example/{name}")


def register(serving: Serving, *keys: WitnessKey) -> None:
    """The Committee's deciding officer registers them."""
    caller = serving.caller("special-committee", officer=True)
    assert caller.officer is not None
    for key in keys:
        request = witnesses_pb2.RegisterWitnessRequest(request_id=str(uuid.uuid4()), verifier_key=key.verifier.text())
        nonce = os.urandom(32)
        signed = decision(caller.officer, REGISTER, nonce, request.SerializeToString())
        answered = caller.call(REGISTER, request, nonce=nonce, nsor_decision_bin=signed)
        assert answered.reason == ""


def told(feeder: Feeder) -> dict[str, str]:
    """What became of a round, by the last part of each witness's name."""
    return {each.witness.rpartition("/")[2]: each.code for each in feeder.round()}


def shown(client: nsor.Client) -> dict[str, int]:
    """The size that each witness has co-signed, as the register shows it."""
    answer = client.oversight.get_checkpoint(oversight_pb2.GetCheckpointRequest()).message
    found: dict[str, int] = {}
    for each in answer.cosigned:
        parsed = Note.parse(each)
        size = Checkpoint.parse(parsed.text).size
        found |= {line.name.rpartition("/")[2]: size for line in parsed.signatures[1:]}
    return found


def test_checkpoints_are_brought_and_cosignatures_handed_in_also_after_a_restart(
    serving: Serving, client: nsor.Client
) -> None:
    one, two = Honest(key_of("one")), Honest(key_of("two"))
    register(serving, one.key, two.key)
    with listening(one.key, one) as first, listening(two.key, two) as second:
        feeder = Feeder(client, [first, second], seconds=SECONDS)
        assert told(feeder) == {"one": "COSIGNED", "two": "COSIGNED"}
        assert one.seen is not None
        size = one.seen.size
        assert shown(client) == {"one": size, "two": size}
        # Another run knows what they have seen: it asks with a proof, and isn't told another size.
        del one.asked[:]
        assert told(Feeder(client, [first, second], seconds=SECONDS)) == {"one": "COSIGNED", "two": "COSIGNED"}
        ((old, hashes),) = one.asked
        assert old == f"old {size}"
        assert hashes > 0
        assert shown(client)["one"] > size
        # A witness that has seen more than is known here says so, and is proved to from there on.
        (client.state_folder / "fed").unlink()
        del one.asked[:]
        size = one.seen.size
        assert told(Feeder(client, [first], seconds=SECONDS)) == {"one": "COSIGNED"}
        assert [old for old, _ in one.asked] == ["old 0", f"old {size}"]
    # What it keeps is the file that `nsor-server ledger verify --cosigned` reads.
    (kept,) = cosigned.read(client.state_folder / "fed")
    assert one.key.verifier.times(Note.parse(kept))


def answers(key: WitnessKey, other: WitnessKey) -> dict[str, tuple[Callable[[bytes], Answer], str]]:
    """Witnesses that misbehave, each with what is told of it."""

    def of_another_log(_: bytes) -> Answer:
        text = note.Checkpoint("other.example/log", 9, bytes(32)).text()
        return 200, "text/plain", key.line(text, int(time.time()))

    def with_another_key(body: bytes) -> Answer:
        return 200, "text/plain", other.line(Note.parse(body.partition(b"\n\n")[2]).text, int(time.time()))

    def with_many_others(body: bytes) -> Answer:
        line = key.line(Note.parse(body.partition(b"\n\n")[2]).text, int(time.time()))
        return 200, "text/plain", line + note.signature_line("witness.example/x", bytes(72)) * 600

    return {
        "html": (lambda _: (200, "text/html", b"<html><script>alert(1)</script></html>"), "NO_WITNESS"),
        "html-error": (lambda _: (502, "text/html", b"<html>"), "NO_WITNESS"),
        "empty": (lambda _: (200, "text/plain", b""), "NO_WITNESS"),
        "too-long": (with_many_others, "NO_WITNESS"),
        "redirect": (lambda _: (307, "text/plain", b""), "NO_WITNESS"),
        "another-log": (of_another_log, "COSIGNATURE_WRONG"),
        "another-key": (with_another_key, "COSIGNATURE_WRONG"),
        "key-not-trusted": (lambda _: (403, "text/plain", b""), "KEY_NOT_TRUSTED"),
        "ledger-unknown": (lambda _: (404, "text/plain", b""), "LEDGER_UNKNOWN"),
        "proof-refused": (lambda _: (422, "text/plain", b""), "PROOF_REFUSED"),
        "conflict-without-size": (lambda _: (409, "text/plain", b"7\n"), "NO_WITNESS"),
        "no-size": (lambda _: (409, "text/x.tlog.size", b"-7\n"), "NO_WITNESS"),
        "long-size": (lambda _: (409, "text/x.tlog.size", b"9" * 5000), "NO_WITNESS"),
        "ahead": (lambda _: (409, "text/x.tlog.size", b"9000000\n"), "WITNESS_AHEAD"),
        "same-size": (lambda _: (409, "text/x.tlog.size", b"0\n"), "SIZES_DISAGREE"),
    }


def test_what_a_witness_answers_wrongly_is_told_and_nothing_of_it_is_kept(
    serving: Serving, client: nsor.Client
) -> None:
    key, good = key_of("it"), Honest(key_of("good"))
    register(serving, key)
    with listening(good.key, good) as honest:
        for name, (answer, code) in answers(key, key_of("it")).items():
            with listening(key, answer) as wrong:
                assert told(Feeder(client, [wrong, honest], seconds=SECONDS)) == {
                    "it": code,
                    "good": "NOT_REGISTERED",
                }, name
    assert shown(client) == {}


@contextlib.contextmanager
def silent(key: WitnessKey, send: bytes = b"") -> Iterator[tuple[Destination, threading.Event]]:
    """A witness that takes a connection, and says nothing more, or the same byte again and again, until it is told."""
    over = threading.Event()

    def hang(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection, _ = server.accept()
            with connection:
                while not over.wait(0.05):
                    connection.sendall(send)

    with socket.create_server(("127.0.0.1", 0)) as server:
        hanging = threading.Thread(target=hang, args=(server,), daemon=True)
        hanging.start()
        yield Destination(key.verifier, f"http://127.0.0.1:{server.getsockname()[1]}"), over
        over.set()
        hanging.join()


def test_one_that_hangs_keeps_nobody_waiting(serving: Serving, client: nsor.Client) -> None:
    good, hanging = Honest(key_of("good")), key_of("hanging")
    register(serving, good.key, hanging)
    with listening(good.key, good) as honest, silent(hanging) as (stuck, over):
        round_ = Feeder(client, [stuck, honest], seconds=SECONDS).round()
        first = next(round_)
        assert (first.witness, first.code) == ("witness.example/good", "COSIGNED")
        assert shown(client).keys() == {"good"}  # handed in while the other one is waited for
        over.set()
        assert [(each.witness, each.code) for each in round_] == [("witness.example/hanging", "UNREACHABLE")]


@pytest.mark.parametrize("sent", [b"", b"a"], ids=["silent", "one-byte-at-a-time"])
def test_a_witness_has_so_much_time_and_no_more(client: nsor.Client, sent: bytes) -> None:
    with silent(key_of("hanging"), sent) as (stuck, _):
        assert told(Feeder(client, [stuck], seconds=0.3)) == {"hanging": "LATE"}


def test_one_that_isnt_there_is_told(client: nsor.Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    gone = Destination(key_of("gone").verifier, f"http://127.0.0.1:{port}")
    no_tls = Destination(key_of("tls").verifier, f"https://127.0.0.1:{port}")
    assert told(Feeder(client, [gone, no_tls], seconds=SECONDS)) == {"gone": "UNREACHABLE", "tls": "UNREACHABLE"}


def test_the_command_tells_of_each_witness_and_ends_by_what_became_of_them(
    serving: Serving,
    keyring: Keyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    key, certificate = serving.files_of("special-committee")
    for name, value in {
        "NSOR_TARGET": serving.address,
        "NSOR_CERT": str(certificate),
        "NSOR_KEY": str(key),
        "NSOR_CA": str(serving.certificates / "ca.pem"),
        "NSOR_LEDGER_KEY": keyring.verifier_key(serving.settings.ledger_origin),
        "NSOR_STATE": str(tmp_path / "state"),
    }.items():
        monkeypatch.setenv(name, value)
    one = Honest(key_of("one"))
    register(serving, one.key)
    file = tmp_path / "witnesses"
    with listening(one.key, one) as first, listening(key_of("two"), lambda _: (404, "text/plain", b"")) as second:
        file.write_text(f"# of the Committee\n\n{first.verifier.text()} {first.url}\n")
        assert cli.run(["ledger", "feed", "--once", str(file)]) == 0
        assert "witness.example/one" in capsys.readouterr().out
        with file.open("a") as more:
            more.write(f"{second.verifier.text()} {second.url}/\n")
        assert cli.run(["--lang", "ur", "ledger", "feed", "--once", str(file)]) == 1
        assert "اسے لیجر کی جانچ کی کلید دیں" in capsys.readouterr().out
        assert cli.run(["ledger", "feed", "--json", "--once", str(file)]) == 1
        said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert {each["witness"]: each["code"] for each in said} == {
            "witness.example/one": "COSIGNED",
            "witness.example/two": "LEDGER_UNKNOWN",
        }
        with feeding.alone(next((tmp_path / "state").glob("ledger-*"))):
            assert cli.run(["ledger", "feed", "--once", str(file)]) == 2  # another one runs
    assert cli.run(["witness", "list"]) == 0
    assert "witness.example/one" in capsys.readouterr().out


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# nobody",
        "{key}",
        "{key} ftp://a",
        "{key} http://",
        "{key} http://a:b@c",
        "{key} http://a:0",
        "{key} http://a?b",
        "{key} http://a:99999",
        "{key} http://a/#b",
        "x+y+z http://a",
        "{key} http://a\n{key} http://b",
        "{key} http://é",
    ],
)
def test_a_file_that_names_no_witnesses_is_refused(line: str) -> None:
    with pytest.raises(nsor.SettingsWrong):
        destinations(line.replace("{key}", KEY.verifier.text()))


# What a witness has co-signed, and the ledger doesn't continue, is evidence; the witness isn't asked.
def test_a_ledger_that_doesnt_continue_what_was_co_signed_is_a_fork(serving: Serving, client: nsor.Client) -> None:
    one = Honest(key_of("one"))
    register(serving, one.key)
    with listening(one.key, one) as first:
        told(Feeder(client, [first], seconds=SECONDS))
        path = client.state_folder / "fed"
        (signed,) = cosigned.read(path)
        kept = Checkpoint.parse(Note.parse(signed).text)
        other = Checkpoint(kept.origin, kept.size, bytes(32)).text()
        path.write_bytes(signed.replace(Note.parse(signed).text, other) + b"\n")
        del one.asked[:]
        with pytest.raises(nsor.LedgerForked):
            told(Feeder(client, [first], seconds=SECONDS))
        assert one.asked == []
