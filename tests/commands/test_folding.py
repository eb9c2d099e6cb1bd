"""What operators' commands say on a terminal of 80 columns is folded at words there, and whole in a pipe."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminals import ESCAPES, shown

_SAY = """
from nsor_server.commands.folding import say
why = "the checkpoint of 8 entries isn't ours: it is signed by another key than that of the ledger"
say(f"[red]broken[/] first bad index 7: {why}")
say("  9: run `nsor-server ledger verify --cosigned FILE --witness KEY` and look at what the outside copy says of that")
say("[look] at this", markup=False)
say("two\\nlines")
say("it is in \\x1b[2K\\x1b[1A\\ttable, \\u202eelbat, which nobody knows, and\\tits [red]columns", markup=False)
"""


def lines(*command: str, **environment: str) -> list[str]:
    return ESCAPES.sub("", shown([sys.executable, *command], **environment)).splitlines()


def test_lines_are_folded_at_words_and_a_command_stays_whole() -> None:
    found = lines("-c", _SAY)
    assert found == [
        "broken first bad index 7: the checkpoint of 8 entries isn't ours: it is signed",
        "  by another key than that of the ledger",
        "  9: run `nsor-server ledger verify --cosigned FILE --witness KEY` and look at",
        "    what the outside copy says of that",
        "[look] at this",
        "two",
        "lines",
        # Whoever owns the database names tables so: that neither erases what stands above, nor ends the command.
        "it is in \ufffd[2K\ufffd[1A       table, \ufffdelbat, which nobody knows, and  its [red]columns",
    ]
    assert "\x1b[31mbroken\x1b[0m" in shown([sys.executable, "-c", _SAY])
    # Whoever reads a pipe searches it for whole sentences.
    piped = subprocess.run([sys.executable, "-c", _SAY], capture_output=True, text=True, check=True).stdout
    assert len(piped.splitlines()) == 6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ledger", "verify"), "There is no register in"),
        (("traces", "--access-id", "7"), "or a support code."),
        (("ledger", "verify", "--spans-header-file", "x"), "belongs to --spans-from URL."),
        (("nothing",), "No such command."),
        (("serve",), "is set without spans_key"),
    ],
)
def test_no_error_is_wider_than_the_screen(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    settings = {"NSOR_STATE_DIR": str(tmp_path / "a-rather-long-name-of-a-folder")}
    if arguments == ("serve",):
        settings["NSOR_SPANS_CERTIFICATE"] = "collector.pem"
    found = lines("-m", "nsor_server", *arguments, **settings)
    assert said in " ".join(" ".join(found).split())
    assert [line for line in found if len(line) > 80 and " " in line.strip()] == []
