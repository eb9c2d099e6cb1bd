"""What the documents name is there: files, headings, commands, options, make's targets; quoted help is the real one."""

import itertools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from nsor.bridge.command import group as bridge_command
from nsor.cli import group as client_command
from nsor_server.__main__ import group as server_command
from nsor_server.alerts import Alert
from nsor_server.commands import ledger_watch, watched_spans
from nsor_server.rpc.exposed import EXPOSED
from tests import sources
from tests.sources import REPOSITORY

FILES = list(sources.files())
DOCUMENTS = sorted(name for name in FILES if name.endswith(".md"))
TOP = {name.split("/")[0] for name in FILES if "/" in name}
PROGRAMS: dict[str, click.Command] = {
    "nsor": client_command,
    "nsor-bridge": bridge_command,
    "nsor-server": server_command,
}

LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
FENCE = re.compile(r"^```[a-z]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
BRACES = re.compile(r"\{([^{}]*)\}")


def anchors(text: str) -> set[str]:
    """Headings as GitHub names them."""
    headings = HEADING.findall(FENCE.sub("", text))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(name: str, text: str) -> Iterator[str]:
    """Links of a document to what isn't there."""
    for link in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (REPOSITORY / name).parent / path if path else REPOSITORY / name
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            yield link


def expanded(path: str) -> list[str]:
    """`a/{b,c}` as a shell would read it."""
    parts = [part.split(",") for part in BRACES.findall(path)]
    frame = BRACES.sub("{}", path)
    return [frame.format(*chosen) for chosen in itertools.product(*parts)]


def files(text: str) -> Iterator[str]:
    """Paths of the repository that a document names and that aren't there."""
    for code in CODE.findall(FENCE.sub("", text)):
        if code.split("/")[0] not in TOP or "/" not in code or " " in code:
            continue
        for path in expanded(code):
            file, _, test = path.partition("::")
            found = next(REPOSITORY.glob(file.rstrip("/")), None)
            if found is None or (test and f"def {test}(" not in found.read_text(encoding="utf-8")):
                yield path


def command_lines(text: str) -> Iterator[list[str]]:
    """Commands of ours that a document shows, in a sentence or in a block of commands."""
    blocks = (line for block in FENCE.findall(text) for line in block.splitlines())
    for line in (*CODE.findall(FENCE.sub("", text)), *blocks):
        words = line.split("#")[0].removeprefix("$ ").split()
        if words and words[0] in {*PROGRAMS, "make"}:
            yield words


def unknown(words: list[str]) -> str | None:
    """The first word of a command that the program doesn't know."""
    program, *rest = words
    if program == "make":
        targets = TARGET.findall((REPOSITORY / "Makefile").read_text(encoding="utf-8"))
        return next((word for word in rest if "=" not in word and word not in targets), None)
    path = [PROGRAMS[program]]
    for word in rest:
        command = path[-1]
        if word.startswith("--"):
            parameters = [parameter for each in path for parameter in each.params]
            known = {name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts)}
            if word.split("=")[0] not in known | {"--help", "--version"}:
                return word
        elif isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z|-]*", word):
            for name in word.split("|"):
                found = command.get_command(click.Context(command), name)
                if found is None:
                    return name
                path.append(found)
    return None


def quoted_help(text: str) -> Iterator[tuple[list[str], str]]:
    """Blocks whose first line is `$ PROGRAM ... --help`: the command, and what the document says it prints."""
    for block in FENCE.findall(text):
        first, _, rest = block.partition("\n")
        words = first.removeprefix("$ ").split()
        if first.startswith("$ ") and words[0] in PROGRAMS and words[-1] == "--help":
            yield words, rest


def printed(words: list[str]) -> str:
    program = str(Path(sys.executable).with_name(words[0]))
    environment = {"COLUMNS": "80", "NO_COLOR": "1", "PATH": "/usr/bin:/bin"}
    return subprocess.run([program, *words[1:]], env=environment, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_names_what_is_there(name: str) -> None:
    # A first reader who follows a dead link, or types a command that was renamed, is lost.
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    assert list(links(name, text)) == []
    assert list(files(text)) == []
    assert [(" ".join(words), unknown(words)) for words in command_lines(text) if unknown(words)] == []
    for words, quoted in quoted_help(text):
        assert printed(words).rstrip() == quoted.rstrip(), " ".join(words)


def test_what_is_not_there_is_noticed() -> None:
    text = """# A heading
[gone](docs/gone.md) [no heading](README.md#gone) [here](README.md) [below](#a-heading) [far](https://example.com/gone)
`demo/{story,gone}.py` and `tests/test_docs.py::test_gone` and `tests/test_docs.py::test_what_is_not_there_is_noticed`
`nsor-server nothing`, `nsor-server pki issue --gone`, `make gone`, `nsor ledger verify`
```
$ nsor-server --help
Something else.
```
"""
    assert list(links("README.md", text)) == ["docs/gone.md", "README.md#gone", "#a-heading"]
    assert list(files(text)) == ["demo/gone.py", "tests/test_docs.py::test_gone"]
    assert [unknown(words) for words in command_lines(text)] == ["nothing", "--gone", "gone", None, None]
    ((words, quoted),) = quoted_help(text)
    assert printed(words).startswith("Usage: nsor-server")
    assert not printed(words).startswith(quoted)


def test_each_alert_has_its_row_in_the_runbook_and_there_is_no_other_way_to_raise_one() -> None:
    # Who watches the log matches one pattern, and finds each code in one table.
    runbook = (REPOSITORY / "docs/runbook.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z_]+)` \| [^|]+ \| [^|]+ \|$", runbook, re.MULTILINE)
    assert sorted(rows) == sorted(Alert)
    sources = {name for name in FILES if name.startswith("server/") and name.endswith(".py")}
    sources -= {"server/nsor_server/alerts.py"}
    texts = {name: (REPOSITORY / name).read_text(encoding="utf-8") for name in sources if (REPOSITORY / name).exists()}
    assert [name for name, text in texts.items() if re.search(r"\.critical\(|[\"']ALERT", text)] == []
    used = set(re.findall(r"\bAlert\.([A-Z_]+)", "".join(texts.values())))
    assert used == set(Alert), "a code that nothing raises, or that isn't there"


def test_each_metric_stands_in_the_runbook() -> None:
    runbook = (REPOSITORY / "docs/runbook.md").read_text(encoding="utf-8")
    ours = {name + ("_total" if each.kind == "counter" else "") for name, each in EXPOSED.items()}
    missing = [name for name in sorted(ours) if name.startswith("nsor_") and f"`{name}`" not in runbook]
    assert missing == []
    cells = re.findall(r"^\| (`nsor_[^|]*)\|", runbook, re.MULTILINE)
    named = set(re.findall(r"`(nsor_[a-z_]+)`", " ".join(cells)))
    watched = {each[0] for each in (*ledger_watch.METRICS, *watched_spans.METRICS)} | {watched_spans.DIFFERENCES}
    assert sorted(named - ours - watched) == []
    assert len(named) > 10
