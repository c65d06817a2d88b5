// What tests/chromium/test_controls.py asks a page. Each function lists what is wrong.
(() => {
  const say = (element) => element.outerHTML.slice(0, 90);
  const seen = (element) => element.checkVisibility({visibilityProperty: true}) && element.getBoundingClientRect().width > 1
    && !element.closest(".visually-hidden") && !element.matches(".skip-link");
  const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);

  const rgba = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return {light: [r, g, b].map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0), solid: a === 1};
  };
  const contrast = (one, other) => {
    const [high, low] = [rgba(one).light, rgba(other).light].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (rgba(colour).solid) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const edge = (element) => {
    const style = getComputedStyle(element), behind = ground(element.parentElement);
    const drawn = parseFloat(style.borderTopWidth) >= 1 && style.borderTopStyle !== "none";
    const border = drawn && rgba(style.borderTopColor).solid ? contrast(style.borderTopColor, behind) : 0;
    const fill = rgba(style.backgroundColor).solid ? contrast(style.backgroundColor, behind) : 0;
    return Math.max(border, fill);
  };

  const FIELDS = ".form-control, .form-select, .form-check-input, .btn:not(.btn-link), textarea";
  const FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary";

  // A4: the edge of each control, and the ring around each thing that has the focus.
  window.edges = () => {
    const pale = all(FIELDS).filter((control) => edge(control) < 3)
      .map((control) => ["edge", edge(control).toFixed(2), say(control)]);
    const rings = all(FOCUSABLE).map((element) => {
      element.focus();
      const style = getComputedStyle(element);
      const ring = style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2
        ? 0 : contrast(style.outlineColor, ground(element.parentElement));
      return ["ring", ring.toFixed(2), say(element)];
    });
    return pale.concat(rings.filter(([, ring]) => ring < 3));
  };

  // A5: 24 px for everything but links in a sentence (WCAG 2.5.8), 44 for what stands alone.
  window.targets = () => {
    const inSentence = (e) => e.matches("a") && getComputedStyle(e).display === "inline"
      && e.parentElement.textContent.trim() !== e.textContent.trim();
    const alone = ".btn, button, .list tbody a, .rows a, .form-control, .form-select";
    return all(FOCUSABLE).filter((e) => !inSentence(e)).map((element) => {
      const label = element.matches("[type=radio], [type=checkbox]") ? element.labels[0] : null;
      const box = (label ?? element).getBoundingClientRect();
      const least = element.matches(alone) ? 44 : 24;
      return [Math.min(box.width, box.height).toFixed(1), box.height >= least && box.width >= 24, say(element)];
    }).filter(([, fits]) => !fits);
  };

  // A8: with the system's own colours only borders are left; and nothing moves by itself.
  window.forced = () => {
    const bare = all(".form-control, .form-select, .btn:not(.btn-link)")
      .filter((e) => parseFloat(getComputedStyle(e).borderTopWidth) < 1)
      .map((e) => ["no border", say(e)]);
    const moving = document.getAnimations().filter((a) => a.playState === "running");
    return bare.concat(moving.map((a) => ["moves", a.animationName ?? a.transitionProperty]));
  };
})()
