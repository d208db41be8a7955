// The queue by keyboard, and small improvements of its forms. The page works without this file.
"use strict";

const KEYS_OFF = "queue-keys-off"; // in localStorage: single keys get in the way of some who speak to their machine

const queueRows = () => [...document.querySelectorAll("[data-queue] tbody a[data-open]")];
const queueBoxes = () => [...document.querySelectorAll("[data-queue] input[name=pick]")];

function sayInQueue(text) {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = text;
}

function keysAreOn() {
  try { return !localStorage.getItem(KEYS_OFF); } catch { return true; }
}

// How many are ticked, beside the button, and the box that ticks all.
function countTicked() {
  const boxes = queueBoxes();
  const ticked = boxes.filter((box) => box.checked).length;
  const place = document.querySelector("[data-ticked]");
  if (place) place.textContent = ticked ? `${ticked} ticked` : "";
  const all = document.querySelector("[data-tick-all]");
  if (all) {
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
  return ticked;
}

function prepareQueue() {
  for (const hidden of document.querySelectorAll("[data-needs-script]")) hidden.hidden = false;
  const keys = document.querySelector("[data-keys-on]");
  if (keys) keys.checked = keysAreOn();
  countTicked();
}

// The row that has the focus; the focus itself moves, so that screen readers follow.
function moveRow(step) {
  const rows = queueRows();
  const row = document.activeElement?.closest("tr");
  const now = rows.findIndex((link) => row?.contains(link));
  const next = rows[now < 0 ? (step > 0 ? 0 : rows.length - 1) : now + step];
  if (next) {
    next.focus();
    next.closest("tr").scrollIntoView({ block: "nearest" });
  } else if (rows.length) {
    sayInQueue(step > 0 ? "That was the last on this page." : "That was the first on this page.");
  }
}

const inRow = (selector) => document.activeElement?.closest("[data-queue] tbody tr")?.querySelector(selector);

const QUEUE_KEYS = {
  j: () => moveRow(1),
  k: () => moveRow(-1),
  o: () => inRow("a[data-open]")?.click(),
  x: () => inRow("input[name=pick]")?.click(),
  n: () => document.querySelector("[data-queue] a[rel=next]")?.click(),
  p: () => document.querySelector("[data-queue] a[rel=prev]")?.click(),
  "/": () => {
    const field = document.querySelector("[data-queue] input[type=search]");
    field?.focus();
    field?.select();
  },
  "?": () => {
    const list = document.querySelector("[data-keys]");
    if (!list) return;
    list.open = !list.open;
    list.querySelector("summary").focus();
  },
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const at = event.target;
  const typing = at.isContentEditable || at.matches("textarea, select, input:not([type=checkbox])");
  if (typing) return;
  // Arrows scroll the page, except where a row has the focus already.
  const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (arrow && at.closest("[data-queue] tbody tr")) {
    event.preventDefault();
    moveRow(arrow);
    return;
  }
  const act = Object.hasOwn(QUEUE_KEYS, event.key) && keysAreOn() && QUEUE_KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("change", (event) => {
  const at = event.target;
  if (at.matches("[data-keys-on]")) {
    try {
      if (at.checked) localStorage.removeItem(KEYS_OFF);
      else localStorage.setItem(KEYS_OFF, "1");
    } catch { /* a browser that keeps nothing: the keys stay on */ }
  } else if (at.matches("[data-tick-all]")) {
    for (const box of queueBoxes()) box.checked = at.checked;
    sayInQueue(at.checked ? `${countTicked()} ticked` : "None ticked");
    countTicked();
  } else if (at.matches("[data-queue] input[name=pick]")) {
    sayInQueue(`${countTicked()} ticked in all`);
  } else if (at.matches("[data-filter] select")) {
    at.form.requestSubmit(); // a choice from a list takes effect at once
  }
});

prepareQueue();
document.addEventListener("htmx:afterSettle", prepareQueue);
// Back from an application: what the browser has kept may be ticked.
window.addEventListener("pageshow", countTicked);
