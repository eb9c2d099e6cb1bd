"""The process that decodes photos and encodes them anew: `python -I -m nsor_server.images.decoder`.

It is started without an environment, imports what it needs, decodes one photo of each kind so that nothing is loaded
later, gives up everything (`confined/limits.py`), says that it is ready, and answers until its input ends. It knows
nothing of the register.

What comes out is pixels alone: no metadata, no profile, no comment, no second file behind the picture survives.
"""

from __future__ import annotations

import io
import sys
import warnings
from typing import Final

from PIL import ExifTags, Image, ImageOps, PngImagePlugin

from nsor_server.confined import limits, pipes
from nsor_server.images.wire import MAX_BYTES, Answer

MAX_PIXELS: Final = 4_000_000
MIN_SIDE: Final = 32
MAX_SCANS: Final = 32
"""Of a progressive JPEG: one of 256 KiB with 6,482 scans took 63 s to decode."""
_QUALITIES: Final = (88, 75, 60, 40)
"""The best one whose result is small enough is kept; if none is, of the picture at half the size."""
_FIRST_BYTES: Final = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
_START_OF_SCAN: Final = b"\xff\xda"
_NOT_CONFINED = 3


class _Refused(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.name)
        self.answer = answer


def main() -> int:
    """Answer until the input ends; gives the exit code."""
    warnings.simplefilter("ignore")  # a warning reads the line that it is about from a file
    Image.MAX_IMAGE_PIXELS = None  # what is too large is refused below, before it is decoded
    PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = MAX_BYTES
    for kind in _FIRST_BYTES.values():
        _photo(_sample(kind))
    try:
        limits.confine()
    except limits.NotConfined as why:
        sys.stderr.write(f"{why}\n")
        return _NOT_CONFINED
    pipes.answer(pipes.READY)
    while (encoded := pipes.request()) is not None:
        try:
            photo = _photo(encoded)
        except _Refused as refused:
            pipes.answer(refused.answer)
        else:
            pipes.answer(Answer.PHOTO, photo)
    return 0


def _photo(encoded: bytes) -> bytes:
    kind = next((kind for first, kind in _FIRST_BYTES.items() if encoded.startswith(first)), None)
    if kind is None:
        raise _Refused(Answer.NOT_A_PHOTO)
    if kind == "JPEG" and encoded.count(_START_OF_SCAN) > MAX_SCANS:
        raise _Refused(Answer.TOO_COSTLY)
    try:
        with Image.open(io.BytesIO(encoded), formats=(kind,)) as found:
            refusal = _refusal(found)
            if refusal is None:
                found.load()
                upright = ImageOps.exif_transpose(found)
                pixels = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except Exception:  # noqa: BLE001 - decoders raise whatever they like at what others made
        raise _Refused(Answer.DAMAGED) from None
    if refusal is not None:
        raise _Refused(refusal)
    return _encoded(pixels)


def _refusal(found: Image.Image) -> Answer | None:
    """Why a picture isn't decoded, by what its head says; None: it is."""
    if found.width * found.height > MAX_PIXELS:
        return Answer.TOO_LARGE
    if min(found.size) < MIN_SIDE:
        return Answer.TOO_SMALL
    return None if getattr(found, "n_frames", 1) == 1 else Answer.ANIMATED


def _encoded(pixels: Image.Image) -> bytes:
    """The picture as a baseline JPEG, on white where it was transparent."""
    plain = Image.new("RGB", pixels.size, "white")
    plain.paste(pixels, mask=pixels.getchannel("A") if pixels.mode == "RGBA" else None)
    while True:
        for quality in _QUALITIES:
            out = io.BytesIO()
            plain.save(out, "JPEG", quality=quality)
            if out.tell() <= MAX_BYTES:
                return out.getvalue()
        plain = plain.reduce(2)


def _sample(kind: str) -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.new("RGBA" if kind == "PNG" else "RGB", (MIN_SIDE, MIN_SIDE), "gray").save(out, kind, exif=exif)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
