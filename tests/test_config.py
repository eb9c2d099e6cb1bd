"""Settings: where they come from, and what is said of a wrong one."""

import dataclasses
from pathlib import Path

import pytest

from nsor_server import config

SECRET = "s3cr3t-v4lue"
SAMPLES = {
    "listen": "localhost:1",
    "metrics_listen": "off",
    "publish_listen": "127.0.0.1:7445",
    "console_listen": "127.0.0.1:8444",
    "console_database_url": "postgresql://db/nsor",
    "publish_rate_per_second": "9",
    "publish_database_url": "postgresql://db/nsor",
    "log_format": "json",
    "database_url": "postgresql://db/nsor",
    "database_owner_url": "postgresql://db/nsor",
    "ledger_origin": "example.org/log",
    "trace_store": "off",
    "unary_threads": "9",
    "stream_threads": "9",
    "streams_per_agency": "9",
    "streams_per_officer": "2",
    "rate_per_second": "9",
    "in_flight_per_agency": "9",
    "connections_per_certificate": "9",
    "commit_timeout_seconds": "0.5",
    "copy_patience_seconds": "90",
    "events_patience_seconds": "90",
    "drain_seconds": "0",
    "maximum_message_bytes": "2048",
}


def test_defaults_are_those_that_the_documentation_states() -> None:
    # An operator who sets nothing gets the documented server.
    settings = config.load({})
    assert settings.listen == "127.0.0.1:7443"
    assert settings.state_dir == Path(".nsor")
    assert settings.keys == ".nsor/keys.json"
    assert (settings.unary_threads, settings.stream_threads, settings.streams_per_agency) == (24, 64, 8)
    assert settings.streams_per_officer == 2
    assert (settings.rate_per_second, settings.in_flight_per_agency) == (5000, 400)
    assert settings.connections_per_certificate == 128
    assert settings.maximum_message_bytes == 294912
    assert settings.ledger_origin == "nsor.gov.pk/ledger"
    assert settings.metrics_listen is None
    assert settings.embedded
    assert settings.trace_store
    assert settings.development_certificates
    assert set(settings.sources.values()) == {"default"}


def test_every_setting_has_a_rule_a_source_and_a_docstring() -> None:
    # `check` can list every setting; none is read without being checked.
    names = {field.name for field in dataclasses.fields(config.Settings)} - {"sources", "ignored"}
    assert names == set(config.RULES) == set(config.load({}).sources)
    text = Path(config.__file__).read_text(encoding="utf-8")
    for name in names:
        declaration = text.index(f"\n    {name}: ")
        assert text[declaration:].splitlines()[2].lstrip().startswith('"""'), name


def test_the_environment_wins_over_the_file_and_each_knows_its_source(tmp_path: Path) -> None:
    # With two sources an operator must see which one counted.
    file = tmp_path / "nsor.toml"
    file.write_text('unary_threads = 32\nlisten = "127.0.0.1:1"\ntrace_store = "off"\nkeys = "keys.json"\n')
    settings = config.load({"NSOR_CONFIG": str(file), "NSOR_LISTEN": "[::1]:0"})
    assert (settings.listen, settings.unary_threads, settings.trace_store) == ("[::1]:0", 32, False)
    assert settings.sources["listen"] == "environment NSOR_LISTEN"
    assert settings.sources["unary_threads"] == f"file {file}"
    assert settings.sources["rate_per_second"] == "default"
    # Relative paths in a file start from the file, wherever the server was started.
    assert settings.keys == str(tmp_path / "keys.json")


def test_defaults_follow_the_settings_that_they_depend_on(tmp_path: Path) -> None:
    # A server with another state folder or fewer threads doesn't need five more settings.
    settings = config.load(
        {
            "NSOR_STATE_DIR": str(tmp_path),
            "NSOR_UNARY_THREADS": "8",
            "NSOR_STREAM_THREADS": "4",
            "NSOR_DATABASE_URL": "postgresql://server@db/nsor",
        }
    )
    assert settings.keys == str(tmp_path / "keys.json")
    assert settings.checkpoint_file == tmp_path / "checkpoints"
    assert (settings.in_flight_per_agency, settings.streams_per_agency) == (400, 1)
    assert settings.streams_per_officer == 1
    assert not settings.embedded
    assert not settings.trace_store
    own = {"NSOR_DATABASE_URL": "postgresql://server@db/nsor", "NSOR_TRACE_STORE": "on"}
    assert config.load(own).trace_store  # also beside a collector


@pytest.mark.parametrize(("of_agency", "of_officer"), [(1, 1), (2, 2), (7, 2), (8, 2), (12, 3), (64, 16)])
def test_one_officer_has_a_quarter_of_his_agencys_streams_and_two_where_there_are_two(
    of_agency: int, of_officer: int
) -> None:
    # After a lost connection the one before counts until the server has noticed.
    assert config.load({"NSOR_STREAMS_PER_AGENCY": str(of_agency)}).streams_per_officer == of_officer


@pytest.mark.parametrize(("given", "other"), [("spans_certificate", "spans_key"), ("spans_key", "spans_certificate")])
def test_half_a_pair_is_refused_and_both_are_named(given: str, other: str) -> None:
    # Otherwise an operator believes that he shows a certificate, and none is shown.
    with pytest.raises(config.SettingsError) as raised:
        config.load({f"NSOR_{given.upper()}": f"{SECRET}.pem"})
    assert str(raised.value).startswith(f"{given} (environment NSOR_{given.upper()}) is set without {other}")
    assert SECRET not in str(raised.value)
    both = {"NSOR_SPANS_CERTIFICATE": "a.pem", "NSOR_SPANS_KEY": "a.key"}
    assert config.load(both).spans_key == Path("a.key")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("listen", f"{SECRET}"),
        ("listen", "127.0.0.1:99999"),
        ("unary_threads", SECRET),
        ("unary_threads", "0"),
        ("unary_threads", "1e3"),
        ("unary_threads", "٣٢"),
        ("commit_timeout_seconds", "inf"),
        ("commit_timeout_seconds", "nan"),
        ("drain_seconds", "-1"),
        ("trace_store", "yes"),
        ("database_url", f"user={SECRET}"),
        ("database_url", ""),
        ("server_key", f"-----BEGIN PRIVATE KEY-----\n{SECRET}"),
        ("client_ca", "a\nb"),
        ("keys", f'{{"primaryKeyId": "{SECRET}"}}'),
        ("keys", "command:"),
        ("keys", f"fd:{SECRET}"),
        ("ledger_origin", "Two Words"),
        ("metrics_listen", "9100"),
        ("maximum_message_bytes", "999999999"),
        ("in_flight_per_agency", "0"),
        ("streams_per_agency", "65"),
        ("streams_per_officer", "9"),
    ],
)
def test_a_wrong_setting_names_itself_its_source_and_what_is_allowed(name: str, value: str) -> None:
    # The operator can correct it from the message alone, and the message can be shown to anybody.
    variable = f"NSOR_{name.upper()}"
    with pytest.raises(config.SettingsError) as caught:
        config.load({variable: value})
    assert caught.value.name == name
    assert variable in str(caught.value)
    assert caught.value.allowed in str(caught.value)
    assert SECRET not in str(caught.value)
    assert not value or value not in str(caught.value).replace(caught.value.allowed, "")


@pytest.mark.parametrize(
    ("variable", "meant"),
    [("NSOR_UNARY_THREAD", "unary_threads"), ("NSOR_DATABSE_URL", "database_url"), ("NSOR_Listen", "listen")],
)
def test_a_mistyped_variable_is_an_error_with_a_suggestion(variable: str, meant: str) -> None:
    # A mistyped limit must not leave the default silently in force.
    with pytest.raises(config.SettingsError, match=meant) as caught:
        config.load({variable: SECRET})
    assert SECRET not in str(caught.value)


def test_a_variable_that_resembles_no_setting_is_reported_and_not_used() -> None:
    # Other programs of the project have variables too; none is ignored without a word.
    of_the_client = {"NSOR_OFFICER_KEY": "a", "NSOR_FOCAL_KEY": "b", "NSOR_SECOND_FOCAL_KEY": "c", "NSOR_LANG": "ur"}
    settings = config.load({"NSOR_ZEBRA": SECRET, "PATH": "/bin", **of_the_client})
    assert settings.ignored == ("NSOR_ZEBRA",)


@pytest.mark.parametrize(
    "text",
    [f'colour = "{SECRET}"', f'listen = "{SECRET}', "unary_threads = true", "listen = 7443", "[listen]\na = 1"],
)
def test_a_wrong_file_names_the_setting_or_the_place_and_never_quotes_it(tmp_path: Path, text: str) -> None:
    # A file of settings may hold the database's password.
    file = tmp_path / "nsor.toml"
    file.write_text(text)
    with pytest.raises(config.SettingsError) as caught:
        config.load({}, file)
    assert str(file) in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_missing_file_is_an_error() -> None:
    # A server that was told of a file never starts without it.
    with pytest.raises(config.SettingsError, match="cannot be read"):
        config.load({"NSOR_CONFIG": "/nonexistent/nsor.toml"})


def test_passwords_and_key_commands_are_not_shown() -> None:
    # `check`, a log line or a traceback prints settings.
    settings = config.load(
        {
            "NSOR_DATABASE_URL": f"postgresql://u:{SECRET}@db/nsor",
            "NSOR_DATABASE_OWNER_URL": f"postgresql://o:{SECRET}@db/nsor",
            "NSOR_KEYS": f"command:unseal --pin {SECRET}",
        }
    )
    shown = " ".join(settings.shown(name) for name in config.RULES)
    assert SECRET not in shown
    assert "database_url=" not in repr(settings)


def test_loading_opens_nothing_but_the_file(tmp_path: Path) -> None:
    # Settings can be examined on any machine: no folder is made, no path has to exist.
    config.load({"NSOR_STATE_DIR": str(tmp_path / "new"), "NSOR_SERVER_KEY": "/nonexistent"})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", config.RULES)
def test_every_setting_can_be_given_in_the_environment(name: str) -> None:
    # No variable is shadowed by another rule about variables.
    pair = ("spans_certificate", "spans_key")
    names = pair if name in pair else (name,)
    settings = config.load({f"NSOR_{each.upper()}": SAMPLES.get(each, "/some/path") for each in names})
    assert settings.sources[name] == f"environment NSOR_{name.upper()}"
    assert settings.ignored == ()
