// What a browser with JavaScript gets on top. Every page works without this file,
// so whatever it shows, it makes itself.

const labels = document.getElementById("frontdesk-js").dataset;

// The theme changes at once and in place: the form is sent behind it, and focus stays where it was.
for (const form of document.querySelectorAll("[data-theme-form]")) {
  form.querySelector("button").classList.add("invisible"); // its place stays, so nothing jumps
  let sent = Promise.resolve(); // one after the other: arrow keys pass "light" on the way to "dark"
  form.addEventListener("change", (event) => {
    if (event.target.name !== "theme") return;
    document.documentElement.dataset.bsTheme = event.target.value;
    const request = { method: "POST", body: new FormData(form), redirect: "manual", keepalive: true };
    sent = sent.then(() => fetch(form.action, request)).catch(() => form.submit()); // which says what is wrong
  });
}

// A password can be looked at before it is sent.
for (const field of document.querySelectorAll("input[type=password]")) {
  const button = document.createElement("button");
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? labels.hide : labels.show;
    button.ariaLabel = shown ? labels.hidePassword : labels.showPassword;
  };
  button.type = "button";
  button.className = "reveal";
  button.addEventListener("click", () => show(field.type === "password"));
  field.form?.addEventListener("submit", () => show(false)); // so that no browser remembers it as text
  field.classList.add("has-reveal");
  field.after(button);
  show(false);
}

// All rows of a list are ticked at once, or none.
for (const form of document.querySelectorAll("[data-all]")) {
  const boxes = [...form.querySelectorAll(".pick input")];
  const label = document.createElement("label"), all = document.createElement("input");
  const show = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && !all.checked;
  };
  all.type = "checkbox";
  all.className = "form-check-input";
  all.autocomplete = "off";
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
  form.addEventListener("change", show);
  addEventListener("pageshow", show); // who comes back finds the ticks that were left
  label.className = "pick";
  label.append(all, form.dataset.all);
  form.querySelector("table").before(label);
}

// Where a passkey helps it gets a button; what that does is fetched at the first sign of a person.
const passkey = document.querySelector("template[data-passkey]");
if (window.PublicKeyCredential && passkey?.dataset.origin === location.origin) {
  const [button, status] = passkey.content.querySelectorAll("button, [role=status]");
  const run = (verb) => import(passkey.dataset.script).then(
    (script) => script[verb](passkey.dataset, status),
    () => { status.textContent = passkey.dataset.lost; },
  );
  button.addEventListener("click", () => run("ask"));
  for (const sign of ["pointerover", "keydown", "focusin"]) addEventListener(sign, () => run("offer"));
  setTimeout(run, 1500, "offer"); // fingers give no sign before they want something
  passkey.replaceWith(passkey.content);
  document.getElementById("without-passkeys")?.remove();
}

// The Enter that ends a word in a Chinese input method is not the Enter that sends the form.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.preventDefault();
}, true);

// A preview that is being made shows itself when it is there; after half a minute the link remains.
const preview = document.getElementById("preview");
for (let tries = 0; preview?.querySelector("[data-waiting]") && tries < 20; tries += 1) {
  await new Promise((resolve) => { setTimeout(resolve, 1500); });
  const answer = await fetch(location.href).catch(() => undefined);
  const made = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("preview");
  if (made) preview.replaceChildren(...made.childNodes);
}
