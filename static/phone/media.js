// Photos and voice notes: made small on the phone, with nothing in them that says where or with what they were made.

const LONGEST_SIDE = 1280;
const QUALITY = 0.7;
const MOST_BYTES = 30 * 1024 * 1024;
const MOST_PIXELS = 60e6;
const LONGEST_NOTE = 60000;

export class Unfit extends Error {}

/** A photo drawn anew as a JPEG of at most 1280 pixels; one at a time. Throws Unfit("large" | "kind"). */
export async function shrunk(file) {
  if (file.size > MOST_BYTES) throw new Unfit("large");
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) throw new Unfit("kind");
  try {
    if (picture.width * picture.height > MOST_PIXELS) throw new Unfit("large");
    return await drawn(picture);
  } finally {
    picture.close();
  }
}

async function drawn(picture) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  canvas.width = canvas.height = 0; // cheap phones run out of memory otherwise
  if (!blob) throw new Unfit("kind");
  return new Uint8Array(await blob.arrayBuffer());
}

export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);

/** Starts a voice note of at most a minute; gives {stop, done}, done being the note's {bytes, type}. */
export async function record() {
  const sound = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(sound, { audioBitsPerSecond: 24000 });
  const pieces = [];
  recorder.ondataavailable = (event) => pieces.push(event.data);
  const done = new Promise((resolve) => {
    recorder.onstop = async () => {
      sound.getTracks().forEach((track) => track.stop());
      const type = recorder.mimeType.split(";")[0];
      resolve({ bytes: new Uint8Array(await new Blob(pieces).arrayBuffer()), type });
    };
  });
  recorder.start();
  setTimeout(() => recorder.state === "recording" && recorder.stop(), LONGEST_NOTE);
  return { stop: () => recorder.state === "recording" && recorder.stop(), done };
}
