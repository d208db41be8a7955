// Small improvements. Every page works without this file.
"use strict";

// A form that came back with errors: the summary takes the focus.
function focusSummary(root) {
  const summary = root.querySelector("[data-error-summary]");
  if (summary) summary.focus();
}

// How far a zone is from UTC at an instant, in minutes; the browser's own zone when none is named.
function offset(instant, zone) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric",
  }).formatToParts(instant);
  const at = Object.fromEntries(parts.map((part) => [part.type, Number(part.value)]));
  const wall = Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute);
  return Math.round((wall - instant.getTime()) / 60000);
}

// "23:30 your time, in London" beside a time of another zone; nothing where the clocks agree.
function localTimes(root) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const marked = [...root.querySelectorAll("time[data-local][data-zone], [data-local-time]")];
  for (const [index, time] of marked.entries()) {
    const place = marked[index + 1];
    const instant = new Date(time.dateTime);
    if (!own || !time.matches("time") || !place?.matches("[data-local-time]") || isNaN(instant)) continue;
    try {
      if (offset(instant, own) === offset(instant, time.dataset.zone)) continue;
      const day = (zone) => instant.toLocaleDateString("en-GB", { timeZone: zone, weekday: "long" });
      const clock = instant.toLocaleTimeString("en-GB", { timeZone: own, hour: "2-digit", minute: "2-digit" });
      const other = day(own) === day(time.dataset.zone) ? "" : day(own) + " ";
      const city = own.includes("/") ? ", in " + own.split("/").pop().replaceAll("_", " ") : "";
      place.textContent = other + clock + " your time" + city;
    } catch { /* a zone that this browser does not know: the session's own time stands */ }
  }
}

const grouped = (number) => number.toLocaleString("en-GB"); // 12,000, as the pages write it

// "120 of 600 characters" under a textarea with data-maxlength-hint; spoken only when the limit is near.
function counters(root) {
  for (const area of root.querySelectorAll("textarea[data-maxlength-hint]")) {
    if (area.dataset.counted) continue;
    area.dataset.counted = "yes";
    const most = Number(area.dataset.maxlengthHint) || area.maxLength;
    if (!(most > 0)) continue;
    const line = document.createElement("p");
    line.className = "counter";
    area.after(line);
    const tell = () => {
      const typed = [...area.value].length; // characters as people and the server count them
      const left = most - typed;
      line.textContent = left < 0
        ? `${grouped(-left)} characters too many`
        : `${grouped(typed)} of ${grouped(most)} characters`;
      line.classList.toggle("late", left < 0);
      line.setAttribute("aria-live", left < most / 10 ? "polite" : "off");
    };
    area.addEventListener("input", tell);
    tell();
  }
}

function improve(root) {
  focusSummary(root);
  localTimes(root);
  counters(root);
}

improve(document);

// After an htmx swap: improve what came, and say aloud what its [data-announce] says.
document.addEventListener("htmx:afterSettle", (event) => {
  const came = event.target;
  improve(came);
  const said = came.matches("[data-announce]") ? came : came.querySelector("[data-announce]");
  const announcer = document.getElementById("announcer");
  if (!announcer) return;
  if (announcer.classList.contains("note-stop")) {
    announcer.className = "visually-hidden"; // what was refused before has been mended
    announcer.textContent = "";
  }
  if (said) announcer.textContent = said.textContent.trim().replace(/\s+/g, " ");
});

// A refused or failed request says so where it can be seen and heard.
for (const name of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(name, () => {
    const announcer = document.getElementById("announcer");
    if (!announcer) return;
    announcer.className = "page note note-stop";
    announcer.textContent = "That did not reach us. Load the page again, then try once more.";
    announcer.scrollIntoView({ block: "nearest" });
  });
}
