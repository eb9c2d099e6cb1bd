"""`nsor ledger mirror`: the published log as a folder that any tool reads, and that is what was signed."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import json
import os
import resource
import ssl
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nsor import cli
from nsor.journal import Base, Journal
from nsor.ledger import copied, note
from nsor.ledger.note import Checkpoint
from nsor_server.ledger import epoch
from nsor_server.ledger.append import Ledger
from nsor_server.storage.keyring import Keyring
from tests.ledger.conftest import ORIGIN, Write
from tests.ledger.test_outside import forget
from tests.ports import free_port
from tests.publishing.conftest import SIZE, Publish, Published
from tests.rotated import rotate
from tests.rpc.callers import Serve
from tests.rpc.conftest import serve, settings

__all__ = ["serve", "settings"]

Mirror = Callable[..., tuple[int, str]]
REFUSED, SETTINGS, PROOF_FAILED = 1, 2, 3


@pytest.fixture
def mirror(
    certificates: Path,
    keyring: Keyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Mirror:
    """Runs the command as an agency; gives its exit code and what it said."""
    for name in [each for each in os.environ if each.startswith("NSOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NSOR_CLIENT_CONFIG", str(tmp_path / "none.toml"))
    (tmp_path / "none.toml").write_text("")
    agencies = certificates / "agencies"
    given = {"TARGET": "127.0.0.1:1", "CA": certificates / "ca.pem", "LEDGER_KEY": keyring.verifier_key(ORIGIN)}
    for name, value in (given | {"STATE": tmp_path / "state"}).items():
        monkeypatch.setenv(f"NSOR_{name}", str(value))

    def run(port: int, *arguments: str, agency: str = "npb", folder: Path | None = None) -> tuple[int, str]:
        monkeypatch.setenv("NSOR_CERT", str(agencies / f"{agency}.pem"))
        monkeypatch.setenv("NSOR_KEY", str(agencies / f"{agency}.key"))
        target = ("--log-target", f"127.0.0.1:{port}")
        code = cli.run(["ledger", "mirror", str(folder or tmp_path / "log"), *target, *arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def size_of(folder: Path) -> int:
    return Checkpoint.parse(note.Note.parse((folder / copied.CHECKPOINT).read_bytes()).text).size


def test_a_mirror_is_brought_up_to_now(published: Published, mirror: Mirror, write: Write, tmp_path: Path) -> None:
    code, said = mirror(published.port, "--json")
    assert code == 0, said
    assert json.loads(said)["size"] == SIZE == size_of(tmp_path / "log")
    before = published.fetched()["npb", True]
    write(300)
    code, said = mirror(published.port)
    assert code == 0, said
    assert "The log is whole." in said
    assert size_of(tmp_path / "log") == SIZE + 300
    assert sum(published.fetched()["npb", True]) - sum(before) < sum(before) + 6
    assert mirror(published.port)[0] == 0
    assert sorted(each.name for each in (tmp_path / "log/tile/entries").iterdir()) == ["000", "001", "002.p"]


def test_whoever_may_not_have_entries_mirrors_the_hashes(published: Published, mirror: Mirror, tmp_path: Path) -> None:
    code, said = mirror(published.port, agency="punjab-police")
    assert code == REFUSED
    assert "--hashes-only" in said
    assert not (tmp_path / "log" / copied.CHECKPOINT).exists()
    assert mirror(published.port, "--hashes-only", agency="punjab-police")[0] == 0
    assert size_of(tmp_path / "log") == SIZE
    assert not (tmp_path / "log/tile/entries").exists()
    # Whoever may have them later fetches them into the same folder.
    assert mirror(published.port)[0] == 0
    assert (tmp_path / "log/tile/entries/000").exists()


@pytest.mark.parametrize(
    ("origin", "size", "reason"),
    [
        (ORIGIN, 100, "LEDGER_FORKED"),
        (ORIGIN, SIZE + 1, "LEDGER_ROLLED_BACK"),
        (f"{ORIGIN}/2", 100, "LOG_BEGAN_ANEW"),
        (f"{ORIGIN}/2", SIZE + 1, "LOG_BEGAN_ANEW"),
    ],
)
def test_a_log_that_doesnt_continue_the_folders_is_a_fork(
    published: Published, mirror: Mirror, keyring: Keyring, tmp_path: Path, *, origin: str, size: int, reason: str
) -> None:
    signed = note.sign(Checkpoint(origin, size, os.urandom(32)), keyring.ledger_signer, origin)
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / copied.CHECKPOINT).write_bytes(signed)
    code, said = mirror(published.port)
    assert code == PROOF_FAILED
    assert reason in said
    assert (tmp_path / "log" / copied.CHECKPOINT).read_bytes() == signed  # the evidence stays


def test_a_log_that_doesnt_continue_what_this_client_has_verified_is_a_fork(
    published: Published, mirror: Mirror, keyring: Keyring, tmp_path: Path
) -> None:
    verifier = note.Verifier.parse(keyring.verifier_key(ORIGIN))
    with contextlib.closing(Journal(tmp_path / "state", verifier)) as journal:
        journal.advance(Base(published.get("npb", "/checkpoint").content))
    code, said = mirror(published.port)
    assert code == 0
    assert f"continues the ledger of {SIZE} entries" in said
    forged = note.sign(Checkpoint(ORIGIN, 100, os.urandom(32)), keyring.ledger_signer, ORIGIN)
    with contextlib.closing(Journal(tmp_path / "state", verifier)) as journal:
        journal.advance(Base(forged))
    code, said = mirror(published.port)
    assert code == PROOF_FAILED
    assert "LEDGER_FORKED" in said


def test_a_folder_of_another_log_and_a_log_of_another_key_are_refused(
    published: Published, mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Keyring.new()
    (tmp_path / "log").mkdir()
    signed = note.sign(Checkpoint(ORIGIN, 1, bytes(32)), other.ledger_signer, ORIGIN)
    (tmp_path / "log" / copied.CHECKPOINT).write_bytes(signed)
    code, said = mirror(published.port)
    assert code == SETTINGS
    assert "The folder holds another log." in said
    monkeypatch.setenv("NSOR_LEDGER_KEY", other.verifier_key(ORIGIN))
    code, said = mirror(published.port, folder=tmp_path / "new")
    assert code == PROOF_FAILED
    assert "LOG_WRONG" in said
    monkeypatch.setenv("NSOR_LEDGER_KEY", published.keyring.verifier_key("other.example/log"))
    assert mirror(published.port, folder=tmp_path / "new")[0] == PROOF_FAILED


def test_a_changed_entry_is_not_mirrored(published: Published, mirror: Mirror, write: Write, tmp_path: Path) -> None:
    assert mirror(published.port)[0] == 0
    write(300)
    with published.database.owner() as owner:
        owner.execute("UPDATE ledger_entry SET leaf = leaf || '\\x00' WHERE index = %s", (SIZE + 5,))
    code, said = mirror(published.port)
    assert code == PROOF_FAILED
    assert "LOG_WRONG" in said
    assert size_of(tmp_path / "log") == SIZE  # the folder is the log that it was


def test_a_full_disk_leaves_the_log_that_was_there(
    published: Published, mirror: Mirror, write: Write, tmp_path: Path
) -> None:
    assert mirror(published.port)[0] == 0
    write(300)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, most))  # a file of one tile doesn't fit
    try:
        code, said = mirror(published.port)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert code == REFUSED, said
    assert "SYSTEM_ERROR" in said or "large" in said.lower()
    assert size_of(tmp_path / "log") == SIZE
    assert not list((tmp_path / "log").rglob("*.new"))
    assert mirror(published.port)[0] == 0
    assert size_of(tmp_path / "log") == SIZE + 300


def test_it_waits_where_the_register_asks_it_to(publish: Publish, mirror: Mirror) -> None:
    with publish(rate_per_second=1) as published:
        assert mirror(published.port)[0] == 0
        *_, bundles, refused = published.fetched()["npb", True]
        assert bundles == 2
        assert refused > 0


def test_nobody_there_and_no_address_are_said(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = mirror(free_port())
    assert code == REFUSED
    assert "connection refused" in said
    monkeypatch.setenv("NSOR_LANG", "ur")
    code, said = mirror(free_port())
    assert "رابطہ رد ہوا" in said
    monkeypatch.delenv("NSOR_LANG")
    code, said = mirror(0, "--log-target", "")
    assert code == SETTINGS
    assert "NSOR_LOG_TARGET" in said


Bodies = dict[str, tuple[int, dict[str, str], bytes]]


@contextlib.contextmanager
def somebody_else(certificates: Path, bodies: Bodies) -> Iterator[int]:
    """Another server with the register's certificate, which answers as it likes; gives its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = bodies.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_whatever_else_is_answered_is_not_the_log(
    mirror: Mirror, certificates: Path, keyring: Keyring, tmp_path: Path
) -> None:
    signed = note.sign(Checkpoint(ORIGIN, 1, os.urandom(32)), keyring.ledger_signer, ORIGIN)
    packed = {"Content-Encoding": "gzip"}
    tile = "/tile/0/000.p/1"
    bomb = gzip.compress(bytes(50_000_000))
    answered: tuple[Bodies, ...] = (
        {"/checkpoint": (200, {}, b"<html>")},
        {"/checkpoint": (200, {}, b"x" * 200_000)},
        {"/checkpoint": (200, packed, bomb)},
        {"/checkpoint": (200, packed, b"no gzip")},
        {"/checkpoint": (302, {"Location": "https://127.0.0.1:1/checkpoint"}, b"")},
        {"/checkpoint": (200, {}, signed)},
        {"/checkpoint": (200, {}, signed), tile: (200, {}, bytes(31))},
        {"/checkpoint": (200, {}, signed), tile: (200, {}, bytes(32))},
        {"/checkpoint": (200, {}, signed), tile: (200, {}, bytes(40))},
    )
    for bodies in answered:
        with somebody_else(certificates, bodies) as port:
            tracemalloc.start()
            code, said = mirror(port)
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert code == PROOF_FAILED, bodies
        assert most < 10_000_000  # bytes: no answer fills the memory
        assert "LOG_WRONG" in said
        assert not list(tmp_path.glob("log/**/*"))


def test_a_mirror_goes_on_after_a_rotation_once_the_register_has_proved_the_new_key(
    serve: Serve,
    publish: Publish,
    mirror: Mirror,
    write: Write,
    *,
    keyring: Keyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with publish() as published:
        assert mirror(published.port)[0] == 0
        rotate(published.database, keyring)
        write(1)
        assert mirror(published.port)[0] == PROOF_FAILED  # nobody can be asked
        assert size_of(tmp_path / "log") == SIZE
        (tmp_path / "keys.json").write_bytes(keyring.to_bytes())
        with serve(ledger_origin=ORIGIN) as serving:
            monkeypatch.setenv("NSOR_TARGET", serving.address)
            code, said = mirror(published.port, "--json")
        assert code == 0, said
        assert json.loads(said)["ledger_key"] == keyring.verifier_key(ORIGIN)
        assert size_of(tmp_path / "log") > SIZE
        monkeypatch.setenv("NSOR_TARGET", "127.0.0.1:1")
        assert mirror(published.port)[0] == 0  # it is kept


def test_a_mirror_does_not_go_on_over_a_new_epoch_and_a_new_one_does(
    published: Published, mirror: Mirror, write: Write, *, ledger: Ledger, keyring: Keyring, tmp_path: Path
) -> None:
    write(20)
    assert mirror(published.port)[0] == 0
    copy = tmp_path / "copy"
    copy.write_bytes((tmp_path / "log" / copied.CHECKPOINT).read_bytes() + b"\n")
    forget(published.database, ledger, SIZE + 5)
    with published.database.owner() as owner:
        opened = epoch.open_new(owner, keyring, copy, ORIGIN)
    assert (opened.origin, opened.first_index) == (f"{ORIGIN}/2", SIZE + 5)
    code, said = mirror(published.port)
    assert (code, "LOG_BEGAN_ANEW" in said) == (PROOF_FAILED, True)
    assert size_of(tmp_path / "log") == SIZE + 20  # what was lost is in it, and stays
    code, said = mirror(published.port, "--json", folder=tmp_path / "new")
    assert code == 0, said
    assert (json.loads(said)["origin"], json.loads(said)["size"]) == (opened.origin, SIZE + 6)
    write(300)  # over the end of a tile
    assert mirror(published.port, folder=tmp_path / "new")[0] == 0
    assert size_of(tmp_path / "new") == SIZE + 306
    # A client that was given the new epoch's key reads the same log.
    later = note.Verifier.parse(keyring.verifier_key(opened.origin))
    signed = published.get("punjab-police", "/checkpoint").content
    assert note.verify(signed, later).size == SIZE + 306
