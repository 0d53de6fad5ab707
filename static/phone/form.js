// The report form without signal: drafts while typing, photos made small when chosen, and saving at once.

import { drawFiles, filesDone, startFiles } from "./files.js";
import { base64 } from "./queue.js";
import { newId, seal } from "./seal.js";
import { all, asBytes, fromBytes, hidden, kept, put, remove, shown, write } from "./store.js";

const form = document.getElementById("report");
const note = document.getElementById("form-note");
const texts = document.body.dataset;
const TICKS = ["settled", "urgent", "private", "protected", "against_village"];
let now;
let timer;
let saving = false;
let drafted = Promise.resolve(); // what is under way, for saving to wait for

/** An empty form, or one filled in with `content` ({id, said, files}). */
export async function open(content) {
  now = content ?? { id: newId(), said: {}, files: [] };
  form.reset();
  await offerPlaces();
  fillIn(now.said);
  drawFiles(now);
  say("");
  document.getElementById("offer").hidden = true;
}

/** The places one may report in, one's own grid first; what was chosen stays chosen. */
export async function offerPlaces() {
  const me = await kept("me");
  const select = form.elements.area;
  const chosen = select.value;
  select.replaceChildren(...(me?.areas ?? []).map((area) => new Option(area.label, area.code)));
  if (chosen) select.value = chosen;
  document.getElementById("no-places").hidden = Boolean(me);
}

function fillIn(said) {
  for (const [name, value] of Object.entries(said)) {
    const field = form.elements[name === "category" ? "kind" : name === "summary" ? "description" : name];
    if (name === "kind" || name === "position" || !field) continue;
    if (TICKS.includes(name)) field.checked = value;
    else field.value = value;
  }
  for (const fold of form.querySelectorAll("details")) {
    fold.open = [...fold.querySelectorAll("input, textarea")].some((field) => field.type === "checkbox" ? field.checked : field.type === "text" && field.value);
  }
  settledBox();
  drawPosition();
}

const settledBox = () => (document.getElementById("settled-box").hidden = !form.elements.settled.checked);

/** What the form says, as the interface takes it; without what was left empty. */
function said() {
  const data = Object.fromEntries(new FormData(form));
  const chosen = form.querySelector("[name=kind]:checked");
  const told = { ...data, category: data.kind, kind: chosen?.closest("[data-kind]").dataset.kind, summary: data.description };
  delete told.description;
  if (data.people_count) told.people_count = Number(data.people_count);
  for (const name of TICKS) told[name] = form.elements[name].checked;
  if (!told.settled) delete told.result;
  if (now.said.position) told.position = now.said.position;
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value && value !== "" && !(value instanceof File)));
}

const isEmpty = (told) => !told.summary?.trim() && !told.category && !told.applicant && !now.files.length;

/** Keeps the draft, hidden; at most every 400 ms, and at once when the page goes away. */
export function keepDraft() {
  clearTimeout(timer);
  drafted = drafted.then(writeDraft).catch(() => full());
  return drafted;
}

async function writeDraft() {
  const told = said();
  if (saving || isEmpty(told)) return;
  const content = { ...now, said: told };
  await put("drafts", await asDraft(content, await kept("me")));
}

/** A photo may be ready when another report is open already: it goes to its own. */
function filesChanged(report) {
  if (report !== now) return;
  drawFiles(now);
  keepDraft();
}

/** A report as it lies among the drafts. */
export async function asDraft({ id, said: told, files }, me) {
  const copies = files.map(({ uuid, type, copy }) => ({ uuid, type, copy }));
  return { id, owner: me?.user.id ?? null, at: Date.now(), text: await hidden(asBytes(told)), files: copies };
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(keepDraft, 400);
}

/** A draft as content for `open`; null if it can no longer be read. */
export async function draft(id) {
  const found = (await all("drafts")).find((one) => one.id === id);
  const told = found && fromBytes(await shown(found.text));
  if (!told) return null;
  const files = await Promise.all(found.files.map(async (file) => ({ ...file, bytes: await shown(file.copy) })));
  return { id: found.id, said: told, files: files.filter((file) => file.bytes) };
}

/** Saves at once, on the phone: the body is built here, once, and never again. */
async function save(event) {
  event.preventDefault();
  if (saving) return; // tapped twice
  saving = true;
  try {
    await Promise.allSettled([drafted, filesDone()]);
    await saveWhatIsSaid();
  } finally {
    saving = false;
  }
}

async function saveWhatIsSaid() {
  const told = said();
  const missing = ["category", "area", "summary"].filter((name) => !told[name]?.trim());
  if (told.settled && !told.result?.trim()) missing.push("result");
  if (missing.length) return complain(missing);
  const me = await kept("me").catch(() => null);
  if (!me) return say(texts.never);
  try {
    await store({ ...told, device_time: new Date().toISOString() }, me);
  } catch {
    return full();
  }
  form.dispatchEvent(new CustomEvent("saved", { bubbles: true }));
  return open();
}

function complain(missing) {
  const field = { category: "kind-0", area: "area", summary: "description", result: "result" }[missing[0]];
  say(texts[`missing_${missing[0]}`]);
  document.getElementById(field).focus();
}

async function store(body, me) {
  const items = await built(body, me);
  const id = now.id;
  await write(["items", "drafts"], (stores) => {
    items.forEach((item) => stores.items.add(item)); // never over what lies there under this id
    stores.drafts.delete(id);
  });
}

async function built(body, me) {
  const address = `/api/v1/cases/${now.id}`;
  const about = { owner: me.user.id, caseUuid: now.id, method: "PUT" };
  const first = await item({ ...about, uuid: now.id, kind: "case", url: address, type: "application/json" }, asBytes(body), me);
  const files = now.files.map((file) => item({ ...about, uuid: file.uuid, kind: "attachment", url: `${address}/attachments/${file.uuid}`, type: file.type }, file.bytes, me));
  return [first, ...(await Promise.all(files))];
}

/** A thing to send: sealed for the server, with a copy for its owner that sign-out makes unreadable. */
export async function item(about, plain, me) {
  const body = await seal(plain, about.uuid, me.seal);
  return { ...about, body, copy: await hidden(plain), state: "waiting", attempts: 0, nextAt: 0, createdAt: Date.now() };
}

const place = document.getElementById("position");
function tellPosition() {
  if (now.said.position) {
    delete now.said.position;
    return drawPosition();
  }
  return navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      now.said.position = { latitude: coords.latitude, longitude: coords.longitude, accuracy: Math.min(coords.accuracy, 100000) };
      drawPosition();
      keepDraft();
    },
    () => say(texts.noposition),
    { enableHighAccuracy: true, timeout: 20000 },
  );
}

function drawPosition() {
  const known = now.said.position;
  place.textContent = known ? texts.forget_position.replace("{n}", Math.round(known.accuracy)) : texts.tell_position;
}

/** The phone kept nothing: what was typed is still in the form, and can be carried away in a file. */
function full() {
  say(texts.full);
  document.getElementById("export-form").hidden = false;
}

/** What stands in the form, for a file. */
export const typed = () => ({ uuid: now.id, words: said(), files: now.files.map(({ type, bytes }) => ({ type, content: base64(bytes) })) });

function say(text) {
  document.getElementById("export-form").hidden = true;
  note.textContent = text;
  note.hidden = !text;
  if (text) note.scrollIntoView({ block: "center" });
}

/** Makes the form work; called once. */
export function start() {
  form.addEventListener("submit", save);
  form.addEventListener("input", soon);
  form.elements.settled.addEventListener("change", settledBox);
  startFiles({ report: () => now, changed: filesChanged, say });
  place.hidden = !navigator.geolocation;
  place.addEventListener("click", tellPosition);
  document.addEventListener("visibilitychange", () => document.hidden && keepDraft());
  window.addEventListener("pagehide", keepDraft);
}

/** Offers the newest draft of this person, if there is one. */
export async function offerDraft() {
  const me = await kept("me");
  const drafts = (await all("drafts")).filter((one) => one.owner === (me?.user.id ?? null));
  const newest = drafts.sort((a, b) => b.at - a.at)[0];
  const offer = document.getElementById("offer");
  offer.hidden = !newest;
  if (!newest) return;
  offer.querySelector("[data-open]").onclick = async () => {
    const content = await draft(newest.id);
    return content ? open(content) : remove("drafts", newest.id).then(() => open());
  };
}
