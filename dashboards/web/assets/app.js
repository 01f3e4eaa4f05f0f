// Keeps a page up to date: when the server tells that a change moved, the page
// is asked for again and what differs is put in its place. Without JavaScript
// the same page comes by reloading.
"use strict";

const shownBefore = new Map(); // id of a live part → its HTML as last fetched

// refresh replaces every live part that differs, except one somebody types in.
async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (answer.redirected) location.reload(); // signed out, perhaps in another tab: to the sign-in
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  let moved = false;
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || busy(part) || shownBefore.get(part.id) === next.innerHTML) continue;
    shownBefore.set(part.id, next.innerHTML);
    const open = [...part.querySelectorAll("details[open]")].map((d) => d.id);
    part.replaceChildren(...next.childNodes);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    moved = true;
  }
  if (moved) {
    prepare();
    document.dispatchEvent(new Event("pushback:moved"));
  }
}

function busy(part) {
  const at = document.activeElement;
  const typed = [...part.querySelectorAll("input")].some((field) => field.value !== field.defaultValue);
  return typed || (part.contains(at) && at.matches("input, button, summary"));
}

// prepare adds what only makes sense with JavaScript.
function prepare() {
  for (const time of document.querySelectorAll("time")) {
    if (time.dateTime.includes("T")) time.title = new Date(time.dateTime).toLocaleString() + " (your time)";
  }
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.onclick = async () => {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      button.textContent = "Copied";
    };
  }
}

// Many changes may move at once; one refresh a second shows them all.
let due;
function soon() {
  due ??= setTimeout(() => { due = undefined; refresh().catch(() => {}); }, 1000);
}

prepare();
if (document.getElementById("list") || document.getElementById("change")) {
  const shown = document.getElementById("change")?.dataset.key;
  const stream = new EventSource("/v1/stream");
  stream.addEventListener("change", (e) => { if (!shown || e.data === shown) soon(); });
  // What was missed while the connection was down is unknown: look again.
  let lost = false;
  stream.addEventListener("error", () => {
    lost = true;
    if (stream.readyState === EventSource.CLOSED) soon(); // refused: what is shown may be for readers only
  });
  stream.addEventListener("open", () => { if (lost) soon(); lost = false; });
}
