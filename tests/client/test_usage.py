"""Wrong use and help are said in Urdu too: whatever click says, and what we say of it."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from nsor import cli
from nsor.bridge.command import group as bridge_command
from nsor.cli import screen, urdu_help, usage
from tests.client.conftest import Run

NEVER_SAID = {
    # Of what the command doesn't have: an editor, prompts for passwords, a pager, completion, deprecated things.
    "{editor}: Editing failed",
    "{editor}: Editing failed: {e}",
    "Windows error: {error}",
    "deprecated",
    "DeprecationWarning: The command {name!r} is deprecated.{extra_message}",
    "DeprecationWarning: The {param_type} {name!r} is deprecated.{extra_message}",
    "Do you want to continue?",
    "Confirm the action without prompting.",
    "Press any key to continue...",
    "Repeat for confirmation",
    "Error: The two entered values do not match.",
    "Couldn't detect Bash version, shell completion is not supported.",
    "Shell completion is not supported for Bash versions older than 4.4.",
    # For whoever writes a command.
    "Could not determine name for option with declarations {decls!r}",
    (
        "No options defined but a name was passed ({name}). Did you mean to declare an argument instead? "
        "Did you mean to pass '--{name}'?"
    ),
    "Arguments take exactly one parameter declaration, got {length}: {decls}.",
    "Name '{name}' defined twice",
    "Boolean option {decl!r} cannot use the same flag for true/false.",
    "Invalid start character for option ({option})",
    "Unknown color {colour!r}",
    "Unknown standard stream '{name}'",
    "Value must be an iterable.",
    "Choice({choices})",
    "Missing parameter: {param_name}",
    "Missing {param_type}",
    "unknown error",
    # Words within a text, a form or a mark: they stay as they are.
    *("d", "file", "directory", "path", "(dynamic)", "%(prog)s, version %(version)s"),
    *("env var: {var}", "default: {default}"),
    # They quote what was typed; nsor.misuse says something else.
    "Got unexpected extra argument ({args})",
    "Got unexpected extra arguments ({args})",
    "Did you mean {possibility}?",
    "(Did you mean one of: {possibilities}?)",
    "No such option {name!r}.",
    "No such command {name!r}.",
    "{value!r} is not {choice}.",
    "{value!r} is not one of {choices}.",
    "{value!r} does not match the format {format}.",
    "{value!r} does not match the formats {formats}.",
    "{value} is not in the range {range}.",
    "{value!r} is not a valid boolean. Recognized values: {states}",
    "{value!r} is not a valid {number_type}.",
    "{value!r} is not a valid UUID.",
    "{len_type} values are required, but {len_value} was given.",
    "{len_type} values are required, but {len_value} were given.",
    "Aborted!",
    "Error: invalid input",
}
"""Texts of click that nobody reads here, by why."""
_LATIN_IN_URDU = re.compile(
    r"`[^`]*`|'[^']*'|\[[^\]]*\]|--?[a-z-]+|\b(?:nsor|[A-Z_]{2,})\b[a-z -]*|\S*/\S*|\b(?:UTF|FILE)\b"
)
"""Commands, options, forms and paths, which are the same in every language."""


def _said_by_click() -> Iterator[str]:
    for path in Path(click.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"_", "ngettext"}:
                yield from (
                    each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
                )


def test_whatever_click_says_is_said_in_urdu_too() -> None:
    # A new version of click may say more: this names what it is.
    said = set(_said_by_click())
    assert len(said) > 60
    assert said - usage.CLICK.keys() - NEVER_SAID == set()
    assert (usage.CLICK.keys() | NEVER_SAID) - said <= {"Aborted!"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("lookup", "--ticket"),
        ("amend", "--sex=male", "--yes=1", "12345678"),
        ("looup",),
        ("xyzzy",),
        ("custody", "xyzzy"),
        ("access", "shwo"),
        ("agencies", "--cnic"),
        ("agencies", "--jso"),
        ("agencies", "a", "b"),
        ("show",),
        ("show", "1"),
        ("show", "12345678"),
        ("reviews", "--limit", "x"),
        ("ledger", "accesses", "--outcome", "x"),
        ("ledger", "accesses", "--since", "x"),
        ("work", "--kind", "x"),
        ("import", "/nowhere.csv"),
        ("import",),
        ("lookup",),
        ("confirm",),
        ("officer", "disable", "--reason"),
        ("import", "--map", "/nowhere.toml", "x.csv"),
        ("notice", "/"),
        ("photo", "add", "12345678", "/nowhere.jpg"),
        ("revalidate",),
    ],
    ids=" ".join,
)
def test_wrong_use_is_told_in_urdu(run: Run, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--lang", "ur", *arguments) in {cli.USAGE, cli.REFUSED}
    said = capsys.readouterr().err
    assert re.search(r"[\u0600-\u06ff]", said)
    words = set(re.findall(r"[A-Za-z]{3,}", _LATIN_IN_URDU.sub("", said)))
    assert words - {*cli.COMMANDS, "stdin", "add", "conviction"} == set()


def _helped() -> Iterator[tuple[str, str]]:
    """The sentence of each command, and of each of its options."""
    yield from ((name, entry.summary) for name, entry in cli.COMMANDS.items())
    waiting = [(name, cli.group.get_command(click.Context(cli.group), name)) for name in cli.COMMANDS]
    waiting.append(("nsor-bridge", bridge_command))
    while waiting:
        name, command = waiting.pop()
        assert command is not None
        yield name, usage.first_sentence(command.help or "")
        yield from ((name, option.help or "") for option in command.params if isinstance(option, click.Option))
        if isinstance(command, click.Group):
            waiting += [(f"{name} {each}", inner) for each, inner in command.commands.items()]
    yield "nsor", usage.first_sentence(cli.group.help or "")
    yield from (("nsor", option.help or "") for option in cli.group.params if isinstance(option, click.Option))


def test_the_sentence_of_every_command_and_option_is_in_urdu_too() -> None:
    known = usage.CLICK.keys() | urdu_help.COMMANDS.keys() | urdu_help.OPTIONS.keys()
    assert {(name, text) for name, text in _helped() if text not in known} == set()


def test_no_sentence_in_urdu_is_of_a_command_or_option_that_is_gone() -> None:
    said = {text for _, text in _helped()}
    assert (urdu_help.COMMANDS.keys() | urdu_help.OPTIONS.keys()) - said == set()


def test_each_sentence_stands_in_one_module_only() -> None:
    # Of two the second would count, and whoever corrects the first would see nothing change.
    found = [text for each in urdu_help.SUBJECTS for text in (*each.COMMANDS, *each.OPTIONS)]
    assert [text for text, times in Counter(found).items() if times > 1] == []


@pytest.mark.parametrize("text", [*urdu_help.COMMANDS.items(), *urdu_help.OPTIONS.items()])
def test_commands_and_numbers_are_the_same_in_both(text: tuple[str, str]) -> None:
    written = [sorted(re.findall(r"`[^`]*`|--[a-z-]+|[0-9]+", each)) for each in text]
    assert written[0] == written[1]


def test_the_help_of_a_command_begins_in_urdu(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--lang", "ur", "import", "--help") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "FILE کے سزا کے احکام درج کرتا ہے" in shown
    assert "Enter the conviction orders" not in shown
    assert "A run that was stopped goes on" in shown
    assert "--validate-only مشق:" in shown


@pytest.mark.parametrize("language", ["en", "ur"])
def test_a_group_without_a_command_shows_its_help_and_nothing_before_it(
    run: Run, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    assert run("--lang", language, "custody") == cli.USAGE
    bare = capsys.readouterr().err
    assert run("--lang", language, "custody", "--help") == 0
    assert bare == capsys.readouterr().out


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_a_list_of_commands_cuts_nothing_off(run: Run, capsys: pytest.CaptureFixture[str], name: str) -> None:
    run(name, "--help")
    assert [line for line in capsys.readouterr().out.splitlines()[1:] if line.endswith("...")] == []


def test_a_long_message_is_folded_on_a_screen(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = type("Narrow", (), {"width": 60})
    monkeypatch.setattr(screen, "console", lambda **_: narrow)
    assert run("import") == cli.USAGE
    said = capsys.readouterr().err.splitlines()
    assert max(map(len, said)) <= 60
    assert "`nsor import --columns`" in "\n".join(said)


def test_wrong_use_is_told_in_english_as_click_does(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("ledger", "accesses", "--outcome", "x") == cli.USAGE
    said = capsys.readouterr().err
    assert said.startswith("Usage: nsor ledger accesses [OPTIONS]\nTry 'nsor ledger accesses --help' for help.\n")
    assert "Error: Invalid value for '--outcome': it takes [allowed|refused|failed]." in said


@pytest.mark.parametrize("arguments", [(), ("custody",), ("officer", "enrol")], ids=" ".join)
def test_help_is_in_the_language_of_the_run(
    run: Run, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NSOR_LANG", "ur")
    assert run(*arguments, "--help") == 0
    assert capsys.readouterr().out.startswith(f"{usage.CLICK['Usage:']}\n  nsor {' '.join(arguments)}")
    monkeypatch.setenv("NSOR_LANG", "en")
    assert run(*arguments, "--help") == 0
    assert capsys.readouterr().out.startswith("Usage: nsor")


def test_the_frame_of_every_commands_help_is_in_urdu() -> None:
    # Headings, which are not indented, and what click itself says of an option.
    every = [cli.group, *commands(groups=True)]
    english = [help_of(each) for each in every]
    token = usage.LANGUAGE.set("ur")
    try:
        shown = [(each.name, help_of(each)) for each in every]
    finally:
        usage.LANGUAGE.reset(token)
    frame = r"^[^ \n].*[A-Za-z].*$|\[default|\brequired\]|Show (?:this message|the version)"
    assert [(name, found) for name, text in shown if (found := re.findall(frame, text, re.MULTILINE))] == []
    assert all(re.search(frame, text, re.MULTILINE) for text in english)


@pytest.mark.parametrize("language", ["en", "ur"])
def test_no_line_of_help_ends_within_a_code_or_an_option(language: str) -> None:
    # Else "special-" and "court" stand on two lines, and whoever copies the code has half of it.
    token = usage.LANGUAGE.set(language)
    try:
        shown = [help_of(command) for command in commands()]
    finally:
        usage.LANGUAGE.reset(token)
    lines = [line for text in shown for line in text.splitlines()]
    assert [line for line in lines if re.search(r"\w-$", line)] == []
    assert any("special-court" in line for line in lines)


def commands(*, groups: bool = False) -> Iterator[click.Command]:
    """All of them, with the groups if they are wanted too."""
    waiting = [cli.group.get_command(click.Context(cli.group), name) for name in cli.COMMANDS]
    waiting.append(bridge_command)
    while waiting:
        command = waiting.pop()
        if isinstance(command, click.Group):
            waiting += command.commands.values()
        if command is not None and (groups or not isinstance(command, click.Group)):
            yield command


def help_of(command: click.Command) -> str:
    """Its help on a narrow screen."""
    usage.in_context(command)
    return command.get_help(usage.Context(command, terminal_width=44))
