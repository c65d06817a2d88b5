// All files of this page: three at a time, and what the page as a whole says of them.

import { inquire } from "./item.js";
import { Row } from "./row.js";
import { say, words } from "./words.js";

const AT_ONCE = 3;
const TICK = 500; // milliseconds
const MEAN = 5; // seconds
const FRESH = 30; // lines in a frame
const GAP = 5_000; // milliseconds between two messages to those who listen
const BUSY = new Set(["checking", "waiting", "sending", "lost"]);
const title = document.title;

export class Queue {
  constructor(list, sum, voice) {
    Object.assign(this, { list, sum, voice, items: [], rows: new Map(), dirty: new Set(), spoken: 0 });
    addEventListener("beforeunload", (event) => this.isBusy() && event.preventDefault());
    document.addEventListener("visibilitychange", () => this.stayAwake());
  }

  isBusy() {
    return this.items.some(({ state }) => BUSY.has(state));
  }

  // Shows them at once, asks the server what it has of them, and begins.
  async add(items) {
    this.isHalfway = false;
    for (const item of items) {
      item.changed = (changed) => this.change(changed);
      this.items.push(item);
      this.change(item);
    }
    const asked = items.filter(({ state, begun }) => state === "checking" && !begun);
    const found = await inquire(asked).catch(() => []); // the line is lost: sending will say so
    this.know(asked, found);
    for (const item of items) if (item.state === "checking") item.turn("waiting");
    this.pump();
  }

  know(asked, found) {
    const fresh = new Set(asked);
    const others = this.items.filter((item) => !fresh.has(item) && item.state !== "failed");
    const seen = new Set(others.map(identity));
    const ours = others.flatMap(({ streams }) => streams.map(({ url }) => url)).join();
    asked.forEach((item, at) => {
      if (item.state !== "checking") return; // removed meanwhile
      const { said = "", begun = null } = found[at] ?? {};
      const isTwice = seen.has(identity(item));
      const isOurs = isTwice || begun?.parts.some(({ id }) => ours.includes(id));
      seen.add(identity(item));
      item.begun = isOurs ? null : begun;
      item.there = said;
      const question = isTwice ? words.twice : said;
      if (question && !item.begun && !item.conflict) item.turn("asked", question);
    });
  }

  act(item, what) {
    const verbs = {
      pause: () => item.stop("paused"),
      resume: () => item.turn("waiting"),
      retry: () => item.turn("waiting"),
      keep: () => item.turn("waiting"),
      version: () => Object.assign(item, { conflict: "version" }).turn("waiting"),
      skip: () => this.remove(item),
      remove: () => this.remove(item),
    };
    verbs[what]();
    this.pump();
  }

  remove(item) {
    const row = this.rows.get(item);
    const next = row.element.nextElementSibling ?? row.element.previousElementSibling;
    const had = row.element.contains(document.activeElement);
    this.items.splice(this.items.indexOf(item), 1);
    item.stop("removed");
    this.rows.delete(item);
    row.element.remove();
    if (had) (next?.querySelector("button, a") ?? this.whenEmpty)?.focus();
    item.discard();
    this.tell();
  }

  pump() {
    const running = this.items.filter(({ isRunning }) => isRunning);
    const busy = running.reduce((sum, { streams }) => sum + Math.max(1, streams.length - 1), 0);
    const next = this.items.find((item) => item.state === "waiting" && !item.isRunning);
    if (!next || running.length >= AT_ONCE || busy > AT_ONCE) return this.watch();
    this.run(next);
    this.pump();
  }

  async run(item) {
    Object.assign(item, { isRunning: true, rate: 0, began: performance.now(), counted: null });
    item.turn("sending");
    try {
      await item.send();
      if (item.state !== "removed") item.turn("done");
      this.isSaved?.(item);
    } catch (error) {
      if (!item.signal.aborted) this.fail(item, error);
    }
    item.isRunning = false;
    this.pump();
  }

  fail(item, error) {
    item.control.abort(); // parts that still run
    if ([404, 410].includes(error.status)) item.streams = []; // it has gone: from the beginning
    item.turn("failed", error.message);
    this.say(say("lost", { name: item.name }));
  }

  // From here on: speed, title and progress, as long as something happens.
  watch() {
    this.tell();
    this.timer ??= setInterval(() => this.tick(), TICK);
    this.stayAwake();
  }

  tick() {
    for (const item of this.items) {
      if (!item.isRunning) continue;
      measure(item);
      this.dirty.add(item);
    }
    this.draw();
    this.tell();
    if (this.isBusy()) return;
    clearInterval(this.timer);
    this.timer = null;
    this.stayAwake();
  }

  change(item) {
    this.dirty.add(item);
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  // Few new lines in one frame, so that a thousand files don't stop the page.
  draw() {
    this.frame = null;
    const fresh = document.createDocumentFragment();
    for (const item of this.dirty) {
      if (fresh.childElementCount >= FRESH) break;
      this.dirty.delete(item);
      if (item.state === "removed") continue;
      if (!this.rows.has(item)) {
        this.rows.set(item, new Row(item, (...what) => this.act(...what)));
        fresh.append(this.rows.get(item).element);
      }
      this.rows.get(item).draw();
    }
    this.list.append(fresh);
    if (this.dirty.size) this.frame = requestAnimationFrame(() => this.draw());
  }

  // The title, the line below the list, and now and then a message
  tell() {
    const count = (state) => this.items.filter((item) => item.state === state).length;
    const [done, failed, asked, all] = [count("done"), count("failed"), count("asked"), this.items.length];
    const total = this.items.reduce((sum, { size }) => sum + size, 0);
    const sent = this.items.reduce((sum, item) => sum + (item.state === "done" ? item.size : item.sent()), 0);
    const percent = Math.min(99, Math.floor((100 * sent) / (total || 1)));
    const busy = this.isBusy();
    document.title = busy ? `${percent} % – ${words.uploading} – ${title.split(" – ").at(-1)}` : title;
    const saved = say(done === 1 ? "savedOne" : "saved", { n: done });
    const parts = [done && saved, failed && say("notSaved", { n: failed }), asked && say("asked", { n: asked })];
    const sum = busy ? say("sum", { done, all, percent }) : parts.filter(Boolean).join(" ");
    this.show(sum, done && !busy);
    this.announce(busy, percent, sum, all);
  }

  show(sum, isLinked) {
    const text = this.sum.firstElementChild;
    if (text.textContent !== sum) text.textContent = sum;
    this.sum.hidden = !sum;
    this.sum.querySelector("a").hidden = !isLinked;
  }

  announce(busy, percent, sum, all) {
    if (busy && !this.wasBusy) this.say(say(all === 1 ? "beginOne" : "begin", { n: all }));
    if (busy && percent >= 50 && !this.isHalfway) {
      this.isHalfway = true;
      this.say(words.half);
    }
    if (!busy && this.wasBusy && sum) this.say(sum);
    this.wasBusy = busy;
  }

  // At most one message in five seconds; of several, the last
  say(text) {
    this.next = text;
    this.waiting ??= setTimeout(() => {
      this.waiting = null;
      this.spoken = Date.now();
      this.voice.textContent = this.next;
    }, Math.max(0, this.spoken + GAP - Date.now()));
  }

  // A phone that sleeps stops sending.
  async stayAwake() {
    const isWanted = this.isBusy() && !document.hidden;
    if (!navigator.wakeLock || isWanted === Boolean(this.lock)) return;
    const lock = this.lock;
    this.lock = isWanted ? navigator.wakeLock.request("screen").catch(() => null) : null;
    (await lock)?.release();
    (await this.lock)?.addEventListener("release", () => (this.lock = null), { once: true });
  }
}

function identity({ name, size, place }) {
  return [size, place, name].join("/");
}

// An exponential mean of the last seconds
function measure(item) {
  const now = performance.now();
  const sent = item.sent();
  const { counted } = item;
  item.counted = { now, sent };
  if (!counted || now === counted.now) return;
  const seconds = (now - counted.now) / 1000;
  const rate = Math.max(0, sent - counted.sent) / seconds;
  item.rate += (item.rate ? 1 - Math.exp(-seconds / MEAN) : 1) * (rate - item.rate);
}
