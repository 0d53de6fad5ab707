"""What may be attached, and what is left of it."""

import io
import zlib

import pytest
from PIL import Image

from core import files
from core.errors import Refused

LIMIT = 2 * 2**20
CAMERA, GPS = 0x0110, 0x8825


def a_picture(kind="JPEG", size=(40, 30), **save) -> bytes:
    """The bytes of a picture."""
    drawn = io.BytesIO()
    Image.new("RGB", size, "teal").save(drawn, kind, **save)
    return drawn.getvalue()


def told_by_camera(orientation=1) -> Image.Exif:
    """What a phone writes into a photo."""
    told = Image.Exif()
    told[CAMERA], told[0x0112] = "Somebody's phone", orientation
    told.get_ifd(GPS)[2] = (27.0, 4.0, 12.0)
    return told


def receive(content: bytes, name="photo.jpg", limit=LIMIT) -> files.Upload:
    """Receive these bytes."""
    return files.receive(io.BytesIO(content), name, limit)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_drawn_anew_without_what_the_camera_told(kind):
    sent = a_picture(kind, exif=told_by_camera())
    assert Image.open(io.BytesIO(sent)).getexif().get(CAMERA) == "Somebody's phone"
    upload = receive(sent)
    kept = Image.open(io.BytesIO(upload.content))
    assert (upload.media_type, kept.format, dict(kept.getexif())) == ("image/jpeg", "JPEG", {})
    assert b"Somebody" not in upload.content


def test_what_is_hidden_behind_a_picture_is_left_behind():
    assert b"<script>" not in receive(a_picture() + b"<script>alert(1)</script>").content


def test_a_picture_taken_upright_stays_upright():
    sent = a_picture(size=(40, 30), exif=told_by_camera(orientation=6))
    assert Image.open(io.BytesIO(receive(sent).content)).size == (30, 40)


def test_a_large_picture_becomes_small_enough_for_a_screen():
    assert Image.open(io.BytesIO(receive(a_picture(size=(3200, 800))).content)).size == (1600, 400)


def test_a_picture_with_transparency_is_taken():
    drawn = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(drawn, "PNG")
    assert receive(drawn.getvalue()).media_type == "image/jpeg"


def test_a_pdf_is_kept_as_it_is():
    upload = receive(b"%PDF-1.7\nsomething", "paper.pdf")
    assert (upload.content, upload.media_type, upload.name) == (b"%PDF-1.7\nsomething", "application/pdf", "paper.pdf")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<html><script>",
        b"MZ\x90\x00",
        b"GIF89a" + bytes(40),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_anything_else_is_refused_whatever_it_is_called(content):
    with pytest.raises(Refused, match=r"photo\.jpg is neither a picture"):
        receive(content)


def test_a_gif_is_refused():
    with pytest.raises(Refused, match="neither a picture"):
        receive(a_picture("GIF"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_was_cut_off_is_refused(kind):
    with pytest.raises(Refused, match="neither a picture"):
        receive(a_picture(kind, size=(300, 300))[:-200])


def test_a_file_over_the_limit_is_refused_with_the_limit():
    with pytest.raises(Refused, match=r"photo\.jpg is larger than 2 MB"):
        receive(b"%PDF-" + bytes(LIMIT))
    assert receive(b"%PDF-" + bytes(LIMIT - 5)).media_type == "application/pdf"


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_drawn():
    with pytest.raises(Refused, match="too many pixels"):
        receive(a_picture("PNG", size=(5001, 5001)))


def test_a_picture_that_would_fill_the_memory_is_refused():
    """A few bytes that claim to be 400 million pixels."""
    small = bytearray(a_picture("PNG", size=(10, 10)))
    header = small[12:29]
    header[4:12] = (20_000).to_bytes(4, "big") * 2
    small[12:29] = header
    small[29:33] = zlib.crc32(bytes(header)).to_bytes(4, "big")
    with pytest.raises(Refused):
        receive(bytes(small))


def test_what_is_kept_can_be_read_again_and_the_same_bytes_are_kept_once(app):
    upload = receive(b"%PDF-1.7")
    files.keep(upload)
    files.keep(upload)
    assert files.read(upload.digest) == b"%PDF-1.7"


def test_a_message_with_percent_signs_in_the_name_is_no_trouble():
    with pytest.raises(Refused, match="100%s"):
        receive(b"hello", "100%s.jpg")
