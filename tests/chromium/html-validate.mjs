// html-validate's recommended rules, but for what is a choice of ours.
export default {
  extends: ["html-validate:recommended"],
  rules: {
    "doctype-style": ["error", { style: "lowercase" }], // the spec's own examples write it so
    // the boxes of a list are one field of many values: all are sent by that one name
    "form-dup-name": ["error", { shared: ["radio", "button", "reset", "submit", "checkbox"] }],
    "long-title": "off", // a page is called what its file is called, and that name is its owner's
  },
};
