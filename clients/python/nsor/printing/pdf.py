# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""Sets the page as a PDF, and writes it where only its owner reads it.

The PDF says nothing of who made it, when, and with what. Its font comes from a package, never from the computer, so
that letters are the same everywhere; a letter that the font hasn't is refused: it would be printed as an empty box.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any, Final

from nsor.advice import Words
from nsor.printing.sheet import NotPrintable, Sheet, content

_TEMPLATE: Final = Path(__file__).with_name("sheet.typ")
_FONT: Final = "Amiri-Regular.ttf"


def page(sheet: Sheet) -> bytes:
    """The page as a PDF; the same bytes for the same sheet.

    Raises:
        NotPrintable: it isn't one page, or the font hasn't a letter of it.
    """
    import pikepdf  # noqa: PLC0415 - the extra, loaded where it is needed

    set_page = _set(sheet, "pdf")
    with pikepdf.open(io.BytesIO(set_page)) as pdf:
        if len(pdf.pages) != 1:
            raise NotPrintable(
                Words("It is longer than one page.", "یہ ایک صفحے سے لمبا ہے۔"),
                Words("Print fewer duties at once.", "ایک بار میں کم ذمہ داریاں چھاپیں۔"),
            )
        if "/Metadata" in pdf.Root:
            del pdf.Root.Metadata
        for key in ("/Info", "/ID"):
            if key in pdf.trailer:
                del pdf.trailer[key]
        found = io.BytesIO()
        pdf.save(found, deterministic_id=True)
    return found.getvalue()


def picture(sheet: Sheet) -> bytes:
    """The page as a PNG, to look at it."""
    return _set(sheet, "png")


def write(path: Path, data: bytes) -> None:
    """Write a new file with mode 0600, and never over another one; all of it or nothing.

    Raises:
        FileExistsError: there is a file already.
        OSError: it can't be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _set(sheet: Sheet, form: Any) -> bytes:
    import fontpkg_amiri  # noqa: PLC0415 - as above
    import typst  # noqa: PLC0415 - as above

    texts = content(sheet)
    fonts = fontpkg_amiri.ROOT / "files"
    _check_letters(texts, fonts / _FONT)
    # The template is all that it may read: names come as data, which can't become markup.
    found: Any = typst.compile(
        _TEMPLATE,
        root=_TEMPLATE.parent,
        font_paths=[fonts],
        ignore_system_fonts=True,
        sys_inputs={"sheet": json.dumps(texts, ensure_ascii=False)},
        format=form,
    )
    return bytes(found[0] if isinstance(found, list) else found)


def _check_letters(texts: Any, font: Path) -> None:
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - as above

    with TTFont(font, lazy=True) as opened:
        known = set(opened.getBestCmap())
    missing = sorted({letter for text in _strings(texts) for letter in text if ord(letter) not in known})
    if missing:
        # Its code says which letter it is, and not whose name.
        codes = ", ".join(f"U+{ord(letter):04X}" for letter in missing)
        raise NotPrintable(
            Words(f"The font hasn't these letters: {codes}.", f"فونٹ میں یہ حروف نہیں: {codes}"),
            Words(
                "Correct them in the record, or write the page by hand.", "ریکارڈ میں درست کریں، یا صفحہ ہاتھ سے لکھیں۔"
            ),
        )


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, bool):
        return []
    inner = value.values() if isinstance(value, dict) else value
    return [text for each in inner for text in _strings(each)]
