"""`nsor-server pki` as an operator types it, from the root to a revocation."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from nsor import credentials
from nsor_server import __main__ as main
from nsor_server.access import peer
from nsor_server.pki import files

PASSPHRASE = "correct horse battery"


def run(*arguments: str | Path, descriptor: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run `nsor-server` as an operator does: in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "nsor_server", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        pass_fds=() if descriptor is None else (descriptor,),
    )


Here = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    """The same in this process: one of its own for each command costs ten times what most commands do."""

    def called(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        code = main.run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    return called


def test_from_the_root_to_a_revocation(tmp_path: Path) -> None:
    # The whole life of a certificate, with passphrases that no process list shows.
    secret = tmp_path / "passphrase"
    secret.touch(mode=0o600)
    secret.write_text(PASSPHRASE + "\n")
    root, ca = tmp_path / "root", tmp_path / "ca"
    assert run("pki", "root", "--folder", root, "--passphrase", secret).returncode == 0
    made = run("pki", "issuing", "--folder", ca, "--root", root, "--root-passphrase", secret, "--passphrase", secret)
    assert made.returncode == 0
    csr, out = tmp_path / "npb.csr", tmp_path / "npb.pem"
    csr.write_bytes(credentials.new_key_and_csr("npb")[1])
    read_end, write_end = os.pipe()
    os.write(write_end, PASSPHRASE.encode())
    os.close(write_end)
    options = ("--profile", "agency", "--agency", "npb", "--csr", csr, "--out", out)
    issued = run("pki", "issue", "--folder", ca, *options, "--passphrase", f"fd:{read_end}", descriptor=read_end)
    os.close(read_end)
    assert issued.returncode == 0, issued.stderr
    leaf = files.read_certificates(out)[0]
    serial = peer.parse(leaf.public_bytes(serialization.Encoding.PEM)).serial
    assert serial in issued.stderr
    # What is to be done next stands there whole, as it is typed.
    then = f"  nsor-server pki import {ca / 'index.jsonl'}"
    assert then in issued.stderr.splitlines()
    revoked = run("pki", "revoke", serial, "--folder", ca, "--reason", "superseded")
    assert (revoked.returncode, then in revoked.stderr.splitlines()) == (0, True)
    listed = json.loads(run("pki", "list", "--folder", ca, "--json").stdout)
    assert (listed["serial"], listed["agency_id"], listed["state"]) == (serial, "npb", "revoked")
    table = run("pki", "list", "--folder", ca).stdout
    assert serial in table
    assert "revoked" in table


def test_all_certificates_of_an_agency_are_revoked_when_its_id_is_typed_again(tmp_path: Path, here: Here) -> None:
    root, ca = tmp_path / "root", tmp_path / "ca"
    assert here("pki", "root", "--folder", root).returncode == 0
    assert here("pki", "issuing", "--folder", ca, "--root", root).returncode == 0
    for agency_id in ("npb", "npb", "punjab-police"):
        csr = tmp_path / "one.csr"
        csr.write_bytes(credentials.new_key_and_csr(agency_id)[1])
        issue = ("--profile", "agency", "--agency", agency_id, "--csr", csr, "--out", tmp_path / "one.pem")
        assert here("pki", "issue", "--folder", ca, *issue).returncode == 0
    revoke = ("pki", "revoke", "--folder", ca, "--agency", "npb", "--reason", "keyCompromise")
    for wrong in ((), ("--again", "punjab-police"), ("--again", "")):
        done = here(*revoke, *wrong)
        assert (done.returncode, "nothing was changed" in done.stderr) == (2, True)
        assert states(here, ca) == {("npb", "valid"): 2, ("punjab-police", "valid"): 1}
    assert here(*revoke, "--again", "npb").returncode == 0
    assert states(here, ca) == {("npb", "revoked"): 2, ("punjab-police", "valid"): 1}
    assert here(*revoke, "--again", "npb").returncode == 2
    assert here(*revoke, "ff").returncode == 2  # one or the other


def states(here: Here, ca: Path) -> Counter[tuple[str, str]]:
    """How many certificates of each agency are in each state."""
    lines = map(json.loads, here("pki", "list", "--folder", ca, "--json").stdout.splitlines())
    return Counter((line["agency_id"], line["state"]) for line in lines)


def test_a_failure_is_one_line_and_exit_code_2(tmp_path: Path, here: Here) -> None:
    # An operator reads what to do next, not a traceback.
    done = here("pki", "list", "--folder", tmp_path / "nowhere")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Name the CA's folder" in done.stderr


def test_a_passphrase_typed_where_its_file_belongs_is_not_repeated(tmp_path: Path, here: Here) -> None:
    # Terminals and CI logs are kept.
    done = here("pki", "root", "--folder", tmp_path / "root", "--passphrase", PASSPHRASE)
    assert done.returncode == 2
    assert PASSPHRASE not in done.stdout + done.stderr
    assert not (tmp_path / "root").exists()


def test_a_passphrase_file_that_others_can_read_is_refused(tmp_path: Path, here: Here) -> None:
    # It protects nothing.
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o644)
    done = here("pki", "root", "--folder", tmp_path / "root", "--passphrase", secret)
    assert done.returncode == 2
    assert "chmod 600" in done.stderr


def test_development_certificates_are_made_by_one_command(tmp_path: Path, here: Here) -> None:
    # What `make certs` runs.
    agencies = tmp_path / "agencies.toml"
    agencies.write_text('[[agency]]\nid = "npb"\n')
    command = ("pki", "development", "--out", tmp_path / "dev", "--agencies", agencies)
    assert here(*command).returncode == 0
    assert here(*command).stdout.endswith("0 made, 3 kept. For development only.\n")
