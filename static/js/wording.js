// The wording of a kind of mail: a press on a placeholder puts it where one was writing. The page works without.
"use strict";

const fields = [document.getElementById("id_subject"), document.getElementById("id_source")];
const announcer = document.getElementById("announcer");

if (fields.every(Boolean)) {
  let last = fields[1];
  for (const field of fields) field.addEventListener("focus", () => { last = field; });

  for (const name of document.querySelectorAll("[data-placeholder]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn-placeholder";
    button.setAttribute("aria-label", `Insert ${name.textContent}`);
    name.replaceWith(button);
    button.append(name);
    button.addEventListener("click", () => {
      last.focus();
      last.setRangeText(name.textContent, last.selectionStart, last.selectionEnd, "end");
      last.dispatchEvent(new Event("input", { bubbles: true }));
      if (announcer) announcer.textContent = `${name.textContent} is in the ${last === fields[0] ? "subject" : "text"}.`;
    });
  }

  let asked = false;
  document.querySelector("[data-previews]").addEventListener("click", () => { asked = true; });
  document.querySelector("iframe[name=preview]").addEventListener("load", () => {
    if (asked && announcer) announcer.textContent = "The preview shows what stands in the field.";
  });
}
