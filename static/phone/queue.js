// Sends what waits, each thing once: by the page and by the service worker, one of them at a time.

import { all, change, forget, keep, remove, shown } from "./store.js";

const PART = 64 * 1024;
const ATTENTION = [400, 403, 404, 405, 409, 410, 413, 415, 422];
const KEPT_FOR = 7 * 24 * 3600 * 1000;
const SEALED = "application/vnd.lianhu.sealed";
const ORDER = { case: 0, operation: 1, attachment: 2 };

class Stop extends Error {}

/**
 * Sends what is due; `tell(me, why)` hears who is signed in (or null) and why it stopped ("", "sign_in", "offline").
 * Gives "busy" if another tab or the worker is just sending.
 */
export async function flush(tell = () => {}) {
  if (!navigator.locks) return work(tell);
  return navigator.locks.request("lianhu-flush", { ifAvailable: true }, (lock) => (lock ? work(tell) : "busy"));
}

async function work(tell) {
  const me = await whoAmI();
  if (!me.user) return tell(null, me.why);
  try {
    for (const kind of Object.keys(ORDER)) {
      for (const item of await due(kind, me.user.id)) await sendOne(item, me);
    }
    await tidy();
    return tell(me, "");
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return tell(me, error.message);
  }
}

/** Text goes before photos, and a photo only when its case has arrived. */
async function due(kind, owner) {
  const items = await all("items");
  const open = new Set(items.filter((item) => item.kind === "case" && item.state !== "sent").map((item) => item.uuid));
  return items
    .filter((item) => item.kind === kind && item.state === "waiting" && item.owner === owner)
    .filter((item) => item.nextAt <= Date.now() && !(kind !== "case" && open.has(item.caseUuid)))
    .sort((a, b) => a.createdAt - b.createdAt);
}

/** Who is signed in, and the page's token: asked anew each time, since both change while a phone is offline. */
export async function whoAmI() {
  const answer = await ask("/api/v1/me", { cache: "no-store" }, 15000).catch(() => null);
  const said = answer && (await jsonOf(answer));
  if (answer?.status === 200 && said?.user) {
    const { csrf_token: _token, ...lasting } = said;
    await keep("me", lasting);
    return said;
  }
  if (answer?.status === 401 && said?.error === "device_revoked") await forget();
  return { why: answer?.status === 401 && said?.error ? "sign_in" : "offline" };
}

async function sendOne({ uuid }, me) {
  // Counted before it leaves: what may have arrived must not be changed any more.
  const item = await change("items", uuid, (found) => found.state === "waiting" && { ...found, attempts: found.attempts + 1 });
  if (!item) return;
  const answer = await send(item, me).catch(() => null);
  const said = answer && (await jsonOf(answer));
  if (said && [200, 201].includes(answer.status) && said.uuid === item.uuid) return sent(item, said);
  if (answer?.status === 401) throw new Stop("sign_in");
  if (said?.error && said.error !== "csrf" && ATTENTION.includes(answer.status)) return needsAttention(item, answer.status, said);
  await later(item);
  if (!said?.error) throw new Stop("offline"); // no answer of ours: the line is bad, not the item
}

async function send(item, me) {
  const headers = { "X-CSRFToken": me.csrf_token, "Content-Type": SEALED, "X-Sealed-Type": item.type };
  if (item.kind !== "attachment" || item.body.length <= PART) {
    return ask(item.url, { method: item.method, headers, body: item.body }, 60000);
  }
  return sendInParts(item, headers);
}

async function sendInParts(item, headers) {
  const known = await jsonOf(await ask(`${item.url}/received`, { cache: "no-store" }, 15000));
  const total = item.body.length;
  let start = Math.min(known?.received ?? 0, total - 1);
  for (;;) {
    const end = Math.min(start + PART, total);
    const place = { ...headers, "Content-Range": `bytes ${start}-${end - 1}/${total}` };
    const answer = await ask(item.url, { method: "PUT", headers: place, body: item.body.slice(start, end) }, 60000);
    if (answer.status !== 202 || end === total) return answer;
    start = end;
  }
}

function ask(url, options, patience) {
  const stop = new AbortController(); // older phones have no AbortSignal.timeout
  setTimeout(() => stop.abort(), patience);
  return fetch(url, { ...options, redirect: "error", credentials: "same-origin", signal: stop.signal });
}

/** The JSON of an answer; null for a page, which is what a captive portal sends. */
async function jsonOf(answer) {
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) return null;
  return answer.json().catch(() => null);
}

function sent(item, receipt) {
  const done = { state: "sent", receipt, body: null, copy: null, error: null, sentAt: Date.now() };
  return change("items", item.uuid, (found) => ({ ...found, ...done }));
}

function needsAttention(item, status, { case: seen, ...said }) {
  const error = { status, ...said, version: seen?.version }; // nothing readable of the case
  return change("items", item.uuid, (found) => ({ ...found, state: "attention", error }));
}

/** Waits longer each time, and not all phones at once. */
function later(item) {
  const wait = Math.min(300000, 5000 * 2 ** Math.min(item.attempts - 1, 6)) * (0.5 + Math.random() / 2);
  return change("items", item.uuid, (found) => ({ ...found, nextAt: Date.now() + wait }));
}

async function tidy() {
  for (const item of await all("items")) {
    if (item.state === "sent" && item.sentAt < Date.now() - KEPT_FOR) await remove("items", item.uuid);
  }
}

/** Tries again now, whatever was waited for. */
export async function hurry() {
  for (const { uuid } of await all("items")) {
    await change("items", uuid, (found) => found.state === "waiting" && { ...found, nextAt: 0 });
  }
}

/** Whether it is worth asking the server: a phone pays for every byte. */
export const isDue = async () => (await all("items")).some((item) => item.state === "waiting" && item.nextAt <= Date.now());

/** An item with its readable words, for a file that a person may carry to the centre. */
export async function exported(items) {
  const plain = await Promise.all(items.map((item) => (item.copy ? shown(item.copy) : null)));
  return items.map(({ copy, body, ...item }, at) => ({
    ...item,
    words: plain[at] && item.kind !== "attachment" ? new TextDecoder().decode(plain[at]) : null,
    sealed: body ? base64(body) : null,
  }));
}

export function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
