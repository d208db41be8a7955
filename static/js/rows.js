// The order of a list of rows in a form ([data-ordered], its rows [data-row]): each row gets a handle to drag and
// two buttons, which work by keyboard, and the numbers of the form are written by themselves. Without this file
// people type the numbers. A row that is part of the one above ([name$="-is_part"]) moves with it.
"use strict";

function ordered(list) {
  const rows = () => [...list.querySelectorAll(":scope > [data-row]")];
  const number = (row) => row.querySelector('[name$="-order"]');
  const title = (row) => row.querySelector('[name$="-title"]')?.value.trim() ?? "";
  const isPart = (row) => Boolean(row.querySelector('[name$="-is_part"]')?.checked);

  // The row with its parts: what moves together.
  function block(row, all = rows()) {
    const from = all.indexOf(row);
    let to = from + 1;
    if (!isPart(row)) while (to < all.length && isPart(all[to])) to += 1;
    return all.slice(from, to);
  }

  // What stands before or after it, as one step of it passes it.
  function neighbour(row, step) {
    const all = rows();
    const own = block(row, all);
    if (step > 0) {
      const next = all[all.indexOf(own.at(-1)) + 1];
      return next ? (isPart(row) ? [next] : block(next, all)) : [];
    }
    let at = all.indexOf(row) - 1;
    if (at < 0) return [];
    const last = at;
    if (!isPart(row)) while (at > 0 && isPart(all[at])) at -= 1;
    return all.slice(at, last + 1);
  }

  // The others move around it, so that neither the focus nor the pointer is lost. Returns whether it moved.
  function move(row, step) {
    const other = neighbour(row, step);
    if (!other.length) return false;
    const own = block(row);
    if (step > 0) own[0].before(...other);
    else own.at(-1).after(...other);
    return true;
  }

  function count() {
    for (const [index, row] of rows().entries()) {
      row.querySelector("[data-row-number]").textContent = index + 1;
    }
  }

  function write() {
    for (const [index, row] of rows().entries()) number(row).value = index + 1;
    count();
  }

  function place(row) {
    const all = rows();
    const name = title(row);
    return `${name ? `“${name}”` : "The empty row"} is number ${all.indexOf(row) + 1} of ${all.length} now.`;
  }

  function say(sentence) {
    const announcer = document.getElementById("announcer");
    if (announcer) announcer.textContent = sentence;
  }

  // By the numbers that stand there, as the browser may have put back the ones of before.
  function sort() {
    const all = rows();
    const key = (row) => /^\d+$/.test(number(row).value) ? Number(number(row).value) : Infinity;
    const wanted = [...all].sort((one, other) => {
      const [a, b] = [key(one), key(other)];
      return a === b ? 0 : a - b;
    });
    if (wanted.some((row, index) => row !== all[index])) {
      const after = all.at(-1).nextSibling;
      for (const row of wanted) list.insertBefore(row, after);
      count();
    }
  }

  function button(words, step, row) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn btn-sm btn-text";
    made.textContent = words;
    made.setAttribute("aria-describedby", row.getAttribute("aria-labelledby"));
    made.addEventListener("click", () => {
      if (!move(row, step)) {
        say(step < 0 ? "It is the first already." : "It is the last already.");
        return;
      }
      write();
      say(place(row));
      made.scrollIntoView({ block: "nearest" });
    });
    return made;
  }

  // While a row is dragged, all are as small as their headings.
  function shrink(row, small) {
    const before = row.getBoundingClientRect().top;
    for (const each of rows()) each.querySelector("[data-row-name]").textContent = small ? title(each) : "";
    list.classList.toggle("is-sorting", small);
    for (const each of block(row)) each.classList.toggle("is-moving", small);
    window.scrollBy({ top: row.getBoundingClientRect().top - before, behavior: "instant" });
  }

  function drag(row, handle, start) {
    const first = rows();
    let at = start.clientY;
    let frame = 0;
    shrink(row, true);

    function follow() {
      const own = block(row);
      for (const step of [1, -1]) {
        for (let other = neighbour(row, step); other.length; other = neighbour(row, step)) {
          const middle = (other[0].getBoundingClientRect().top + other.at(-1).getBoundingClientRect().bottom) / 2;
          const height = own.at(-1).getBoundingClientRect().bottom - own[0].getBoundingClientRect().top;
          // Past its middle, and far enough that the way back does not begin at once.
          if (step > 0 ? at <= Math.max(middle, own[0].getBoundingClientRect().top + height) : at >= middle) break;
          move(row, step);
          count();
        }
      }
    }
    function scroll() {
      const edge = 64;
      const far = at < edge ? at - edge : Math.max(0, at - (innerHeight - edge));
      if (far) {
        window.scrollBy({ top: far / 6, behavior: "instant" });
        follow();
      }
      frame = requestAnimationFrame(scroll);
    }
    function onMove(event) {
      if (event.pointerId !== start.pointerId) return;
      at = event.clientY;
      follow();
    }
    function end(event) {
      if (event.type === "keydown" ? event.key !== "Escape" : event.pointerId !== start.pointerId) return;
      cancelAnimationFrame(frame);
      for (const [name, listener] of listeners) document.removeEventListener(name, listener);
      if (event.type !== "pointerup") {
        const after = rows().at(-1).nextSibling;
        for (const each of first) list.insertBefore(each, after);
        count();
      }
      shrink(row, false);
      if (rows().some((each, index) => each !== first[index])) {
        write();
        say(place(row));
      }
      row.scrollIntoView({ block: "nearest", behavior: "instant" });
    }
    const listeners = [["pointermove", onMove], ["pointerup", end], ["pointercancel", end], ["keydown", end]];
    for (const [name, listener] of listeners) document.addEventListener(name, listener);
    frame = requestAnimationFrame(scroll);
  }

  for (const row of rows()) {
    const handle = document.createElement("span");
    handle.className = "row-handle";
    handle.title = "Drag to move";
    handle.setAttribute("aria-hidden", "true");
    handle.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      drag(row, handle, event);
    });
    const name = document.createElement("span");
    name.className = "row-name";
    name.dataset.rowName = "";
    const tools = document.createElement("span");
    tools.className = "row-tools";
    tools.append(button("Move up", -1, row), button("Move down", 1, row));
    const head = row.querySelector("[data-row-head]");
    head.prepend(handle);
    head.append(name, tools);
    const field = number(row).closest(".field");
    if (!field.querySelector(".field-error")) field.hidden = true;  // a wrong number has to be seen
  }
  for (const hint of list.querySelectorAll("[data-without-script]")) hint.hidden = true;
  sort();
  window.addEventListener("pageshow", sort);
}

for (const list of document.querySelectorAll("[data-ordered]")) ordered(list);
