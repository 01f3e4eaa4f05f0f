// Keeps a page up to date: when the server tells that a change moved, it is asked for what
// differs from the page's revision, and that is put in its place. Without JavaScript
// the same page comes by reloading.
"use strict";

let revision = document.getElementById("revision")?.textContent;
const waiting = new Map(); // id of an element → its new content, until nobody types in it
let stale = false; // the whole page is to be replaced, when nobody types in it
let told; // when the server last told of something

// since says what this page has, and how many milliseconds ago it was last told of something: an answer
// that is shared with other pages has to be younger than that.
function since(revision) {
  const had = { "Pushback-Since": revision };
  if (told !== undefined) had["Pushback-Told"] = Math.floor(performance.now() - told);
  return had;
}

// refresh asks for what is new. Where the page has other parts now, all of it is replaced, once.
async function refresh(again = true) {
  const asked = location.href;
  const answer = await fetch(asked, { headers: { Accept: "application/json", ...since(revision) } });
  if (answer.redirected) return location.reload(); // signed out, perhaps in another tab: to the sign-in
  if (!answer.ok) return;
  if (answer.status !== 204) {
    const update = await answer.json();
    if (asked !== location.href) return;
    if (update.whole) return again && replace();
    revision = update.revision;
    for (const [id, html] of Object.entries(update.parts ?? {})) waiting.set(id, html);
    if (update.plots) takePlots(update.plots);
  }
  put();
}

// put puts new parts in their places, except where somebody types.
function put() {
  for (const [id, html] of waiting) {
    const part = document.getElementById(id);
    if (part && busy(part)) continue;
    waiting.delete(id);
    if (!part) continue;
    const open = [...part.querySelectorAll("details[open]")].map((d) => d.id);
    part.innerHTML = html; // the server's own, as in the page
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    prepare(part);
  }
}

// replace asks for the whole page and puts its live areas in their places.
async function replace() {
  const parts = [...document.querySelectorAll("#notices, [data-live]")];
  if (stale = parts.some(busy)) return;
  const asked = location.href;
  const answer = await fetch(asked, { headers: { Accept: "text/html", ...since("whole") } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (asked !== location.href) return; // something else is looked for by now
  if (stale = parts.some(busy)) return;
  for (const part of parts) {
    const open = [...part.querySelectorAll("details[open]")].map((d) => d.id);
    part.replaceChildren(...(fresh.getElementById(part.id)?.childNodes ?? []));
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    prepare(part);
  }
  waiting.clear();
  revision = fresh.getElementById("revision").textContent;
  if (hasPlots()) await refresh(false);
}

function hasPlots() { return document.querySelector("[data-plot]") !== null; }

function busy(part) {
  const at = document.activeElement;
  const typed = [...part.querySelectorAll("input")].some((field) => field.value !== field.defaultValue);
  return typed || (part.contains(at) && at.matches("input, select, textarea, button, summary"));
}

// prepare adds what only makes sense with JavaScript.
function prepare(part) {
  times.tell(part);
  dispatchEvent(new CustomEvent("prepared", { detail: part })); // for the scripts of single pages
  for (const button of part.querySelectorAll("[data-copy-from]")) {
    button.hidden = !navigator.clipboard;
    button.onclick = async () => {
      const answer = await fetch(button.dataset.copyFrom);
      if (!answer.ok || answer.redirected) return;
      await navigator.clipboard.writeText(await answer.text());
      button.textContent = "Copied";
    };
  }
  for (const button of part.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.onclick = async () => {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      button.textContent = "Copied";
    };
  }
}

// Many changes may move at once; one refresh a second shows them all, and one at a time.
let due, working = Promise.resolve();
function soon() {
  due ??= setTimeout(() => { due = undefined; now(); }, 1000);
}
function now() { working = working.then(() => refresh()).catch(() => {}); }

prepare(document);
if (hasPlots()) now();
if (document.querySelector("[data-live]")) {
  const shown = document.getElementById("change")?.dataset.key;
  const stream = new EventSource("/v1/stream?" + (shown ? "change=" + encodeURIComponent(shown) : "looks=no"));
  const tell = () => { told = performance.now(); soon(); };
  stream.addEventListener("change", tell);
  stream.addEventListener("page", tell); // holds, a freeze or an incident: the head of every page shows them
  // What was missed while the connection was down is unknown: look again.
  let lost = false;
  stream.addEventListener("error", () => {
    lost = true;
    if (stream.readyState === EventSource.CLOSED) soon(); // refused: what is shown may be for readers only
  });
  stream.addEventListener("open", () => { if (lost) soon(); lost = false; });
  // What is said by the clock changes while nothing moves.
  const every = document.querySelector("[data-every]")?.dataset.every;
  if (every) setInterval(() => { if (!document.hidden) soon(); }, every * 1000);
  addEventListener("focusout", () => setTimeout(() => stale ? soon() : put()));
}
