"""A whole register of one's own: certificates, embedded PostgreSQL, agencies, and `nsor-server serve` as a process.

The demonstration and the end-to-end tests start it the way an operator would, by the commands alone.
"""

from __future__ import annotations

import contextlib
import functools
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from certs import flawed, focal_persons
from nsor.client import Client
from nsor.officer import OfficerKey
from nsor.v1 import directory_pb2

REPOSITORY = Path(__file__).resolve().parent.parent
SERVER_COMMAND = Path(sys.executable).with_name("nsor-server")
CLIENT_COMMAND = Path(sys.executable).with_name("nsor")
AGENCIES = REPOSITORY / "certs" / "agencies.toml"
POLICY = REPOSITORY / "demo" / "policy"
"""Documents with which these registers begin instead of those that ship."""
READY = "serves on "
PUBLISHED = "publishes the log on https://"
SHOWN = "nsor-server console: "
LOG_KEY = Path("clients", "ledger.key")
"""The ledger's verifier key, of a register that was prepared: its copies have the same one."""
COMMAND_SECONDS = 600.0
START_SECONDS = 300.0
"""Longest waits for a command and for a start, on a machine that has much else to do."""


class StartFailed(Exception):
    """The server didn't come up; the text is the end of what it said."""


class RunningRegister:
    """A register under one folder. Use it as a context: leaving it drains the server and stops its PostgreSQL."""

    def __init__(
        self,
        folder: Path,
        *,
        certs: Path | None = None,
        settings: Mapping[str, str] | None = None,
        prepared: Path | None = None,
    ) -> None:
        """Nothing is made yet.

        Args:
            folder: takes state and logs.
            certs: holds development certificates, made when absent.
            settings: of the server, beside those that are the same for every such register.
            prepared: folder of another register, prepared and never started: this one begins as its copy, and has its
                keys and certificates.
        """
        self.folder = folder
        self.prepared = prepared
        self.certs = certs or folder / "certs"
        self.state = folder / "state"
        self.log = folder / "server.log"
        self.address = ""
        self.process: subprocess.Popen[str] | None = None
        self.command: tuple[str, ...] = (str(SERVER_COMMAND),)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("NSOR_", "OTEL_", "GRPC_"))},
            "NSOR_STATE_DIR": str(self.state),
            "NSOR_SERVER_CERTIFICATE": str(self.certs / "server.pem"),
            "NSOR_SERVER_KEY": str(self.certs / "server.key"),
            "NSOR_CLIENT_CA": str(self.certs / "ca.pem"),
            "NSOR_LISTEN": "127.0.0.1:0",
            "NSOR_POLICY_DIR": str(POLICY),
            **(settings or {}),
        }

    def prepare(self) -> None:
        """Make certificates, keys, tables and agencies; each step is an operator's command and may be repeated."""
        if self.prepared is not None:
            shutil.copytree(self.prepared, self.folder, symlinks=True, dirs_exist_ok=True)
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.certs / "index.jsonl").exists():
            self.operate("pki", "development", "--out", str(self.certs), "--agencies", str(AGENCIES))
            flawed.create(self.certs)
        focal_persons.create(self.certs)
        if not (self.state / "keys.json").exists():
            self.operate("keys", "create")
        self.operate("migrate")
        self.operate("agency", "add", "--file", str(AGENCIES))
        self.operate("agency", "focal-person", "add", "--file", str(self.certs / focal_persons.LIST))
        self.operate("pki", "import", str(self.certs / "index.jsonl"))
        (self.folder / LOG_KEY).parent.mkdir(exist_ok=True)
        (self.folder / LOG_KEY).write_text(self.operate("ledger", "log-key").stdout)

    def operate(
        self, *arguments: str, check: bool = True, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``nsor-server`` with ``arguments`` under this register's settings."""
        done = subprocess.run(
            [*self.command, *arguments],
            env=self.environment,
            cwd=REPOSITORY,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if check and done.returncode:
            raise StartFailed(f"nsor-server {arguments[0]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        return done

    def start(self, *, timeout_seconds: float = START_SECONDS) -> Self:
        """Start the server and wait until it says where it serves."""
        self.process = self._begun("serve")
        try:
            self.address = self._said(self.process, READY, timeout_seconds)
        except StartFailed:
            self.kill()
            raise
        return self

    @contextlib.contextmanager
    def publishing(self) -> Iterator[str]:
        """The log over HTTPS, by a process of its own beside the server; gives its address."""
        keys = self.folder / "ledger.key"
        keys.write_text(self.ledger_key + "\n")
        own = {"NSOR_PUBLISH_LISTEN": "127.0.0.1:0", "NSOR_LOG_KEYS": str(keys), "NSOR_KEYS": os.devnull}
        with self._beside(PUBLISHED, "ledger", "publish", **own) as address:
            yield address

    @contextlib.contextmanager
    def console(self) -> Iterator[str]:
        """The operators' pages, by a process of its own beside the server; gives the address that opens them once."""
        with self._beside(SHOWN, "console", NSOR_CONSOLE_LISTEN="127.0.0.1:0") as address:
            yield address

    @contextlib.contextmanager
    def _beside(self, ready: str, *arguments: str, **settings: str) -> Iterator[str]:
        process = self._begun(*arguments, **settings)
        try:
            yield self._said(process, ready, START_SECONDS)
        finally:
            process.terminate()
            process.wait(timeout=COMMAND_SECONDS)

    def _begun(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        with self.log.open("a") as log:
            return subprocess.Popen(
                [*self.command, *arguments],
                env=self.environment | settings,
                cwd=REPOSITORY,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def _said(self, process: subprocess.Popen[str], ready: str, timeout_seconds: float) -> str:
        """The address that a process says when it is ready."""
        lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=_forward, args=(process, lines), daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=timeout_seconds)
            except queue.Empty:
                line = None
            if line is None:
                raise StartFailed(self.log.read_text()[-3000:])
            if ready in line:
                return line.split(ready, 1)[1].split()[0]

    def stop(self, *, timeout_seconds: float = 30.0) -> int:
        """Drain the server by SIGTERM and wait; returns its exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=timeout_seconds)
        finally:
            self.kill()

    def kill(self) -> None:
        """End the server at once (SIGKILL)."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait(timeout=10)
            self.process = None

    def __enter__(self) -> Self:
        """Prepare and start."""
        self.prepare()
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Drain the server."""
        self.stop()

    def client_environment(self, agency: str) -> dict[str, str]:
        """The environment in which ``nsor`` calls as ``agency``."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("NSOR_")},
            "NSOR_TARGET": self.address,
            "NSOR_CERT": str(self.certs / "agencies" / f"{agency}.pem"),
            "NSOR_KEY": str(self.certs / "agencies" / f"{agency}.key"),
            "NSOR_CA": str(self.certs / "ca.pem"),
            "NSOR_LEDGER_KEY": self.ledger_key,
            "NSOR_STATE": str(self.folder / "clients" / agency),
        }

    @functools.cached_property
    def ledger_key(self) -> str:
        """The verifier key of the ledger, as the operator gives it to agencies."""
        made = self.folder / LOG_KEY
        return (made.read_text() if made.exists() else self.operate("ledger", "log-key").stdout).strip()

    def client(
        self,
        agency: str,
        *,
        officer: OfficerKey | None = None,
        focal_persons: Sequence[OfficerKey] = (),
        state: Path | None = None,
    ) -> Client:
        """The library's client for an agency; ``state`` defaults to the agency's own folder."""
        own = self.certs / "agencies" / agency
        return Client(
            self.address,
            certificate=own.with_suffix(".pem"),
            key=own.with_suffix(".key"),
            ca=self.certs / "ca.pem",
            ledger_key=self.ledger_key,
            state_dir=state or self.folder / "clients" / agency,
            officer=officer,
            focal_persons=focal_persons,
        )

    def enrol(
        self, agency: str, key: OfficerKey, number: str, *, grade: int = 17, decides: bool = True, system: bool = False
    ) -> None:
        """Enrol a key of the agency as its focal persons do; a system's has no grade and decides nothing."""
        request = directory_pb2.EnrolOfficerRequest(
            officer_number=number,
            public_key=key.public_key,
            proof_of_possession=key.prove_possession(agency, number),
            kind=directory_pb2.KEY_KIND_SYSTEM if system else directory_pb2.KEY_KIND_OFFICER,
            grade=0 if system else grade,
            decides=decides and not system,
            own_number="" if system else focal_persons.own_number(agency, number),
        )
        with self.focal_client(agency) as client:
            client.directory.enrol_officer(request)

    def focal_client(self, agency: str) -> Client:
        """The agency's client for its two focal persons."""
        folder = self.folder / "clients" / f"{agency}-focal-persons"
        return self.client(agency, focal_persons=focal_persons.keys(self.certs, agency), state=folder)

    def nsor(self, agency: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the ``nsor`` command as ``agency``."""
        return subprocess.run(
            [str(CLIENT_COMMAND), *arguments],
            env=self.client_environment(agency),
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )


def _forward(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    """Pass the server's standard output on, line by line, and say when it ends."""
    if process.stdout is not None:
        with process.stdout:
            for line in process.stdout:
                lines.put(line)
    lines.put(None)
