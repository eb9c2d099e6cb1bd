"""The page as a PDF: one page, real letters, joined and in their order, no metadata, and its owner's alone."""

import io
import stat
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageChops

from nsor.advice import Words
from nsor.printing import pdf
from nsor.printing.sheet import MOST_DUTIES, NotPrintable, Owed
from tests.client.printing.test_sheet import SHEET

LETTERS = "آابپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوہھءیےئۓؤۂۃ"
"""Every letter of Urdu's alphabet, with the joined forms that names have."""


def _picture(**changed: str) -> Image.Image:
    with Image.open(io.BytesIO(pdf.picture(replace(SHEET, **changed)))) as found:  # type: ignore[arg-type]
        return found.convert("L")


def test_it_is_one_page_also_with_the_most_duties() -> None:
    long = Words("Tell a change of telephone number or e-mail address", "ٹیلی فون نمبر یا ای میل کی تبدیلی بتانا")
    late = Owed(long, SHEET.owed[0].due, overdue=True)
    for owed in (SHEET.owed, [Owed(long, None)] * MOST_DUTIES, [late] * MOST_DUTIES):
        with pikepdf.open(io.BytesIO(pdf.page(replace(SHEET, owed=owed)))) as found:
            assert len(found.pages) == 1


def test_what_is_longer_than_a_page_is_refused() -> None:
    long = Words("Tell a change " * 60, "تبدیلی بتانا " * 60)
    with pytest.raises(NotPrintable, match="longer than one page"):
        pdf.page(replace(SHEET, owed=[Owed(long, None)] * MOST_DUTIES))


def test_it_says_nothing_of_who_made_it_and_when() -> None:
    found = pdf.page(SHEET)
    with pikepdf.open(io.BytesIO(found)) as opened:
        assert "/Metadata" not in opened.Root
        assert "/Info" not in opened.trailer
    for word in (b"Typst", b"typst", b"CreationDate", b"ModDate", b"Producer", b"Creator", b"xmpmeta", b"Author"):
        assert word not in found


def test_the_same_sheet_is_the_same_file() -> None:
    assert pdf.page(SHEET) == pdf.page(SHEET)
    assert pdf.page(SHEET) != pdf.page(replace(SHEET, name="Someone Else"))


def test_every_letter_of_urdu_is_in_the_font() -> None:
    assert pdf.page(replace(SHEET, urdu_name=LETTERS))


def test_a_letter_that_the_font_has_not_is_refused_by_its_code() -> None:
    # It would be an empty box on the page, and nobody would have been told.
    with pytest.raises(NotPrintable) as raised:
        pdf.page(replace(SHEET, name="日本"))
    assert raised.value.message.en == "The font hasn't these letters: U+65E5, U+672C."


def test_letters_are_joined_and_run_from_the_right() -> None:
    # Joined letters take less room than the same ones kept apart by a non-joiner.
    joined, apart = (_name_of_urdu(_picture(urdu_name=sign.join("ببببب"))) for sign in ("", "\u200c"))
    assert joined[2] - joined[0] < apart[2] - apart[0]
    # The name's ink begins at the right margin, however long it is, and goes on to the left.
    short, long = (_name_of_urdu(_picture(urdu_name=name)) for name in ("\u0627", "\u0627" * 8))
    assert short[2] == long[2]
    assert long[0] < short[0]


def _name_of_urdu(page: Image.Image) -> tuple[int, int, int, int]:
    """Where the ink of the name in Urdu is: what differs from a page with another name."""
    other = _picture(urdu_name=".")
    found = ImageChops.difference(page, other).getbbox()
    assert found is not None
    return found


def test_a_name_is_never_markup() -> None:
    assert pdf.page(replace(SHEET, name='#panic() $x$ *y* @z "q" \\ <b>'))


def test_a_file_is_new_and_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "duties.pdf"
    pdf.write(path, b"one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        pdf.write(path, b"two")
    assert path.read_bytes() == b"one"
    link = tmp_path / "link.pdf"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        pdf.write(link, b"two")
    assert not (tmp_path / "elsewhere").exists()


def test_what_could_not_be_written_whole_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        pdf.write(tmp_path / "duties.pdf", b"one")
    assert list(tmp_path.iterdir()) == []
