"""``python -m nsor_synthetic``, and ``nsor-server synthetic``: writes conviction orders as JSON Lines."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from google.protobuf import json_format

from nsor_synthetic.orders import MOST, generate


@click.command("synthetic")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same bytes.")
@click.option(
    "--count", type=click.IntRange(0, MOST), default=1_000, show_default=True, help="How many conviction orders."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file to write; without it, stdout.")
def main(seed: int, count: int, out: Path | None) -> None:
    """Write synthetic conviction orders, one CreateRegistrationRequest in JSON a line. They name nobody real."""
    with out.open("w", encoding="utf-8", newline="\n") if out else click.open_file("-", "w", encoding="utf-8") as file:
        for order in generate(seed, count):
            fields = json_format.MessageToDict(order, preserving_proto_field_name=True)
            file.write(json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    sys.exit(main())
