"""Photos: what comes out is pixels alone, and whatever isn't a photo is refused, whatever it does to its decoder."""

from __future__ import annotations

import io
import os
import signal
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from nsor_server.confined.process import Unavailable
from nsor_server.images import photos as served
from nsor_server.images.photos import Photos, Refused
from nsor_server.images.wire import MAX_BYTES, Answer

SECRET = b"a name that nobody may find again"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="64"/>'


@pytest.fixture(scope="module")
def photos() -> Iterator[Photos]:
    """One process for all."""
    made = Photos()
    yield made
    made.close()


def picture(width: int = 300, height: int = 400, mode: str = "RGB") -> Image.Image:
    """A picture that isn't of one colour."""
    return Image.radial_gradient("L").resize((width, height)).convert(mode)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """A file."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def archive() -> bytes:
    """A ZIP with a file in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("hidden", SECRET)
    return out.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb() -> bytes:
    """A PNG of 30,000 x 30,000 pixels in some hundred kilobytes."""
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (3_751 * 30_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def many_scans() -> bytes:
    """A progressive JPEG whose last scan is repeated until it would take long."""
    whole = encoded(picture(), progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * 40 + b"\xff\xd9"


def with_everything() -> bytes:
    """A JPEG with EXIF, profile, comment, and a ZIP behind it."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    return encoded(picture(), exif=exif, icc_profile=SECRET * 8, comment=SECRET) + archive()


def test_nothing_but_the_picture_is_kept_of_a_jpeg(photos: Photos) -> None:
    file = with_everything()
    kept = photos.anew(file)
    assert SECRET in file
    assert SECRET not in kept
    assert not zipfile.is_zipfile(io.BytesIO(kept))
    with Image.open(io.BytesIO(kept)) as found:
        assert (found.format, found.size) == ("JPEG", (300, 400))
        assert set(found.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert not found.getexif()


def test_nothing_but_the_picture_is_kept_of_a_png(photos: Photos) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("name", SECRET.decode())
    file = encoded(picture(mode="RGBA"), "PNG", pnginfo=texts) + archive()
    kept = photos.anew(file)
    assert SECRET not in kept
    with Image.open(io.BytesIO(kept)) as found:
        assert (found.format, found.mode, found.size) == ("JPEG", "RGB", (300, 400))


def test_a_photo_that_was_taken_sideways_stands_upright(photos: Photos) -> None:
    # The note that says so goes with the rest.
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(io.BytesIO(photos.anew(encoded(picture(), exif=exif)))) as found:
        assert found.size == (400, 300)


def test_what_is_kept_is_small_enough(photos: Photos) -> None:
    # Black and white dots are small as a PNG alone.
    dots = encoded(Image.effect_noise((1_300, 1_200), 100).convert("1"), "PNG")
    kept = photos.anew(dots)
    assert len(kept) <= MAX_BYTES
    with Image.open(io.BytesIO(kept)) as found:
        assert found.size == (650, 600)


@pytest.mark.parametrize(
    ("file", "answer"),
    [
        pytest.param(bytes, Answer.NOT_A_PHOTO, id="nothing"),
        pytest.param(archive, Answer.NOT_A_PHOTO, id="zip"),
        pytest.param(lambda: SVG, Answer.NOT_A_PHOTO, id="svg"),
        pytest.param(lambda: encoded(picture(), "GIF"), Answer.NOT_A_PHOTO, id="gif"),
        pytest.param(lambda: encoded(picture(), "TIFF")[:MAX_BYTES], Answer.NOT_A_PHOTO, id="tiff"),
        pytest.param(lambda: encoded(picture())[:900], Answer.DAMAGED, id="cut"),
        pytest.param(lambda: b"\xff\xd8\xff" + os.urandom(64), Answer.DAMAGED, id="random"),
        pytest.param(lambda: b"\xff\xd8\xff" + archive(), Answer.DAMAGED, id="zip behind the first bytes of a jpeg"),
        pytest.param(lambda: encoded(picture(1, 4_000)), Answer.TOO_SMALL, id="a line"),
        pytest.param(lambda: encoded(picture(2_500, 2_000), quality=1), Answer.TOO_LARGE, id="five million pixels"),
        pytest.param(bomb, Answer.TOO_LARGE, id="bomb"),
        pytest.param(lambda: os.urandom(MAX_BYTES + 1), Answer.TOO_LARGE, id="too many bytes"),
        pytest.param(
            lambda: encoded(picture(64, 64), "PNG", save_all=True, append_images=[picture(64, 64).rotate(90)]),
            Answer.ANIMATED,
            id="animated",
        ),
        pytest.param(many_scans, Answer.TOO_COSTLY, id="many scans"),
    ],
)
def test_what_is_no_photo_is_refused(photos: Photos, file: Callable[[], bytes], answer: Answer) -> None:
    # Files are made when a test runs: some take long, and whoever looks which tests there are needs none.
    with pytest.raises(Refused) as refused:
        photos.anew(file())
    assert refused.value.answer is answer
    assert photos.anew(encoded(picture()))  # and the next one is taken


def test_a_process_that_hangs_or_dies_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    photos = Photos()
    photos.anew(encoded(picture()))
    process = photos._process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    monkeypatch.setattr(served, "PHOTO_SECONDS", 0.0)
    with pytest.raises(Refused) as refused:
        photos.anew(encoded(picture()))
    assert refused.value.answer is Answer.TOO_COSTLY
    monkeypatch.undo()
    assert process.has_ended
    assert photos.anew(encoded(picture()))
    photos.close()


def test_a_new_process_takes_over_after_some_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    # The CPU of one is bounded as a whole: the photos of an honest day may not use it up.
    monkeypatch.setattr(served, "PHOTOS_OF_A_PROCESS", 2)
    photos = Photos()
    used = []
    for _ in range(3):
        photos.anew(encoded(picture()))
        assert photos._process is not None
        used.append(photos._process.pid)
    photos.close()
    assert used[0] == used[1] != used[2]


def test_where_nothing_can_be_confined_no_photo_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    unable = "import sys; sys.exit(3)"
    real = subprocess.Popen
    monkeypatch.setattr(
        "nsor_server.confined.process.subprocess.Popen",
        lambda _command, **options: real([sys.executable, "-c", unable], **options),
    )
    with pytest.raises(Unavailable):
        Photos().anew(encoded(picture()))


@pytest.mark.parametrize(
    "escape",
    [
        pytest.param("import socket; socket.socket()", id="tcp"),
        pytest.param("import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)", id="udp"),
        pytest.param("import os; os.open('/etc/passwd', os.O_RDONLY)", id="file"),
        pytest.param("import os; os.fork()", id="fork"),
        pytest.param("import os; os.execv('/bin/true', ['true'])", id="program"),
        pytest.param("import os; os.kill(os.getppid(), 0)", id="signal"),
        pytest.param("import os; os.read(2, 1)", id="another descriptor"),
        pytest.param("import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_EXEC | mmap.PROT_READ)", id="code"),
        pytest.param("import ctypes; ctypes.CDLL(None).ptrace(0, 0, 0, 0)", id="ptrace"),
    ],
)
def test_a_decoder_that_was_taken_over_reaches_nothing(escape: str) -> None:
    # Also as root: limits of resources alone don't stop root.
    first, rest = escape.split("; ", 1)
    program = f"{first}\nfrom nsor_server.confined import limits\n"
    if "ctypes" in first:
        rest = "libc.ptrace(0, 0, 0, 0)"
        program += "libc = ctypes.CDLL(None)\nlibc.ptrace\n"
    program += f"limits.confine()\n{rest}\n"
    ended = subprocess.run([sys.executable, "-I", "-c", program], env={}, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGSYS, ended.stderr.decode()[-300:]


def test_a_decoder_has_a_bound_of_memory() -> None:
    program = "from nsor_server.confined import limits\nlimits.confine()\ntry:\n    bytearray(1 << 30)\n"
    program += "except MemoryError:\n    raise SystemExit(7)\n"
    ended = subprocess.run([sys.executable, "-I", "-c", program], env={}, capture_output=True, check=False)
    assert ended.returncode == 7


def test_the_decoder_gets_nothing_of_the_servers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NSOR_KEYS", "/of/the/server")
    photos = Photos()
    photos.anew(encoded(picture()))
    assert photos._process is not None
    assert b"NSOR" not in Path(f"/proc/{photos._process.pid}/environ").read_bytes()
    photos.close()
