// Drafts that are ticked: how many, and one box for all on the page. The page works without this file.
"use strict";

const list = document.querySelector("form[data-ticks]");

if (list) {
  const boxes = [...list.querySelectorAll("input[name=pick]")];
  const all = list.querySelector("[data-tick-all]");
  const place = list.querySelector("[data-ticked]");

  const count = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    place.textContent = ticked ? `${ticked} ticked` : "";
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
    return ticked;
  };

  all.hidden = false;
  list.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes) box.checked = all.checked;
    const ticked = count();
    const announcer = document.getElementById("announcer");
    if (announcer) announcer.textContent = ticked ? `${ticked} ticked` : "None ticked";
  });
  // Back from the page after: what the browser has kept may be ticked.
  addEventListener("pageshow", count);
  count();
}
