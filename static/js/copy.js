// A field that is there to be copied gets a button that does it. Without this file one marks it and copies.

const words = document.getElementById("copy-js").dataset;

async function copied(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch { // a site on plain http, other than localhost, has no clipboard
    field.select();
    return document.execCommand("copy");
  }
}

for (const field of document.querySelectorAll("input[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-secondary";
  button.textContent = words.copy;
  button.ariaLive = "polite";
  button.addEventListener("click", async () => {
    button.textContent = (await copied(field)) ? words.copied : words.copy;
  });
  field.after(button);
  field.addEventListener("focus", () => field.select());
}
