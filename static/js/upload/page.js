// The upload page: its form's own inputs, wrapped. Sending begins when a file is chosen; the
// form's button then waits until all are saved, puts them into the folder that is named by
// then, and goes there.

import "../frontdesk.js"; // with it, so that this page costs no request more
import { Item } from "./item.js";
import { Queue } from "./queue.js";
import { chosen, takeDrops, takePastes } from "./take.js";
import { say, size, template, words } from "./words.js";

const form = document.getElementById("upload");

function start() {
  const parts = template.content.querySelector(".uploading").cloneNode(true);
  const [list, sum, voice] = parts.children;
  const queue = new Queue(list, sum, voice);
  const take = (files, begun) => queue.add(files.map(([file, within]) => makeItem(file, within, begun)));
  if (form) wrapForm(parts, queue, take);
  else template.after(parts); // no space is left, but for what was begun
  listUnfinished(queue, take);
  for (const words of document.querySelectorAll(".without-js")) words.hidden = true;
}

function makeItem(file, within, begun = null) {
  const item = new Item(file, form?.elements.folder.value.trim() ?? "", within);
  const conflict = form?.elements.on_conflict.value === "version" ? "version" : "";
  Object.assign(item, { begun, conflict, isStrict: Boolean(begun) });
  refuse(item);
  return item;
}

function wrapForm(parts, queue, take) {
  const drop = form.querySelector(".drop");
  const input = drop.querySelector("input[type=file]");
  drop.prepend(template.content.querySelector(".lead").cloneNode(true));
  drop.append(template.content.querySelector(".more").cloneNode(true));
  const choice = form.querySelector("fieldset:has([name=on_conflict])");
  choice.hidden = form.elements.on_conflict.value !== "version"; // each file is asked for by itself
  drop.querySelector("label").classList.add("visually-hidden");
  drop.querySelector(".more").prepend(input);
  drop.after(parts);
  form.after(template.content.querySelector(".note").cloneNode(true));
  pick(drop.querySelector("[data-folder]"), { webkitdirectory: true, multiple: true }, take);
  pick(drop.querySelector("[data-photo]"), { accept: "image/*", capture: "environment" }, take);
  wrap(input, take);
  takeDrops(document.body, take);
  takePastes(take);
  queue.whenEmpty = input;
  form.addEventListener("submit", (event) => {
    if (!queue.items.length) return; // the server says "Select a file"
    event.preventDefault();
    leave(queue, form.elements.folder);
  });
}

function wrap(input, take) {
  input.addEventListener("change", (event) => {
    event.stopPropagation();
    if (input.files.length) take(chosen(input));
  });
}

// A button that opens the system's window
function pick(button, facts, take) {
  const input = Object.assign(document.createElement("input"), { type: "file", hidden: true }, facts);
  button.after(input);
  button.addEventListener("click", () => input.click());
  wrap(input, take);
}

// The same sentences as the server's
function refuse(item) {
  const { name } = item;
  const no =
    (item.size === 0 && say("empty", { name })) ||
    (item.size > Number(words.largest) && say("large", { name, size: size(Number(words.largest)) })) ||
    (item.size > Number(words.left) && !item.begun && say("full", { name }));
  if (no) Object.assign(item, { state: "failed", detail: no, isFinal: true });
}

// When all is done: into the folder that the field says now. Files that came before it was changed
// for others stay where they are.
async function leave(queue, field) {
  const { folder } = queue.items.at(-1);
  const batch = queue.items.filter((item) => item.folder === folder);
  const wanted = field.value.trim();
  form.querySelector("[type=submit]").ariaBusy = "true";
  await settled(queue);
  try {
    if (wanted !== folder) for (const item of batch) await item.move(wanted);
  } catch (error) {
    queue.say(error.message || words.failed);
    queue.sum.firstElementChild.textContent = error.message || words.failed;
    return;
  } finally {
    form.querySelector("[type=submit]").ariaBusy = null;
  }
  const open = queue.items.find(({ state }) => state !== "done");
  if (open) queue.rows.get(open).element.querySelector("button")?.focus();
  else location.assign(folderOf(queue.items.at(-1)));
}

function folderOf({ result, within }) {
  const up = within ? within.split("/").length + 1 : 1;
  return `${result.url.split("/").slice(0, -up).join("/")}/`;
}

function settled(queue) {
  return new Promise((resolve) => {
    const look = () => (queue.isBusy() ? setTimeout(look, 100) : resolve());
    look();
  });
}

// What was begun and not finished: each line gets a button that takes its file once more.
function listUnfinished(queue, take) {
  const section = document.querySelector("section.unfinished");
  if (!section) return;
  for (const line of section.querySelectorAll("[data-begun]")) {
    const button = template.content.querySelector(".again").cloneNode(true);
    button.querySelector("bdi").textContent = line.dataset.name;
    line.querySelector("form").before(button);
    pick(button, {}, ([[file]]) => {
      const isIt = file.name === line.dataset.name && file.size === Number(line.dataset.size);
      line.querySelector(".other").hidden = isIt;
      if (isIt) take([[file, ""]], JSON.parse(line.dataset.begun));
    });
  }
  queue.isSaved = (item) => {
    if (!item.begun) return;
    section.querySelector(`[data-upload="${item.begun.id}"]`)?.remove();
    if (!section.querySelector("li")) section.remove();
  };
}

if (template) start();
