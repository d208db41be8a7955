// Passkeys: show what needs them, and say in words what the browser refused.
"use strict";

if (window.PublicKeyCredential) {
  for (const element of document.querySelectorAll("[data-needs-passkeys]")) element.hidden = false;
}

const TROUBLE = {
  NotAllowedError: "Your browser has not been given a passkey. Try again, and answer its question in time.",
  InvalidStateError: "This device has a passkey for your account already.",
  NotSupportedError: "This device cannot make such a passkey. Try another one.",
  SecurityError: "Passkeys do not work at this address. Use an authenticator app instead.",
};

document.addEventListener("allauth.error", (event) => {
  const line = document.getElementById("passkey-trouble");
  if (!line) return;
  event.preventDefault();
  line.textContent = TROUBLE[event.detail.exception?.name] ?? "That did not work. Load the page again, then try once more.";
  line.hidden = false;
  line.scrollIntoView({ block: "nearest" });
});
