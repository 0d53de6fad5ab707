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
SMALL = 1024
SOUNDS = {b"\x1aE\xdf\xa3": ("audio/webm", "webm"), b"OggS": ("audio/ogg", "ogg")}
"""How the voice notes begin that browsers record; MP4's mark stands a little later."""
MP4_MARK = b"ftyp"
LONGEST_SOUND = 2 * 2**20
"""Bytes: a minute of speech needs half of it, and a film does not fit."""


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
    return received_whole(stream.read(limit + 1), limit, name)


def received_whole(content: bytes, limit: int, name: str = "photo.jpg") -> Upload:
    """The same for bytes that were read already."""
    if len(content) > limit:
        raise Refused(
            "%(name)s is larger than %(limit)s MB. Choose a smaller file.", name=Name(name), limit=limit // 2**20
        )
    if content.startswith(PDF_MARK):
        return Upload(content, "application/pdf", name)
    if (sound := _sound(content)) is not None:
        return Upload(content, sound[0], f"{_stem(name)}.{sound[1]}")
    return Upload(_redrawn(content, name), "image/jpeg", f"{_stem(name)}.jpg")


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _sound(content: bytes) -> tuple[str, str] | None:
    """Media type and ending of a voice note."""
    if len(content) > LONGEST_SOUND:
        return None
    if content[4:8] == MP4_MARK:
        return "audio/mp4", "m4a"
    return SOUNDS.get(content[:4])


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
        return content if _is_bare(picture, content) else _as_jpeg(picture)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise Refused(
            "%(name)s is neither a picture (JPEG, PNG, WebP) nor a PDF nor a short voice note.", name=Name(name)
        ) from None


def _is_bare(picture: Image.Image, content: bytes) -> bool:
    """Whether a picture is one that a phone has drawn anew already: small, without any tail or word about the camera."""
    if picture.format != "JPEG" or max(picture.size) > LONGEST_SIDE or not content.endswith(b"\xff\xd9"):
        return False
    told = [segment for segment in picture.applist if not _is_harmless(*segment)]
    if told or picture.info.get("comment") or content.count(b"\xff\xd9") > 1:
        return False
    picture.load()
    return True


def _is_harmless(name: str, segment: bytes) -> bool:
    """The mark of JPEG itself, and the colour space that browsers add."""
    return len(segment) < SMALL and (name, segment[:4]) in (("APP0", b"JFIF"), ("APP2", b"ICC_"))


def _as_jpeg(picture: Image.Image) -> bytes:
    upright = ImageOps.exif_transpose(picture).convert("RGB")
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    drawn = io.BytesIO()
    upright.save(drawn, "JPEG", quality=80)
    return drawn.getvalue()
