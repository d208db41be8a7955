// The time zone of a new group ([data-guess-zone]) is probably the browser's; nothing that was chosen changes.
"use strict";

const select = document.querySelector("[data-guess-zone]");
if (select && !select.value) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some((option) => option.value === zone)) select.value = zone;
}
