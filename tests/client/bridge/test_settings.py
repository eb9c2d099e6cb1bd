"""The bridge's settings: each key is checked, and what is wrong is said without a secret."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from nsor.bridge import settings
from nsor.errors import SettingsWrong
from tests.client.bridge.conftest import SECRET


def test_a_whole_file_is_read_and_paths_are_relative_to_it(bridge_toml: Path) -> None:
    found = settings.load(bridge_toml)
    assert found.register.system_key == bridge_toml.parent / "bridge.key"
    assert found.state == bridge_toml.parent / "bridge-state"
    assert found.endpoint.secrets == (SECRET,)
    assert found.tries == 3
    assert "planted" not in repr(found)


def test_the_template_names_every_key_that_there_is(bridge_toml: Path) -> None:
    commented = settings.TEMPLATE.replace("# networks", "networks").replace("# answer_contains", "answer_contains")
    for name in ("timeout_seconds", "tries", "longest_pause_seconds"):
        commented = commented.replace(f"# {name}", name)
    bridge_toml.write_text(commented)
    found = settings.load(bridge_toml)
    assert (found.endpoint.timeout_seconds, found.tries, found.longest_pause_seconds) == (15, 12, 300)
    assert str(found.endpoint.networks[0]) == "10.20.0.0/16"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('url = "https', 'url = "http', "must begin with https://"),
        ("https://localhost", "https://", "must begin with https://"),
        ("https://localhost", "https://user:planted@localhost", "must have no user"),
        ("tries = 3", "tries = 0", "tries in [bridge] must be a number from 1 to 1000"),
        ("tries = 3", "tires = 3", "unknown keys in [bridge]: tires"),
        ("[bridge]", "[bridges]", "unknown: bridges"),
        ("state =", "# state =", "state in [bridge] is missing"),
        ('"bridge.key"', "7", "system_key in [register] must be text in quotes"),
        ("[endpoint]", '[endpoint]\nnetworks = "10.0.0.0/8"', "networks in [endpoint] must be a list"),
        ("[endpoint]", '[endpoint]\nnetworks = ["10.0.0.1/8"]', "networks in [endpoint] must be a list"),
        ("[endpoint]", "[endpoint", "not TOML"),
        ('"webhook.secret"', '"none.secret"', "secret_file in [endpoint] can't be read"),
    ],
)
def test_what_is_wrong_is_named(bridge_toml: Path, before: str, after: str, said: str) -> None:
    text = bridge_toml.read_text()
    assert before in text
    bridge_toml.write_text(text.replace(before, after, 1))
    with pytest.raises(SettingsWrong) as raised:
        settings.load(bridge_toml)
    assert said in raised.value.message.en
    assert "planted" not in raised.value.message.en


def test_a_secret_that_others_can_read_is_refused(bridge_toml: Path) -> None:
    bridge_toml.with_name("webhook.secret").chmod(0o640)
    with pytest.raises(SettingsWrong, match="can be read by others: chmod 600"):
        settings.load(bridge_toml)


@pytest.mark.parametrize(
    "content",
    ["", "whsec_!!!", f"whsec_{base64.b64encode(b'short').decode()}", f"{base64.b64encode(SECRET).decode()}\n" * 3],
)
def test_a_secret_has_24_to_64_bytes_and_there_are_two_at_most(bridge_toml: Path, content: str) -> None:
    bridge_toml.with_name("webhook.secret").write_text(content)
    with pytest.raises(SettingsWrong) as raised:
        settings.load(bridge_toml)
    assert "secret_file in [endpoint] must hold" in raised.value.message.en


def test_a_missing_file_names_the_template(tmp_path: Path, settings_of: Callable[..., settings.Settings]) -> None:
    del settings_of
    with pytest.raises(SettingsWrong, match="`nsor-bridge --template` prints one"):
        settings.load(tmp_path / "none.toml")
