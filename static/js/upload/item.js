// One file on its way: what is known of it, and how it is sent.

import { again, create, FIRST, Stream } from "./stream.js";
import { ask, json, token } from "./wire.js";
import { words } from "./words.js";

const LARGE = 64 * 1024 * 1024; // from here on parallel parts pay
const TOO_LARGE = 256 * 1024 * 1024; // and above, putting them together would take its time
const PARTS = 4;
const SAMPLES = 16; // as frontdesk/files/unfinished.py takes them
const SAMPLE = 8192;
const LONG = 120_000; // milliseconds for putting parts together
const MOST_ASKED = 100; // files in one question

// States: checking, asked, waiting, sending, paused, lost, failed, done
export class Item {
  constructor(file, folder, within) {
    Object.assign(this, { file, folder, within, streams: [], state: "checking", detail: "" });
    Object.assign(this, { conflict: "", begun: null, there: null, result: null, rate: 0 });
    this.control = new AbortController();
    this.uploads = words.uploads;
  }

  get name() {
    return this.file.name;
  }

  get size() {
    return this.file.size;
  }

  get signal() {
    return this.control.signal;
  }

  get place() {
    return [this.folder, this.within].filter(Boolean).join("/");
  }

  turn(state, detail = "") {
    Object.assign(this, { state, detail });
    this.changed(this);
  }

  moved() {
    if (this.state === "lost") this.turn("sending");
  }

  waits(error) {
    this.turn("lost", error.message);
  }

  sent() {
    return this.streams.reduce((sum, stream) => sum + stream.sent, 0);
  }

  stop(state) {
    this.turn(state);
    this.control.abort();
  }

  facts() {
    const facts = { filename: this.name, folder: this.place, modified: String(this.file.lastModified) };
    return this.conflict ? { ...facts, on_conflict: this.conflict } : facts;
  }

  async read(from, to) {
    try {
      return await this.file.slice(from, to).arrayBuffer();
    } catch {
      throw new Error(words.unreadable.replace("{name}", this.name)); // changed or gone since it was chosen
    }
  }

  async send() {
    this.control = new AbortController();
    for (const stream of this.streams) stream.isSure = false;
    await again(this, () => this.begin());
    if (this.result) return;
    const whole = this.begun?.whole || crypto.getRandomValues(new Uint32Array(4)).join("-");
    const isParted = this.streams.length > 1;
    await Promise.all(this.streams.map((stream) => stream.send(isParted && this.partOf(whole, stream))));
    this.result = await again(this, () => this.finish());
  }

  partOf(whole, { start }) {
    return { whole, start: String(start), size: String(this.size) };
  }

  // The streams, each with what has arrived of it
  async begin() {
    if (this.isInDoubt) await this.clearUp();
    if (this.begun && !this.streams.length) await this.goOn();
    if (this.streams.length || this.result) return;
    if (this.size <= FIRST) await this.sendAtOnce();
    else this.streams = this.cut();
  }

  async sendAtOnce() {
    const stream = new Stream(this, 0, this.size);
    this.streams = [stream];
    try {
      await stream.sendAtOnce();
    } catch (error) {
      this.streams = [];
      throw error;
    }
  }

  cut() {
    const isLarge = this.size > LARGE && this.size <= TOO_LARGE;
    const length = isLarge ? Math.ceil(this.size / PARTS) : this.size;
    const starts = Array.from({ length: isLarge ? PARTS : 1 }, (_, n) => n * length);
    return starts.map((start) => new Stream(this, start, Math.min(length, this.size - start)));
  }

  // The answer to the only request was lost: is the file there?
  async clearUp() {
    const [found] = await inquire([this]);
    this.isInDoubt = false;
    this.begun = found.begun;
    if (found.same && !this.there) this.result = { name: this.name, url: found.url };
  }

  // On with what another page, day or device began, if this is the same file
  async goOn() {
    const { parts } = this.begun;
    try {
      const streams = await Promise.all(parts.map((part) => this.adopt(part)));
      this.streams = this.fill(streams.sort((one, other) => one.start - other.start));
      this.folder = this.begun.folder;
      this.within = "";
    } catch (error) {
      const isOther = [404, 410, 422].includes(error.status);
      if (error.status === 409) this.isInDoubt = true; // it moves: ask anew
      if (!isOther || this.isStrict) throw error;
      this.begun = null;
    }
  }

  async adopt({ id, start, offset, length }) {
    const block = Math.min(SAMPLE, offset);
    const starts = Array.from({ length: offset ? SAMPLES : 0 }, (_, n) => start + Math.floor(((offset - block) * n) / (SAMPLES - 1)));
    const body = new Blob(await Promise.all(starts.map((at) => this.read(at, at + block))));
    const bytes = await body.arrayBuffer();
    const url = `${words.upload}/${id}/continue?offset=${offset}&modified=${this.file.lastModified}`;
    const headers = { ...token(), "Content-Type": "application/octet-stream", Accept: "application/json" };
    const found = await json("POST", url, { headers, body: bytes, signal: this.signal });
    return new Stream(this, start, length, found.url, found.offset);
  }

  // Parts that were never begun
  fill(streams) {
    const all = [];
    let at = 0;
    for (const stream of streams) {
      if (stream.start > at) all.push(new Stream(this, at, stream.start - at));
      all.push(stream);
      at = stream.start + stream.length;
    }
    if (at < this.size) all.push(new Stream(this, at, this.size - at));
    return all;
  }

  async finish() {
    const isWhole = this.streams.length === 1 && !this.begun?.whole;
    const last = isWhole ? this.streams[0] : await this.join();
    const state = await last.look();
    if (!state.finished) throw new Error("");
    return { ...state.result, id: state.id };
  }

  async join() {
    const urls = this.streams.map((stream) => stream.url).join(" ");
    const url = await create(this, { "Upload-Concat": `final;${urls}` }, {}, { patience: LONG });
    return new Stream(this, 0, this.size, url);
  }

  // Takes what has arrived off the server, too.
  async discard() {
    const headers = { "Tus-Resumable": "1.0.0" };
    for (const { url } of this.streams) {
      if (url) await ask("DELETE", url, { headers }).catch(() => {});
    }
    this.streams = [];
  }

  // Into another folder, now that it is there
  async move(folder) {
    if (folder === this.folder || !this.result?.id) return;
    this.folder = folder;
    const url = `${words.upload}/${this.result.id}/folder`;
    const body = new URLSearchParams({ folder: this.place });
    Object.assign(this.result, await json("POST", url, { headers: { ...token(), Accept: "application/json" }, body }));
  }
}

// What the server knows of these files already, and of what was begun
export async function inquire(items) {
  const found = [];
  for (let at = 0; at < items.length; at += MOST_ASKED) {
    const some = items.slice(at, at + MOST_ASKED);
    const body = JSON.stringify(some.map(({ name, place, size }) => ({ name, folder: place, size })));
    const headers = { ...token(), "Content-Type": "application/json", Accept: "application/json" };
    found.push(...(await json("POST", `${words.upload}/known`, { headers, body })));
  }
  return found;
}
