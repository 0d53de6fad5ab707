"""Attachments as bytes: what may be sent, how it is cleaned, and where it lies."""

import hashlib
import io
from dataclasses import dataclass

from flask import Flask, current_app
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import Refused

LONGEST_SIDE = 1600
LONGEST_NAME = 120
MOST_PIXELS = 25_000_000
IMAGE_FORMATS = ("JPEG", "PNG", "WEBP")
PDF_MARK = b"%PDF-"


@dataclass(frozen=True)
class Upload:
    """A clean file: its bytes, its media type, its size and the digest under which it is kept."""

    content: bytes
    media_type: str
    name: str

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def open_store(app: Flask) -> None:
    """Open the folder that holds the attachments."""
    app.extensions["files"] = LocalStore(app.config["FILES"], mkdir=True)


def receive(stream, name: str, limit: int) -> Upload:
    """Read and clean one upload of at most ``limit`` bytes.

    A picture is drawn anew, which leaves position, camera and hidden tails behind (PIPL Art. 6: no more than is
    needed). Raises ``Refused`` for a file that is too large or of another kind.
    """
    content = stream.read(limit + 1)
    if len(content) > limit:
        raise Refused(
            "%(name)s is larger than %(limit)s MB. Choose a smaller file.", name=Name(name), limit=limit // 2**20
        )
    if content.startswith(PDF_MARK):
        return Upload(content, "application/pdf", name)
    return Upload(_redrawn(content, name), "image/jpeg", f"{name.rpartition('.')[0] or name}.jpg")


def receive_all(sent, limit: int) -> tuple[list[Upload], Refused | None]:
    """Every upload of a form cleaned, or the refusal of the first that cannot be kept."""
    try:
        return [receive(f.stream, _short(f.filename), limit) for f in sent if f.filename], None
    except Refused as refusal:
        return [], refusal


def _short(name: str) -> str:
    """The end of a name, which holds its ending."""
    return name.replace("\0", "")[-LONGEST_NAME:]


class Name(str):
    """A file's name inside a message: shown as it is, never translated."""

    __slots__ = ()


def keep(upload: Upload) -> None:
    """Store the bytes under their digest. Storing the same bytes twice is storing them once."""
    try:
        _store().put(upload.digest, upload.content, mode="create")
    except AlreadyExistsError:
        return


def read(digest: str) -> bytes:
    """The bytes kept under ``digest``."""
    return bytes(_store().get(digest).bytes())


def _store() -> LocalStore:
    return current_app.extensions["files"]


def _redrawn(content: bytes, name: str) -> bytes:
    try:
        picture = Image.open(io.BytesIO(content), formats=IMAGE_FORMATS)
        if picture.width * picture.height > MOST_PIXELS:
            raise Refused("%(name)s has too many pixels. Choose a smaller picture.", name=Name(name))
        return _as_jpeg(picture)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise Refused("%(name)s is neither a picture (JPEG, PNG, WebP) nor a PDF.", name=Name(name)) from None


def _as_jpeg(picture: Image.Image) -> bytes:
    upright = ImageOps.exif_transpose(picture).convert("RGB")
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    drawn = io.BytesIO()
    upright.save(drawn, "JPEG", quality=80)
    return drawn.getvalue()
