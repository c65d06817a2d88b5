// Passkeys (W3C Web Authentication): made on the profile, shown at the log-in. frontdesk.js fetches this file.

const MOST = 270_000; // a challenge lasts five minutes

let waiting, stop;

class Refused extends Error {}

function bytes(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
}

function text(buffer) {
  const plain = buffer && btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return plain?.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

async function post(address, facts) {
  const answer = await fetch(address, {
    method: "POST",
    headers: {
      "Accept": "application/json",
      "Content-Type": "application/json",
      "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content,
    },
    body: JSON.stringify(facts),
  });
  const said = await answer.json();
  if (answer.status === 403) location.reload(); // the proof is too old: the page asks for another
  if (!answer.ok) throw new Refused(said.detail);
  return said;
}

// Programs speak base64, browsers bytes. The browsers' own parse…FromJSON() is too young to rely on.
async function asked({ options, half }) {
  const said = await post(options, { half: Boolean(half) });
  const keys = (list) => list?.map((key) => ({ ...key, id: bytes(key.id) }));
  return {
    ...said,
    challenge: bytes(said.challenge),
    user: said.user && { ...said.user, id: bytes(said.user.id) },
    allowCredentials: keys(said.allowCredentials),
    excludeCredentials: keys(said.excludeCredentials),
  };
}

function written({ id, rawId, type, response }) {
  const said = { transports: response.getTransports?.() };
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) said[name] = text(response[name]);
  }
  return { id, rawId: text(rawId), type, response: said };
}

async function finish(key, { verify, half }) {
  const fields = document.querySelector("main form")?.elements ?? {};
  const said = await post(verify, {
    credential: written(key),
    half: Boolean(half),
    next: fields.next?.value,
    remember: fields.remember?.checked,
  });
  location.assign(said.location);
}

function sentence(error, words) {
  if (error instanceof Refused) return error.message;
  const known = { NotAllowedError: "cancelled", InvalidStateError: "twice", TypeError: "lost", SyntaxError: "lost" };
  return words[known[error.name] ?? "failed"];
}

// The button: the browser asks for a passkey, or makes one.
export async function ask(words, status) {
  if (waiting === "busy") return;
  const before = waiting;
  waiting = "busy"; // a browser asks for one at a time
  stop?.abort();
  await before;
  status.textContent = "";
  try {
    const publicKey = await asked(words);
    const verb = publicKey.user ? "create" : "get";
    await finish(await navigator.credentials[verb]({ publicKey }), words);
  } catch (error) {
    status.textContent = sentence(error, words);
    waiting = undefined;
  }
}

// Passkeys stand in the list below the username, beside the names that the browser remembers.
export function offer(words, status) {
  waiting ??= wait(words, status);
}

async function wait(words, status) {
  if (!document.querySelector("[autocomplete~=webauthn]")) return;
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const mine = stop = new AbortController();
  const key = await chosen(words, mine).catch(() => null);
  if (mine.signal.reason === "old") waiting = undefined; // the next sign of a person begins again
  if (key) await finish(key, words).catch((error) => { status.textContent = sentence(error, words); });
}

async function chosen(words, mine) {
  const publicKey = await asked(words);
  setTimeout(() => mine.abort("old"), MOST);
  return navigator.credentials.get({ publicKey, mediation: "conditional", signal: mine.signal });
}

// Who comes back to the page as they left it begins again.
addEventListener("pageshow", () => { waiting = undefined; });
