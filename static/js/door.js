// At the door: a double tap counts once. The page works without this file.
"use strict";

const AGAIN = 600; // milliseconds within which a second tap on the same person is part of the first
let last = { id: "", at: -AGAIN };

document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".door-button");
  if (!button) return;
  if (button.id === last.id && event.timeStamp - last.at < AGAIN) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  last = { id: button.id, at: event.timeStamp };
}, true);
