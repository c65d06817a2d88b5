// One request at a time, watched: what makes no progress for 30 seconds is given up, and tried again.

const PATIENCE = 30_000;

// The line broke, or the server went away. What arrived is kept there.
export class Lost extends Error {}

// The server said no, with a sentence if it was ours and not a proxy's.
export class Refused extends Error {
  constructor(request) {
    super(detail(request));
    this.status = request.status;
    this.after = Number(request.getResponseHeader("Retry-After"));
  }
}

function detail(request) {
  try {
    return JSON.parse(request.responseText).detail ?? "";
  } catch {
    return "";
  }
}

export function ask(method, url, { headers = {}, body = null, signal, moved, patience = PATIENCE } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    let timer;
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(stop, patience);
    };
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      watch();
      moved?.(event.loaded);
    };
    request.onloadend = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      if (!request.status) reject(new Lost());
      else if (request.status >= 400) reject(new Refused(request));
      else resolve(request);
    };
    if (signal?.aborted) return reject(new Lost());
    signal?.addEventListener("abort", stop);
    watch();
    request.send(body);
  });
}

export async function json(method, url, options) {
  return JSON.parse((await ask(method, url, options)).responseText);
}

export function token() {
  return { "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content };
}

// Resolves after so many seconds, or as soon as the network is back; an abort ends it, too.
export function pause(seconds, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
