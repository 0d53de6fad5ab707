// Serves the phone's pages without signal, and sends what waits when signal returns. Keeps no page with anybody's data.

import { flush } from "/static/phone/queue.js";

const CACHE = "lianhu-{version}"; // the server fills it in, so that every release is another worker
const SHELLS = ["/m/zh", "/m/en"];
const FILES = [
  "/static/app.css", "/static/phone.css",
  ...["shell", "form", "files", "pages", "queue", "store", "seal", "media"].map((name) => `/static/phone/${name}.js`),
];
const PATIENCE = 3000;

self.addEventListener("install", (event) => {
  const fresh = [...SHELLS, ...FILES].map((path) => new Request(path, { cache: "no-cache", credentials: "omit" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))));
  event.waitUntil(old.then(() => self.clients.claim()));
});

// Never by itself: a form that is being filled in must not change under the hand.
self.addEventListener("message", (event) => event.data === "take over" && self.skipWaiting());

self.addEventListener("sync", (event) => event.tag === "lianhu-send" && event.waitUntil(flush(orAgain)));

/** The browser tries again later if this fails. */
function orAgain(_me, why) {
  if (why === "offline") throw new Error(why);
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin || url.pathname.startsWith("/api/")) return;
  if (event.request.mode === "navigate") event.respondWith(page(event.request, url.pathname));
  else if (FILES.includes(url.pathname)) event.respondWith(file(event.request, url.pathname));
});

const kept = (path) => caches.open(CACHE).then((cache) => cache.match(path));

/** The phone's page stays on one version; the other pages get a kept stylesheet only when there is no signal. */
async function file(request, path) {
  const found = await kept(path);
  if (!found) return fetch(request);
  const isPhones = path.startsWith("/static/phone") || SHELLS.some((shell) => request.referrer.includes(shell));
  return isPhones ? found : fetch(request).catch(() => found);
}

async function page(request, path) {
  if (SHELLS.includes(path)) return (await kept(path)) ?? fetch(request);
  try {
    return await begun(fetch(request), PATIENCE * (navigator.onLine ? 5 : 1));
  } catch (error) {
    const shell = await kept(path.startsWith("/m/en") ? "/m/en" : "/m/zh");
    if (!shell) throw error;
    return shell;
  }
}

/** An answer that begins in time; how long the rest takes does not matter, so that a slow line still shows its page. */
function begun(answer, patience) {
  return Promise.race([answer, new Promise((_resolve, reject) => setTimeout(() => reject(new Error("slow")), patience))]);
}
