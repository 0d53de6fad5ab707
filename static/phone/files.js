// The photos and voice notes of a report: each goes to the report for which it was made, and saving waits for it.

import { Unfit, canRecord, record, shrunk } from "./media.js";
import { newId } from "./seal.js";
import { hidden } from "./store.js";

const texts = document.body.dataset;
const list = document.getElementById("files");
const voice = document.getElementById("voice");
let photos = Promise.resolve(); // one at a time: cheap phones have little memory
let spoken = Promise.resolve();
let recording;
let form;

/** Makes the buttons work; `form` is {report(), changed(report), say(text)}. */
export function startFiles(owner) {
  form = owner;
  document.getElementById("files-input").addEventListener("change", addPhotos);
  voice.hidden = !canRecord();
  voice.addEventListener("click", toggleVoice);
}

/** When everything that was begun is with its report; a note that is still being spoken ends here. */
export function filesDone() {
  recording?.stop();
  return Promise.allSettled([photos, spoken]);
}

function addPhotos(event) {
  const [report, chosen] = [form.report(), [...event.target.files]];
  event.target.value = "";
  for (const file of chosen) photos = photos.then(() => addPhoto(report, file));
}

async function addPhoto(report, file) {
  try {
    await addFile(report, await shrunk(file), "image/jpeg");
  } catch (error) {
    form.say((error instanceof Unfit && error.message === "large" ? texts.large : texts.nophoto).replace("{name}", file.name));
  }
}

async function addFile(report, bytes, type) {
  report.files.push({ uuid: newId(), type, bytes, copy: await hidden(bytes) });
  form.changed(report);
}

async function toggleVoice() {
  if (recording) return recording.stop();
  const report = form.report();
  try {
    recording = await record();
  } catch {
    return form.say(texts.novoice);
  }
  voice.textContent = texts.stop;
  spoken = addNote(report, recording.done);
  return spoken;
}

async function addNote(report, done) {
  const made = await done;
  recording = undefined;
  voice.textContent = texts.record;
  await addFile(report, made.bytes, made.type);
}

/** Draws what goes along, each with a way to take it away again. */
export function drawFiles(report) {
  list.replaceChildren(...report.files.map((file) => rowOf(file, report)));
}

function rowOf(file, report) {
  const row = document.createElement("li");
  const view = document.createElement(file.type.startsWith("image/") ? "img" : "audio");
  view.src = URL.createObjectURL(new Blob([file.bytes], { type: file.type }));
  if (view.tagName === "AUDIO") view.controls = true;
  else view.alt = texts.photo;
  const drop = document.createElement("button");
  Object.assign(drop, { type: "button", className: "plain", textContent: texts.drop });
  drop.addEventListener("click", () => {
    report.files = report.files.filter((other) => other !== file);
    form.changed(report);
  });
  row.append(view, drop);
  return row;
}
