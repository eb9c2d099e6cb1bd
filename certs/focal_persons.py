"""Keys of focal persons for the example agencies: for the development register, the demonstration and the tests.

``python -m certs.focal_persons FOLDER`` makes those that are missing below FOLDER/focal-persons, and the list
FOLDER/focal-persons.toml for ``nsor-server agency focal-person add --file``. Each agency has two, since two enrol its
deciding officers. Here one program has every key; in earnest each focal person makes his own, and gives away the public
half alone.
"""

import argparse
import hashlib
import tomllib
from pathlib import Path

from nsor.officer import OfficerKey

LIST = "focal-persons.toml"
AGENCIES = Path(__file__).with_name("agencies.toml")


def own_number(agency_id: str, number: str) -> str:
    """The CNIC of a synthetic officer or focal person: always the same one, and of nobody else in a demonstration."""
    digits = int.from_bytes(hashlib.sha256(f"{agency_id} {number}".encode()).digest()[:8], "big") % 10**7
    return f"61101{digits:07d}1"


def create(folder: Path, agencies: Path = AGENCIES) -> int:
    """Make the keys that are missing, and the list of all; gives how many were made."""
    made = 0
    entries = []
    (folder / "focal-persons").mkdir(mode=0o700, exist_ok=True)
    for agency in tomllib.loads(agencies.read_text(encoding="utf-8"))["agency"]:
        for nth in (1, 2):
            path = key_file(folder, agency["id"], nth)
            if not path.exists():
                OfficerKey.generate().save(path)
                made += 1
            public = path.with_suffix(".pub")
            public.write_bytes(OfficerKey.load(path).public_pem())
            entries.append(
                f'[[focal_person]]\nagency = "{agency["id"]}"\nnumber = "FOCAL-{nth}"\n'
                f'own_number = "{own_number(agency["id"], f"FOCAL-{nth}")}"\n'
                f'public_key_file = "{public.relative_to(folder)}"\n'
            )
    (folder / LIST).write_text("\n".join(entries), encoding="utf-8")
    return made


def key_file(folder: Path, agency_id: str, nth: int = 1) -> Path:
    """Where the key of an agency's first or second focal person is."""
    return folder / "focal-persons" / f"{agency_id}-{nth}.key"


def files(folder: Path, agency_id: str) -> list[Path]:
    """The files of the keys of an agency's two focal persons."""
    return [key_file(folder, agency_id, nth) for nth in (1, 2)]


def keys(folder: Path, agency_id: str) -> list[OfficerKey]:
    """The keys of an agency's two focal persons."""
    return [OfficerKey.load(file) for file in files(folder, agency_id)]


def main() -> None:
    """Make the focal persons' keys of a folder of development certificates."""
    parser = argparse.ArgumentParser(prog="python -m certs.focal_persons", description=main.__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    print(f"{create(folder)} keys of focal persons made, below {folder}/focal-persons.")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
