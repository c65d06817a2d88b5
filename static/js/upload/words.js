// Words stand in the page, in its language: the attributes of <template id="uploader">.

export const template = document.getElementById("uploader");
export const words = template?.dataset;
const UNITS = ["", "kB", "MB", "GB", "TB"];

export function say(sentence, facts = {}) {
  return words[sentence].replace(/\{(\w+)\}/g, (all, name) => facts[name] ?? all);
}

// As the site says sizes: 1,234,567 is "1.2 MB".
export function size(count) {
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  if (!unit) return `${count} ${count === 1 ? words.byte : words.bytes}`;
  return `${value.toFixed(value < 9.95 ? 1 : 0)} ${UNITS[unit]}`;
}

// "3.1 of 12 MB"
export function share(done, total) {
  const [one, all] = [size(done), size(total)];
  const unit = all.slice(all.indexOf(" "));
  return say("of", { done: one.endsWith(unit) ? one.slice(0, -unit.length) : one, size: all });
}

// "about 4 seconds left", rounded as people would
export function left(seconds) {
  if (seconds < 55) return about("second", seconds < 10 ? Math.ceil(seconds) : Math.ceil(seconds / 5) * 5);
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return about("minute", minutes > 10 ? Math.round(minutes / 5) * 5 : minutes);
  return about("hour", Math.round(minutes / 60));
}

function about(unit, n) {
  return say(n === 1 ? unit : `${unit}s`, { n: Math.max(1, n) });
}
