"""The bridge's settings, for the register in miniature and an endpoint."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import nsor
from nsor.bridge import settings as bridge_settings
from tests.client.bridge.endpoints import Endpoint, serving
from tests.client.conftest import Files, Register

SECRET = b"planted secret of 32 bytes ....."


@pytest.fixture
def endpoint(files: Files) -> Iterator[Endpoint]:
    pem = files.ca.with_name("endpoint.pem")
    pem.write_bytes(files.server + files.server_key)
    with serving(pem) as found:
        yield found


@pytest.fixture
def bridge_toml(tmp_path: Path, files: Files, register: Register, endpoint: Endpoint) -> Path:
    """A whole settings file of the bridge."""
    nsor.OfficerKey.generate().save(tmp_path / "bridge.key")
    secret = tmp_path / "webhook.secret"
    secret.write_text(f"whsec_{base64.b64encode(SECRET).decode()}\n")
    secret.chmod(0o600)
    path = tmp_path / "nsor-bridge.toml"
    path.write_text(
        f'[register]\ntarget = "{register.target}"\ncertificate = "{files.certificate}"\nkey = "{files.key}"\n'
        f'ca = "{files.ca}"\nsystem_key = "bridge.key"\nledger_key = "{register.ledger.verifier}"\n'
        f'[endpoint]\nurl = "{endpoint.url}"\nsecret_file = "webhook.secret"\nca = "{files.ca}"\n'
        '[bridge]\nstate = "bridge-state"\ntries = 3\nlongest_pause_seconds = 0.01\n'
    )
    return path


@pytest.fixture
def settings_of(bridge_toml: Path) -> Callable[..., bridge_settings.Settings]:
    """Reads the settings, with some texts of the file replaced."""

    def read(**replaced: str) -> bridge_settings.Settings:
        text = bridge_toml.read_text()
        for name, line in replaced.items():
            text = text.replace(f"[{name}]\n", f"[{name}]\n{line}\n")
        bridge_toml.write_text(text)
        return bridge_settings.load(bridge_toml)

    return read
