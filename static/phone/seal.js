// Seals a body to the server's public key: what lies on a lost phone tells times and counts, no words.

const FORMAT = 1;
const INFO = new TextEncoder().encode("lianhu seal 1");

/** Seals `plain` (Uint8Array) for the item `uuid` to `to` ({id, key: base64 of an uncompressed P-256 point}). */
export async function seal(plain, uuid, to) {
  const own = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", own.publicKey));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await sharedKey(own.privateKey, to.key);
  const about = new TextEncoder().encode(uuid);
  const text = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: about }, key, plain);
  const id = new TextEncoder().encode(to.id);
  return joined([Uint8Array.of(FORMAT, id.length), id, point, iv, new Uint8Array(text)]);
}

async function sharedKey(privateKey, base64) {
  const raw = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const theirs = await crypto.subtle.importKey("raw", raw, { name: "ECDH", namedCurve: "P-256" }, false, []);
  const secret = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, privateKey, 256);
  const source = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const rule = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: INFO };
  return crypto.subtle.deriveKey(rule, source, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
}

function joined(pieces) {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A UUID version 7 (RFC 9562): sorts by the time it was made, and needs no server. */
export function newId(at = Date.now()) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(at / 2 ** (8 * (5 - i))) & 0xff;
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
