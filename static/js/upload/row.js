// A line of the list. Lines are drawn once for each frame of the screen, however much happens.

import { left, say, share, size, template, words } from "./words.js";

const TAIL = 12; // letters of a long name that stay when its middle gives way
const QUIET = 3_000; // milliseconds before a speed is worth telling
const BUTTONS = {
  asked: ["keep", "version", "skip"],
  waiting: ["remove"],
  sending: ["pause", "remove"],
  lost: ["pause", "remove"],
  paused: ["resume", "remove"],
  failed: ["retry", "remove"],
};

export class Row {
  constructor(item, act) {
    Object.assign(this, { item, act, shown: "" });
    this.element = template.content.querySelector(".queued").cloneNode(true);
    const [head, tail] = this.element.querySelectorAll(".middle span");
    const letters = Array.from(item.name);
    tail.textContent = letters.length > 3 * TAIL ? letters.splice(-TAIL).join("") : "";
    head.textContent = letters.join("");
    this.state = this.element.querySelector(".meta");
    this.buttons = this.element.querySelector(".row-actions");
  }

  draw() {
    const { item } = this;
    const text = this.words();
    if (this.state.textContent !== text) this.state.textContent = text;
    if (this.bar) this.bar.value = Math.min(item.sent() / item.size, 0.99); // all of it is not yet saved
    if (item.state === this.shown) return;
    this.shown = item.state;
    this.element.dataset.state = item.state;
    this.drawBar();
    this.drawButtons();
    if (item.state === "done") this.link();
  }

  words() {
    const { item } = this;
    const { state, detail } = item;
    if (state === "sending") return this.progress();
    if (state === "paused") return say("paused", { size: size(item.sent()) });
    if (state === "lost") return detail || words.offline;
    if (state === "failed") return detail || words.failed;
    if (state === "asked") return detail;
    return `${words[state] ?? words.waiting} · ${size(item.size)}`;
  }

  progress() {
    const { item } = this;
    const sent = item.sent();
    if (sent >= item.size) return words.finishing;
    const said = [share(sent, item.size)];
    if (item.rate > 0 && performance.now() - item.began > QUIET) {
      said.push(`${size(item.rate)}/s`, left((item.size - sent) / item.rate));
    }
    return said.join(" · ");
  }

  drawBar() {
    const isWanted = ["sending", "lost", "paused"].includes(this.item.state);
    if (isWanted && !this.bar) {
      this.bar = document.createElement("progress");
      this.bar.ariaLabel = this.item.name;
      this.bar.value = Math.min(this.item.sent() / this.item.size, 0.99);
      this.state.before(this.bar);
    }
    if (!isWanted) {
      this.bar?.remove();
      this.bar = null;
    }
  }

  // Who presses Pause finds Resume in its place.
  drawButtons() {
    const had = this.buttons.contains(document.activeElement);
    const names = (BUTTONS[this.item.state] ?? []).filter((name) => name !== "retry" || !this.item.isFinal);
    this.buttons.replaceChildren(...names.map((name) => this.button(name)));
    if (had) (this.buttons.firstElementChild ?? this.element.querySelector("a"))?.focus();
  }

  button(name) {
    const button = document.createElement("button");
    const whose = document.createElement("span");
    button.type = "button";
    button.className = "btn btn-link btn-sm";
    button.textContent = words[name];
    whose.className = "visually-hidden";
    whose.textContent = ` “${this.item.name}”`;
    button.append(whose);
    button.addEventListener("click", () => this.act(this.item, name));
    return button;
  }

  link() {
    const link = document.createElement("a");
    const name = this.element.querySelector(".middle");
    link.href = this.item.result.url;
    name.replaceWith(link);
    link.append(name);
    this.element.querySelector("use").setAttribute("href", words.check);
  }
}
