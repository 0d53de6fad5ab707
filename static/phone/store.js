// What lies on the phone: drafts, items to send, and what is kept to work without signal.
// Words are never kept readable: drafts and copies are under a key that no page can read out and that sign-out drops.

const STORES = { items: "uuid", drafts: "id", kept: "name" };
let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("lianhu", 1);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) request.result.createObjectStore(name, { keyPath });
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => {
        request.result.close();
        opened = undefined;
      };
      resolve(request.result);
    };
    request.onerror = request.onblocked = () => {
      opened = undefined;
      reject(request.error ?? new Error("blocked"));
    };
  });
  return opened;
}

/** Runs `change(stores)` in one transaction that is on the disk when this resolves; any failure undoes all of it. */
export async function write(names, change) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(names, "readwrite", { durability: "strict" });
    transaction.oncomplete = resolve;
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("aborted"));
    change(Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)])));
  });
}

async function read(name, ask) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const request = ask(database.transaction(name).objectStore(name));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export const all = (name) => read(name, (store) => store.getAll());
export const one = (name, key) => read(name, (store) => store.get(key));
export const put = (name, record) => write([name], (stores) => stores[name].put(record));
export const remove = (name, key) => write([name], (stores) => stores[name].delete(key));
export const keep = async (name, value) => put("kept", { name, text: await hidden(asBytes(value)) });
export async function kept(name) {
  const found = await one("kept", name);
  return found?.text && fromBytes(await shown(found.text));
}

/** Changes a record that is still there, and gives it; what was thrown away or taken back meanwhile stays so. */
export async function change(name, key, how) {
  let changed;
  await write([name], (stores) => {
    stores[name].get(key).onsuccess = ({ target }) => {
      changed = target.result && how(target.result);
      if (changed) stores[name].put(changed);
    };
  });
  return changed;
}

/** One key for all tabs: were it made twice, what was hidden under the first could never be read again. */
async function localKey() {
  const known = await one("kept", "key");
  if (known) return known.value;
  const value = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await write(["kept"], ({ kept: store }) => {
    store.get("key").onsuccess = ({ target }) => target.result ?? store.put({ name: "key", value });
  });
  return (await one("kept", "key")).value;
}

/** Bytes under the phone's own key. */
export async function hidden(plain) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, text: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await localKey(), plain) };
}

/** The bytes again; null if the key is gone, since somebody signed out. */
export async function shown(copy) {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: copy.iv }, await localKey(), copy.text));
  } catch {
    return null;
  }
}

export const asBytes = (value) => new TextEncoder().encode(JSON.stringify(value));
export const fromBytes = (bytes) => (bytes ? JSON.parse(new TextDecoder().decode(bytes)) : null);

/** Leaves nothing readable: what waits stays sealed and still goes out when its owner signs in again. */
export async function forget() {
  await write(["items", "drafts", "kept"], (stores) => {
    stores.drafts.clear();
    stores.kept.clear();
    stores.items.openCursor().onsuccess = ({ target }) => {
      if (!target.result) return;
      target.result.update({ ...target.result.value, copy: null });
      target.result.continue();
    };
  });
}
