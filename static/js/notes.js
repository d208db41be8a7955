// The editor of the notes: keeps what is typed a few seconds after the typing stops, and asks before the page
// is left with words that are not saved.
"use strict";

const PAUSE = 3000;  // ms without typing, after which the text is kept

function watch(form) {
  const area = form.elements.namedItem("text");
  const line = form.querySelector("[data-kept]");
  const began = form.hasAttribute("data-unsaved") ? null : area.value;  // null: not saved as it stands
  let kept = area.value;
  let timer = 0;
  let sending = null;
  let leaving = false;

  const unsaved = () => area.value !== began;

  async function keep() {
    timer = 0;
    if (leaving || area.value === kept) return;
    if (sending) { timer = setTimeout(keep, PAUSE); return; }
    const text = area.value;
    const data = new FormData();
    for (const name of ["csrfmiddlewaretoken", "base"]) data.append(name, form.elements.namedItem(name).value);
    data.append("text", text);
    sending = new AbortController();
    try {
      const answer = await fetch(form.dataset.keep, { method: "POST", body: data, signal: sending.signal });
      line.textContent = (await answer.json()).sentence;
      if (answer.ok) kept = text;
    } catch {
      if (!leaving) line.textContent = "Not kept; the site did not answer. Copy your text before you leave.";
    } finally {
      sending = null;
    }
    if (!leaving && !timer && area.value !== text) timer = setTimeout(keep, PAUSE);
  }

  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE);
  });

  // Not htmx's: its requests leave the page where it is.
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("hx-post")) return;
    leaving = true;
    clearTimeout(timer);
    sending?.abort();
  });
  addEventListener("beforeunload", (event) => {
    if (leaving || !unsaved()) return;
    event.preventDefault();
    event.returnValue = "";
  });
  addEventListener("pageshow", () => { leaving = false; });  // back from the page after
}

for (const form of document.querySelectorAll("form[data-notes]")) watch(form);
