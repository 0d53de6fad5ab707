// The phone's page as a whole: which part is shown, who is signed in, and when to send.

import { keepDraft, offerDraft, offerPlaces, open, start, typed } from "./form.js";
import { drawCalls, drawCases, drawQueue, hurry, saveAll, saveFile } from "./pages.js";
import { flush, isDue, whoAmI } from "./queue.js";
import { newId } from "./seal.js";
import { all, forget, keep, kept } from "./store.js";

const texts = document.body.dataset;
const VIEWS = ["new", "waiting", "cases", "calls"];
const FRESH = 5 * 60 * 1000;
const state = document.getElementById("state");
let me;

function show() {
  const wanted = VIEWS.find((name) => `#${name}` === location.hash) ?? "new";
  for (const name of VIEWS) document.getElementById(`view-${name}`).hidden = name !== wanted;
  for (const link of document.querySelectorAll(".tab-bar a")) {
    if (link.hash === `#${wanted}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  window.scrollTo(0, 0);
}

const redraw = () => Promise.all([drawQueue(reopen), drawCases(), drawCalls()]);

async function reopen(content) {
  if (!content) return;
  await open(content);
  location.hash = "#new";
}

/** Sends what waits, then fetches what to keep; the line at the top says how it stands. */
async function send() {
  const busy = await flush(async (found, why) => {
    me = found ?? (await kept("me")) ?? null;
    tell(why);
    if (found) await tellDevice();
    if (found && !why) await refresh();
  });
  if (busy) setTimeout(send, 1500); // to see how it went
  await redraw();
}

function tell(why) {
  document.getElementById("sign-in").hidden = why !== "sign_in";
  state.textContent = why === "offline" ? texts.offline : why === "sign_in" ? texts.signed_out : (me?.user.name ?? "");
  document.getElementById("sign-out").hidden = !me || Boolean(why);
}

async function refresh() {
  const [seen, items] = [await kept("cases"), await all("items")];
  const since = Math.max(Date.now() - FRESH, ...items.map((item) => item.sentAt ?? 0));
  if (seen?.of === me.user.id && seen.at > since) return;
  const answer = await fetch("/api/v1/cases", { cache: "no-store", redirect: "error" }).catch(() => null);
  if (answer?.status === 200) await keep("cases", { at: Date.now(), of: me.user.id, cases: (await answer.json()).cases });
}

/** Says how much waits here, once an hour or when that changed: whoever answers for it should know. */
async function tellDevice() {
  const waiting = (await all("items")).filter((item) => item.owner === me.user.id && item.state !== "sent");
  const oldest = waiting.length ? new Date(Math.min(...waiting.map((item) => item.createdAt))).toISOString() : null;
  const name = navigator.userAgentData?.platform ?? navigator.platform ?? "";
  const body = JSON.stringify({ name, version: texts.version, waiting: waiting.length, oldest });
  const told = (await kept("device")) ?? { id: newId(), at: 0 };
  if (told.body === body && told.at > Date.now() - 3600000) return;
  const headers = { "Content-Type": "application/json", "X-CSRFToken": me.csrf_token };
  const answer = await fetch(`/api/v1/devices/${told.id}`, { method: "PUT", headers, body, redirect: "error" }).catch(() => null);
  if (answer?.status === 200) await keep("device", { id: told.id, body, at: Date.now() });
  if (answer?.status === 404) await keep("device", { id: newId(), at: 0 }); // somebody else's: this one is new
}

async function saved() {
  await redraw();
  document.getElementById("thanks").hidden = false;
  location.hash = "#waiting";
  askToKeep();
  const worker = await navigator.serviceWorker.getRegistration().catch(() => null);
  await worker?.sync?.register("lianhu-send").catch(() => {});
  await send();
}

/** Some browsers ask their user first: nothing waits for that answer. */
async function askToKeep() {
  const asked = await navigator.storage?.persist?.().catch(() => false);
  document.getElementById("persist").textContent = asked ? texts.kept : texts.may_be_lost;
}

async function signOut() {
  const waiting = (await all("drafts")).length || (await all("items")).some((item) => item.state !== "sent");
  if (waiting && !confirm(texts.sign_out_sure)) return;
  const found = await whoAmI();
  const body = new URLSearchParams({ csrf_token: found.csrf_token ?? "" });
  await fetch("/sign-out", { method: "POST", body }).catch(() => {});
  await forget();
  location.href = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
}

/** A new version waits until somebody taps: nothing changes under the hand. */
async function watchVersion() {
  const registration = await navigator.serviceWorker.register("/sw.js", { type: "module", updateViaCache: "none" });
  const offer = (worker) => {
    if (!worker || !navigator.serviceWorker.controller) return;
    const bar = document.getElementById("new-version");
    bar.hidden = false;
    bar.querySelector("button").onclick = () => worker.postMessage("take over");
  };
  offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => worker.state === "installed" && offer(worker));
  });
  const first = !navigator.serviceWorker.controller;
  navigator.serviceWorker.addEventListener("controllerchange", async () => {
    if (first) return;
    await keepDraft();
    location.reload();
  });
}

const keepsNothing = () => /MicroMessenger/i.test(navigator.userAgent) || !navigator.serviceWorker || !globalThis.crypto?.subtle;

async function begin() {
  if (keepsNothing()) {
    document.getElementById("keeps-nothing").hidden = false;
    document.getElementById("address").value = location.href;
    document.querySelector(".tab-bar").hidden = true;
    for (const name of VIEWS) document.getElementById(`view-${name}`).hidden = true;
    return;
  }
  start();
  show();
  await open();
  await offerDraft();
  window.addEventListener("hashchange", show);
  document.addEventListener("saved", saved);
  document.addEventListener("changed", send);
  document.getElementById("send-now").addEventListener("click", () => hurry().then(send));
  document.getElementById("export-all").addEventListener("click", saveAll);
  document.getElementById("export-form").addEventListener("click", () => saveFile([typed()]));
  document.getElementById("sign-out").addEventListener("click", signOut);
  for (const event of ["online", "focus", "pageshow"]) window.addEventListener(event, send);
  document.addEventListener("visibilitychange", () => document.hidden || send());
  setInterval(async () => (await isDue()) && send(), 30000);
  await watchVersion().catch(() => {});
  await redraw();
  await send();
  await offerPlaces();
  document.body.dataset.ready = "yes";
}

begin();
