// One upload on the server: a whole file, or a part of it. Sent in chunks, by tus 1.0.0.

import { ask, json, Lost, Refused, pause, token } from "./wire.js";

const KIB = 1024;
const MIB = 1024 * KIB;
export const FIRST = 512 * KIB; // below nginx's limit of 1 MB; a smaller file goes in one request
const LEAST = 64 * KIB;
const USUAL = 8 * MIB;
const MOST = 32 * MIB;
const TUS = { "Tus-Resumable": "1.0.0" };
const OCTETS = { "Content-Type": "application/offset+octet-stream" };
const PASSING = new Set([408, 409, 423, 425, 460, 500, 502, 503, 504]);
const MOST_TRIES = 8; // of a server that answers, but can't; a lost line is tried for ever

// How large a chunk the way bears; all files share it.
const pace = { size: FIRST, most: MOST };

function grow(seconds) {
  const isFast = pace.size < USUAL ? seconds < 5 : seconds < 0.5;
  if (isFast) pace.size = Math.min(pace.size * 2, pace.most);
}

function shrink(error) {
  if (error.status === 413) pace.most = Math.max(LEAST, pace.size / 2); // a proxy's limit
  pace.size = Math.max(LEAST, Math.min(pace.size / 2, pace.most));
}

// Does `task`, again and again while there is hope: after 1, 2, 4 … 30 seconds, and at once when
// the network is back.
export async function again(item, task) {
  let tries = 0;
  let best = item.sent();
  for (;;) {
    try {
      return await task();
    } catch (error) {
      if (item.signal.aborted) throw error;
      if (item.sent() > best) [tries, best] = [0, item.sent()];
      if (!isPassing(error, tries)) throw error;
      item.waits(error);
      await pause(error.after || Math.min(2 ** tries, 30), item.signal);
      if (item.signal.aborted) throw error;
      tries += 1;
    }
  }
}

function isPassing(error, tries) {
  if (error instanceof Lost) return true;
  if (!(error instanceof Refused) || tries >= MOST_TRIES) return false;
  const isProxy = error.status === 413 && !error.message && pace.size > LEAST;
  return isProxy || PASSING.has(error.status) || (error.status === 429 && error.after > 0);
}

function encode(text) {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}

// POST /uploads/: the address of a new upload, which holds its key
export async function create(item, headers, facts, options = {}) {
  const said = Object.entries({ ...item.facts(), ...facts }).map(([name, value]) => `${name} ${encode(value)}`);
  const all = { ...TUS, ...token(), ...headers, "Upload-Metadata": said.join(",") };
  const made = await ask("POST", item.uploads, { ...options, headers: all, signal: item.signal });
  return made.getResponseHeader("Location");
}

export class Stream {
  constructor(item, start, length, url = "", offset = 0) {
    Object.assign(this, { item, start, length, url, offset, loaded: 0, isSure: true, ahead: null });
  }

  get sent() {
    return Math.min(this.offset + this.loaded, this.length);
  }

  // Until all of it is there; `facts` go with a part.
  async send(facts) {
    await again(this.item, async () => {
      try {
        if (!this.url) await this.begin(facts);
        if (!this.isSure) await this.look();
        while (this.offset < this.length) await this.step();
      } catch (error) {
        [this.isSure, this.loaded, this.ahead] = [false, 0, null];
        shrink(error);
        throw error;
      }
    });
  }

  async begin(facts) {
    const headers = { "Upload-Length": String(this.length), ...(facts && { "Upload-Concat": "partial" }) };
    this.url = await create(this.item, headers, facts);
  }

  // A small file in one request. When its answer is lost nobody knows what came of it.
  async sendAtOnce() {
    const { item } = this;
    const headers = { ...OCTETS, "Upload-Length": String(this.length) };
    const body = await this.read(0, this.length);
    item.isInDoubt = true;
    try {
      this.url = await create(item, headers, {}, { body, moved: (loaded) => this.move(loaded) });
      item.isInDoubt = false;
    } catch (error) {
      this.loaded = 0;
      if (error instanceof Refused) item.isInDoubt = false;
      throw error;
    }
    this.offset = this.length;
  }

  // Where it stands, by the server's word
  async look() {
    const state = await json("GET", this.url, { signal: this.item.signal });
    this.offset = state.finished ? this.length : state.offset;
    this.isSure = true;
    return state;
  }

  async step() {
    const { at, count, body } = this.ahead ?? this.prepare(this.offset);
    const bytes = new Blob([await body]); // of memory, not of the disk: see read()
    this.ahead = at + count < this.length ? this.prepare(at + count) : null;
    const began = performance.now();
    const headers = { ...TUS, ...OCTETS, "Upload-Offset": String(at) };
    const moved = (loaded) => this.move(loaded);
    await ask("PATCH", this.url, { headers, body: bytes, moved, signal: this.item.signal });
    grow((performance.now() - began) / 1000);
    [this.offset, this.loaded] = [at + count, 0];
    this.item.moved();
  }

  // The next chunk is read while one is under way.
  prepare(at) {
    const count = Math.min(pace.size, this.length - at);
    const body = this.read(at, count);
    body.catch(() => {}); // it is said when it is its turn
    return { at, count, body };
  }

  move(loaded) {
    this.loaded = loaded;
    this.item.moved();
  }

  // Never a Blob that lies on the disk: Safari 26 hangs after the first.
  async read(at, count) {
    const from = this.start + at;
    return this.item.read(from, from + count);
  }
}
