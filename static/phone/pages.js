// The other pages of the phone: what waits, my cases, and whom to call. Built from templates in the page.

import { asDraft, draft, item as newItem } from "./form.js";
import { newId } from "./seal.js";
import { all, asBytes, change, fromBytes, kept, remove, shown, write } from "./store.js";
import { exported, hurry } from "./queue.js";

const texts = document.body.dataset;
const HEAPS = ["drafts", "attention", "waiting", "sent"];

function copyOf(name, words = {}) {
  const made = document.getElementById(name).content.firstElementChild.cloneNode(true);
  for (const [part, text] of Object.entries(words)) {
    const place = made.querySelector(`[data-${part}]`);
    place.textContent = text ?? "";
    place.hidden = !text;
  }
  return made;
}

const when = (at) => new Date(at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });

async function titleOf(item) {
  if (item.kind === "attachment") return texts.file;
  const words = item.copy && fromBytes(await shown(item.copy));
  const text = words?.summary ?? words?.facts?.note ?? words?.facts?.result ?? "";
  return text.slice(0, 40) || (item.kind === "case" ? texts.report : texts.operation);
}

/** What belongs to whoever is signed in: a phone may pass from hand to hand. */
async function own(name) {
  const me = await kept("me");
  return (await all(name)).filter((one) => !me || one.owner === null || one.owner === me.user.id);
}

/** Draws the four heaps; `reopen(content)` opens a draft or an item in the form. */
export async function drawQueue(reopen) {
  const [drafts, items] = [await own("drafts"), await own("items")];
  const rows = { drafts: await Promise.all(drafts.map((one) => draftRow(one, reopen))), attention: [], waiting: [], sent: [] };
  for (const item of items.sort((a, b) => b.createdAt - a.createdAt)) rows[item.state].push(await itemRow(item, items, reopen));
  for (const heap of HEAPS) {
    const section = document.querySelector(`[data-heap=${heap}]`);
    section.hidden = !rows[heap].length;
    section.querySelector("ul").replaceChildren(...rows[heap]);
  }
  document.getElementById("nothing-waits").hidden = HEAPS.some((heap) => rows[heap].length);
  const count = drafts.length + items.filter((item) => item.state !== "sent").length;
  document.getElementById("count").textContent = count || "";
  document.getElementById("count").hidden = !count;
}

async function draftRow(one, reopen) {
  const told = fromBytes(await shown(one.text));
  const row = copyOf("draft-row", { title: told?.summary?.slice(0, 40) || texts.report, when: when(one.at) });
  act(row, "open", async () => reopen(await draft(one.id)));
  act(row, "discard", () => confirm(texts.sure) && remove("drafts", one.id));
  return row;
}

async function itemRow(item, items, reopen) {
  const wrong = Object.values(item.error?.fields ?? {}).flat().join(" ");
  const row = copyOf("item-row", {
    title: await titleOf(item), when: when(item.createdAt), code: item.receipt?.code,
    why: item.error && [item.error.message, ...(item.error.news ?? []), wrong].filter(Boolean).join(" "),
  });
  const correctable = item.copy && item.kind === "case" && (item.state === "attention" || !item.attempts);
  act(row, "open", correctable && (async () => reopen(await takenBack(item, items))));
  act(row, "again", item.error?.error === "moved" && item.copy && (() => sendOnNew(item)));
  act(row, "retry", item.state === "attention" && item.error?.error !== "moved" && (() => retry(item)));
  act(row, "export", item.state !== "sent" && (async () => saveFile(await exported([item]))));
  act(row, "discard", item.state !== "sent" && (() => confirm(texts.sure) && remove("items", item.uuid)));
  return row;
}

function act(row, name, does) {
  const button = row.querySelector(`[data-act=${name}]`);
  button.hidden = !does;
  if (does) button.addEventListener("click", async () => {
    await does();
    document.dispatchEvent(new Event("changed"));
  });
}

/** A report out of the queue and among the drafts, in one step: what is being corrected must not be sent meanwhile. */
async function takenBack(item, items) {
  const content = await contentOf(item, items);
  const made = await asDraft(content, await kept("me"));
  let taken = null;
  await write(["items", "drafts"], (stores) => {
    stores.items.get(item.uuid).onsuccess = ({ target }) => {
      const found = target.result;
      if (!found || found.state !== item.state || found.attempts !== item.attempts) return;
      taken = content;
      [item.uuid, ...content.old].forEach((uuid) => stores.items.delete(uuid));
      stores.drafts.put(made);
    };
  });
  return taken;
}

/** A refused report as the form takes it. What may have arrived with other words gets an id of its own. */
async function contentOf(item, items) {
  const files = items.filter((other) => other.caseUuid === item.uuid && other.kind === "attachment" && other.copy);
  const other = item.error?.error === "other_body";
  const opened = await Promise.all(files.map(async (file) => ({ uuid: other ? newId() : file.uuid, type: file.type, bytes: await shown(file.copy), copy: file.copy })));
  return { id: other ? newId() : item.uuid, said: fromBytes(await shown(item.copy)) ?? {}, files: opened.filter((file) => file.bytes),
           old: files.map((file) => file.uuid) };
}

/** The person has seen what happened meanwhile and wants it all the same: said anew, of the version shown. */
async function sendOnNew(item) {
  const said = { ...fromBytes(await shown(item.copy)), version: item.error.version };
  await queueOperation(item.caseUuid, said, item.uuid);
}

async function retry(item) {
  await change("items", item.uuid, (found) => ({ ...found, state: "waiting", error: null, nextAt: 0 }));
}

async function queueOperation(caseUuid, said, replaced) {
  const [me, uuid] = [await kept("me"), newId()];
  const about = { uuid, caseUuid, owner: me.user.id, kind: "operation", method: "POST", url: `/api/v1/cases/${caseUuid}/operations/${uuid}`, type: "application/json" };
  const made = await newItem(about, asBytes({ ...said, device_time: new Date().toISOString() }), me);
  await write(["items"], (stores) => {
    if (replaced) stores.items.delete(replaced);
    stores.items.put(made);
  });
}

export function saveFile(content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1)], { type: "application/json" }));
  link.download = `lianhu-${new Date().toISOString().slice(0, 10)}.json`;
  link.click();
}

export const saveAll = async () => saveFile(await exported((await own("items")).filter((item) => item.state !== "sent")));
export { hurry };

/** Draws my open cases as they were last seen, tasks first, each with what may be said about it from here. */
export async function drawCases() {
  const seen = await kept("cases");
  const list = document.getElementById("case-list");
  list.replaceChildren(...(seen?.cases ?? []).map(caseRow));
  document.getElementById("no-cases").hidden = Boolean(seen?.cases.length);
  document.getElementById("seen-at").textContent = seen ? texts.seen.replace("{at}", when(seen.at)) : "";
}

function caseRow(one) {
  const row = copyOf("case-row", {
    title: one.summary, area: one.area, state: one.state_name, code: one.number ?? one.code, due: one.due_at && texts.due.replace("{at}", when(one.due_at)),
    task: one.task && texts.task,
  });
  row.querySelector("[data-link]").href = `/cases/${one.code}`;
  row.querySelector("[data-operations]").append(...one.operations.map((operation) => operationForm(one, operation)));
  return row;
}

function operationForm(one, operation) {
  const fold = copyOf("operation-form", { name: operation.name });
  const form = fold.querySelector("form");
  form.querySelector("[data-fields]").append(...operation.fields.map((field) => fieldFor(field, `${one.uuid}-${operation.action}-${field.name}`)));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const facts = Object.fromEntries([...new FormData(form)].filter(([, value]) => value));
    await queueOperation(one.uuid, { action: operation.action, version: one.version, facts });
    fold.open = false;
    form.reset();
    document.dispatchEvent(new CustomEvent("saved"));
  });
  return fold;
}

function fieldFor(field, id) {
  const made = copyOf(field.choices.length ? "choice-field" : "text-field", { label: field.label });
  const input = made.querySelector("select, textarea");
  Object.assign(input, { id, name: field.name, required: field.required });
  if (field.choices.length) input.replaceChildren(...field.choices.map((choice) => new Option(choice.name, choice.value)));
  return made;
}

/** Draws whom to call: the duty desks, then the leaders of the household groups. */
export async function drawCalls() {
  const me = await kept("me");
  const calls = [...(me?.duty ?? []).map((one) => [one.name, "", one.phone]), ...(me?.leaders ?? []).map((one) => [one.group, one.name, one.phone])];
  document.getElementById("call-list").replaceChildren(...calls.map(([name, who, phone]) => {
    const row = copyOf("call-row", { title: name, who, number: phone });
    row.querySelector("a").href = `tel:${phone}`;
    return row;
  }));
}
