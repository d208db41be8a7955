// The keys of the review desk; _application_keys.html lists them. Every page works without this file.
"use strict";

const KEYS_OFF = "keys-off"; // in this browser's own memory, since single keys disturb who speaks to a computer

function keysAreOff() {
  try { return localStorage.getItem(KEYS_OFF) === "yes"; } catch { return false; }
}

// Whether what is typed goes into a text.
function isTyping(target) {
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target.matches("input") && !["radio", "checkbox", "submit", "button"].includes(target.type);
}

// The score of the criterion that has the focus, else of the first that has none; then on to the next.
function score(value) {
  const all = [...document.querySelectorAll("#review fieldset.score")];
  const open = (fieldset) => !fieldset.querySelector("input:checked");
  const here = all.find((fieldset) => fieldset.contains(document.activeElement)) || all.find(open);
  if (!here) return false;
  here.querySelector(`input[value="${value}"]`).checked = true;
  const next = all[all.indexOf(here) + 1] || document.querySelector('#review [data-key="n"], #review [data-key="s"]');
  const target = next?.matches("fieldset") ? next.querySelector("input:checked, input") : next;
  (target || here.querySelector("input:checked")).focus();
  return true;
}

function showKeys() {
  const list = document.querySelector("[data-keys]");
  if (!list) return false;
  list.open = !list.open;
  if (list.open) list.querySelector("summary").focus();
  return true;
}

// What a marked element does at its key: take the focus, or be pressed.
function use(key) {
  const marked = document.querySelector(`[data-key="${key}"]`);
  if (!marked) return false;
  if ("focus" in marked.dataset) {
    marked.focus();
    marked.scrollIntoView({ block: "nearest" });
  } else marked.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (keysAreOff() || isTyping(event.target)) return;
  const done = /^[1-5]$/.test(event.key) ? score(event.key)
    : event.key === "?" ? showKeys()
    : /^[a-z]$/.test(event.key) ? use(event.key)
    : false;
  if (done) event.preventDefault();
});

// A switch beside the list of the keys.
const list = document.querySelector("[data-keys]");
if (list) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm btn-toggle mt-3";
  button.textContent = "Keys on";
  const tell = () => button.setAttribute("aria-pressed", String(!keysAreOff()));
  button.addEventListener("click", () => {
    try { localStorage.setItem(KEYS_OFF, keysAreOff() ? "no" : "yes"); } catch { /* then they stay on */ }
    tell();
  });
  tell();
  list.append(button);
}
