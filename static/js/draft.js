// Keeps what is typed into a form with data-draft="name" until it is sent: a reload, or a closed lid, loses
// nothing. The draft stays in this tab (sessionStorage) and goes nowhere. data-draft-base says from which
// version the form was filled; a draft of another version is let go. The page after the sending carries
// data-draft-done="name".
"use strict";

const DRAFT = "draft:";

// The store, or one that keeps nothing where the browser forbids it.
const store = (() => {
  try {
    sessionStorage.setItem(DRAFT, "");
    sessionStorage.removeItem(DRAFT);
    return sessionStorage;
  } catch {
    return { getItem: () => null, setItem: () => {}, removeItem: () => {} };
  }
})();

// The controls that people fill in: no tokens, no passwords, and nothing inside what is hidden from them.
function controls(form) {
  return [...form.elements].filter((one) =>
    one.name && /^(INPUT|TEXTAREA|SELECT)$/.test(one.tagName) &&
    !["hidden", "password", "file", "submit", "button"].includes(one.type) && !one.closest("[aria-hidden]"));
}

function ticked(one) {
  return one.type === "checkbox" || one.type === "radio";
}

function read(form) {
  return controls(form).map((one) => ticked(one) ? [one.name, one.value, one.checked] : [one.name, one.value]);
}

// Puts the values of a draft back. Returns whether that changed anything.
function write(form, values) {
  let changed = false;
  for (const one of controls(form)) {
    const kept = values.find(([name, value]) => name === one.name && (!ticked(one) || value === one.value));
    if (!kept) continue;
    const [key, value] = ticked(one) ? ["checked", kept[2]] : ["value", kept[1]];
    if (one[key] === value) continue;
    one[key] = value;
    one.dispatchEvent(new Event("input"));  // the counter below it
    changed = true;
  }
  return changed;
}

function say(form, key) {
  const line = document.createElement("p");
  line.className = "note";
  line.setAttribute("role", "status");
  line.append("We kept what you typed. ");
  const clear = document.createElement("button");
  clear.type = "button";
  clear.className = "btn btn-sm";
  clear.textContent = "Clear it";
  clear.addEventListener("click", () => {
    form.reset();
    for (const one of controls(form)) one.dispatchEvent(new Event("input"));
    store.removeItem(key);
    line.remove();
    controls(form)[0]?.focus();
  });
  line.append(clear);
  form.before(line);
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  const key = DRAFT + form.dataset.draft;
  const base = form.dataset.draftBase ?? "";
  const save = () => {
    try { store.setItem(key, JSON.stringify({ base, values: read(form) })); } catch { /* the store is full */ }
  };
  if (form.querySelector("[data-error-summary]")) {
    save();  // it came back from the server, which knows better than any draft
  } else {
    let draft = null;
    try { draft = JSON.parse(store.getItem(key)); } catch { /* not ours */ }
    if (draft?.base === base && Array.isArray(draft.values) && write(form, draft.values)) say(form, key);
  }
  // A tick tells with "change"; a text with every letter. The lines of write() above do not bubble.
  form.addEventListener("input", save);
  form.addEventListener("change", save);
}

for (const done of document.querySelectorAll("[data-draft-done]")) {
  store.removeItem(DRAFT + done.dataset.draftDone);
}
