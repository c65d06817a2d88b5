// How files come: chosen, dropped anywhere on the page, pasted; whole folders too.

import { words } from "./words.js";

// [file, the folders that lead to it], for all that is in a drop
export async function dropped(transfer) {
  const entries = Array.from(transfer.items, (item) => item.kind === "file" && (item.webkitGetAsEntry?.() ?? item.getAsFile()));
  const found = [];
  for (const entry of entries.filter(Boolean)) await walk(entry, "", found);
  return found;
}

async function walk(entry, within, found) {
  if (entry instanceof File) return found.push([entry, within]);
  if (entry.isFile) return found.push([await new Promise((...ways) => entry.file(...ways)), within]);
  const reader = entry.createReader();
  const inside = within ? `${within}/${entry.name}` : entry.name;
  for (;;) {
    const some = await new Promise((...ways) => reader.readEntries(...ways)); // a hundred at a time
    if (!some.length) return;
    for (const one of some) await walk(one, inside, found);
  }
}

export function chosen(input) {
  const files = Array.from(input.files, (file) => [file, file.webkitRelativePath.split("/").slice(0, -1).join("/")]);
  input.value = ""; // so that the same file can be chosen again
  return files;
}

// Browsers call every screenshot image.png.
export function pasted(files) {
  const time = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString();
  const name = `${words.pasted} ${time.slice(0, 10)} ${time.slice(11, 19).replaceAll(":", ".")}`;
  return Array.from(files, (file) => {
    const isShot = file.name === "image.png";
    return [isShot ? new File([file], `${name}.png`, { type: file.type, lastModified: file.lastModified }) : file, ""];
  });
}

export function takeDrops(page, take) {
  let inside = 0;
  const show = (isOver) => page.classList.toggle("is-dragging", isOver);
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragenter", (event) => hasFiles(event) && show(++inside > 0));
  document.addEventListener("dragleave", (event) => hasFiles(event) && show(--inside > 0));
  document.addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    show((inside = 0));
    take(await dropped(event.dataTransfer));
  });
}

export function takePastes(take) {
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files;
    if (!files?.length) return;
    event.preventDefault();
    take(pasted(files));
  });
}
