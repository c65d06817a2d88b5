// html-validate's recommended rules, but for what is a choice of ours.
export default {
  extends: ["html-validate:recommended"],
  rules: {
    "doctype-style": ["error", { style: "lowercase" }], // the spec's own examples write it so
    // fields of one name are a list (what is ticked, what is to be moved); hidden ones it takes for a slip
    "form-dup-name": "off",
    "no-trailing-whitespace": "off", // a text is shown as its owner wrote it, with its lines' ends
    "long-title": "off", // a page is called what its file is called, and that name is its owner's
  },
};
