"""Sealed bodies: what a phone keeps until it has signal, only the server can open.

A sealed body is ``01 | length of the key's id | the key's id | 65 bytes ephemeral P-256 key | 12 bytes nonce | text``,
the text by AES-256-GCM under HKDF-SHA-256 of the ECDH secret (NIST SP 800-56A, RFC 5869), bound to the item's id.
"""

import base64
import os
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, current_app

from core.errors import Refused

MEDIA_TYPE = "application/vnd.lianhu.sealed"
FORMAT, POINT, NONCE = 1, 65, 12
INFO = b"lianhu seal 1"


def open_keys(app: Flask) -> None:
    """Read the keys in the folder ``SEAL_KEYS``, the newest last; make the first one if there is none.

    Old keys stay: phones may hold bodies sealed to them for weeks. They belong in the backup.
    """
    folder = Path(app.config["SEAL_KEYS"])
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.glob("*.pem")):
        new_key(folder)
    files = sorted(folder.glob("*.pem"), key=lambda file: (file.stat().st_mtime_ns, file.name))
    app.extensions["seal"] = {id_of(key): key for key in map(_read, files)}


def new_key(folder: Path) -> str:
    """Make a key that phones will seal to from the next start on; gives its id. Readable by its owner only."""
    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(folder / f"{id_of(key)}.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
    return id_of(key)


def public_key() -> dict[str, str]:
    """The key to seal to: its id, and the uncompressed point in base64."""
    id, key = list(current_app.extensions["seal"].items())[-1]
    return {"id": id, "key": base64.b64encode(_point(key)).decode()}


def opened(sealed: bytes, about: str) -> bytes:
    """What was sealed for the item with the id ``about``. Raises ``Refused`` for what is damaged or not ours."""
    try:
        return _open(sealed, about)
    except (InvalidTag, ValueError, KeyError, IndexError):
        raise Refused("What the phone sent cannot be opened. Open it on the phone and save it again.") from None


def seal(plain: bytes, about: str, to: dict[str, str]) -> bytes:
    """Seal a body to ``public_key()``, as the phone does."""
    own = ec.generate_private_key(ec.SECP256R1())
    server = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64.b64decode(to["key"]))
    nonce = os.urandom(NONCE)
    text = _cipher(own.exchange(ec.ECDH(), server)).encrypt(nonce, plain, about.encode())
    return bytes([FORMAT, len(to["id"])]) + to["id"].encode() + _point(own) + nonce + text


def id_of(key: ec.EllipticCurvePrivateKey) -> str:
    """The first 16 hexadecimal digits of the public key's SHA-256."""
    return sha256(_point(key)).hexdigest()[:16]


def _open(sealed: bytes, about: str) -> bytes:
    if sealed[0] != FORMAT:
        raise ValueError(sealed[0])
    end = 2 + sealed[1]
    key = current_app.extensions["seal"][sealed[2:end].decode()]
    point, nonce = sealed[end : end + POINT], sealed[end + POINT : end + POINT + NONCE]
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    return _cipher(key.exchange(ec.ECDH(), theirs)).decrypt(nonce, sealed[end + POINT + NONCE :], about.encode())


def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), 32, salt=None, info=INFO).derive(secret))


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _read(file: Path) -> ec.EllipticCurvePrivateKey:
    return serialization.load_pem_private_key(file.read_bytes(), password=None)
