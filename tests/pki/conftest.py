"""A CA for each test, and one set of development certificates for all."""

import datetime as dt
from pathlib import Path

import pytest

from certs import flawed
from nsor_server.pki import authority, development
from nsor_server.pki.authority import Authority

AGENCIES = ("punjab-police", "npb")


@pytest.fixture
def at() -> dt.datetime:
    return authority.now()


@pytest.fixture
def ca(tmp_path: Path, at: dt.datetime) -> Authority:
    authority.create_root(tmp_path / "root", passphrase=None, at=at)
    authority.create_issuing(tmp_path / "ca", root=tmp_path / "root", root_passphrase=None, passphrase=None, at=at)
    return Authority(tmp_path / "ca")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki") / "dev"
    development.create(folder, AGENCIES)
    flawed.create(folder)
    return folder
