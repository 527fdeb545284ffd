// The learner's record in the page: what was called, line by line. It is in the browser's storage, a key a line, so that
// two tabs never write over one another; where a Jupyter server keeps the file, the lines of both are made one. Where
// storage is refused they last as long as the page. Nothing is sent to anybody but that server.

/** @typedef {Record<string, any> & {at: string, kind: string}} Line */

const PREFIX = "gradwalk-record ";
const VERSION = 1; // of the lines that are written here; see gradwalk/exercises/record.py
const HEADER = `{"gradwalk": "record", "version": ${VERSION}}`;

class Book {
  /** @type {Set<string>} what this page has, in whatever order it came */
  #lines = new Set();
  /** @type {[Line, string][] | null} the same, read, in the order of their time; null after a change */
  #order = null;
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** @type {Storage | null} */
  #storage = null;
  #sending = Promise.resolve();

  constructor() {
    try {
      this.#storage = "key" in globalThis.localStorage ? globalThis.localStorage : null;
      this.#read();
    } catch { this.#storage = null; } // refused
    this.server = served();
    this.ask();
    // Another tab has written: what it says is in the key's value.
    globalThis.addEventListener?.("storage", ({ key, newValue }) => {
      if (key?.startsWith(PREFIX) && newValue) this.#take(newValue);
    });
  }

  /** Is it kept when the page is gone? */
  get kept() { return Boolean(this.#storage ?? this.server); }

  /** @returns {Line[]} in the order of their time */
  get lines() { return this.#ordered().map(([told]) => told); }

  /** All of it as the file has it. */
  get text() { return [HEADER, ...this.#ordered().map(([, line]) => line), ""].join("\n"); }

  /** @param {() => void} listener */
  heard(listener) { this.#listeners.add(listener); }

  /** @param {Record<string, any> & {kind: string}} told */
  note(told) {
    const line = { at: new Date().toISOString(), stop: stop(), ...told };
    this.#take(JSON.stringify(line));
    this.ask();
  }

  /** Lines that came from elsewhere: a file that was carried over. @param {string} text */
  bring(text) {
    this.#take(text);
    this.ask();
  }

  /** What does the file have, where a server keeps one? */
  ask() { if (this.server) this.#exchange(); }

  /** @returns {[Line, string][]} */
  #ordered() {
    this.#order ??= [...this.#lines].map((line) => /** @type {[Line, string]} */ ([JSON.parse(line), line]))
      .sort(([one], [two]) => (one.at < two.at ? -1 : 1));
    return this.#order;
  }

  #read() {
    for (let k = 0; k < (this.#storage?.length ?? 0); k++) {
      const key = this.#storage?.key(k) ?? "";
      if (key.startsWith(PREFIX)) this.#lines.add(this.#storage?.getItem(key) ?? "");
    }
    this.#lines = new Set([...this.#lines].filter(whole));
  }

  /** @param {string} text */
  #take(text) {
    const fresh = understood(text).filter((line) => !this.#lines.has(line));
    if (fresh.length) this.#order = null;
    for (const line of fresh) {
      this.#lines.add(line);
      try { this.#storage?.setItem(`${PREFIX}${JSON.parse(line).at} ${hash(line)}`, line); }
      catch { this.#storage = null; } // full: from now on the page alone has it
    }
    if (fresh.length) for (const listener of this.#listeners) listener();
  }

  // One at a time: the server says what the file has, and is told what it lacks.
  #exchange() {
    this.#sending = this.#sending.then(async () => {
      const came = await fetch(this.server, { headers: token() });
      if (!came.ok) return;
      const there = await came.text(), has = new Set(there.split("\n"));
      const lacks = [...this.#lines].filter((line) => !has.has(line)), body = [HEADER, ...lacks].join("\n");
      if (lacks.length) await fetch(this.server, { method: "POST", headers: token(), body });
      this.#take(there);
    }).catch(() => {}); // the server is gone: the next exchange brings it
  }
}

/** The lines of a text, but for those that a newer gradwalk wrote. @param {string} text */
function understood(text) {
  let version = 1;
  return text.split("\n").filter((line) => {
    try { version = JSON.parse(line).version ?? version; }
    catch { return false; }
    return version <= VERSION && whole(line);
  });
}

/** Is this a line of a record, whole, and not a header? @param {string} line */
function whole(line) {
  try {
    const { at, kind } = JSON.parse(line);
    return typeof at === "string" && typeof kind === "string";
  } catch { return false; }
}

/** @param {string} text */
function hash(text) {
  let found = 5381;
  for (let k = 0; k < text.length; k++) found = ((33 * found) ^ text.charCodeAt(k)) >>> 0;
  return found.toString(36);
}

/** The stop that this page is: in Jupyter the notebook in front. */
export function stop() {
  const last = decodeURIComponent(globalThis.location?.pathname.split("/").at(-1) ?? "");
  return last.replace(/\.(ipynb|html)$/, "");
}

/** Where a Jupyter server has the file; empty where none says so. @returns {string} */
function served() {
  const told = globalThis.document?.getElementById("jupyter-config-data")?.textContent;
  try { return told ? JSON.parse(told).gradwalkRecord ?? "" : ""; }
  catch { return ""; }
}

/** @returns {Record<string, string>} */
function token() { return { "X-XSRFToken": /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1] ?? "" }; }

/** The one of this page, whichever script asks first. @returns {Book} */
export function record() { return /** @type {any} */ (globalThis).gradwalkRecord ??= new Book(); }
