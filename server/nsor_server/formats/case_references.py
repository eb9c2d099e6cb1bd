"""Cases in their one written form, as details of entries and blind indexes have them; each begins with its place."""


def of_fir(police_station: str, serial: int, year: int) -> str:
    """An FIR as people write it, with the station that makes it unique: ``PK-PB/LHR/PS-001 679/2021``."""
    return f"{police_station} {serial}/{year}"


def of_court(place: str, case_number: str) -> str:
    """A court's case: its number, with the place that makes it unique."""
    return f"{place} {case_number}"
