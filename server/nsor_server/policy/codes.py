"""The codes that people meet, as the client carries them: places, offences and holidays, printed as JSON.

`clients/generate-codes` runs this and keeps the outcome in the client's package, since an agency's computer has no
server and must find a code without a call. The policy data stay the one source.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from nsor_server.policy import source
from nsor_server.policy.holidays import HolidayNamesFile
from nsor_server.policy.offences import OffenceRow, OffencesFile
from nsor_server.policy.places import PlacesFile, UnitRow


def codes() -> dict[str, list[dict[str, Any]]]:
    """Every place, every offence and every holiday that has a name, in the order of the policy data."""
    places = source.read(source.packaged("places.toml"), PlacesFile)
    offences = source.read(source.packaged("offences.toml"), OffencesFile)
    names = source.read(source.packaged("holiday_names.toml"), HolidayNamesFile)
    return {
        "places": [place for unit in places.unit for place in _places(unit)],
        "offences": [_offence(row) for row in offences.offence],
        "holidays": [{"code": row.code, "en": row.en, "ur": row.ur} for row in names.name],
    }


def _places(unit: UnitRow) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"code": unit.code, "en": unit.en, "ur": unit.ur, "verified": unit.verified}]
    if unit.levies:
        found[-1]["levies"] = True
    for district in unit.districts:
        code = f"{unit.code}/{district.code}"
        verified = unit.verified if district.verified is None else district.verified
        found.append({"code": code, "en": district.en, "ur": district.ur, "verified": verified})
        found[-1] |= {
            name: day.isoformat()
            for name, day in (("valid_from", district.valid_from), ("valid_to", district.valid_to))
            if day is not None
        }
        if unit.levies:
            found[-1]["levies"] = True
        if district.stations:
            found[-1]["stations"] = [f"{code}/{station}" for station in district.stations]
    return found


def _offence(row: OffenceRow) -> dict[str, Any]:
    return {
        "code": row.code,
        "title": row.title,
        "valid_from": row.valid_from.isoformat() if row.valid_from else "",
        "valid_to": row.valid_to.isoformat() if row.valid_to else "",
        "superseded_by": row.superseded_by or "",
        "always": row.s2h,
        "principal": bool(row.principal_in),
        "connected": bool(row.connected_in),
        "inchoate": row.inchoate,
        "citation": row.citation,
        "verified": row.verified,
    }


def main() -> None:
    """Print the codes, a row a line, so that a change shows as the rows that changed."""
    kinds = [
        f'  "{kind}": [\n' + ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in rows) + "\n  ]"
        for kind, rows in codes().items()
    ]
    sys.stdout.write("{\n" + ",\n".join(kinds) + "\n}\n")


if __name__ == "__main__":
    main()
