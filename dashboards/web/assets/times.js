// Shows times where the reader is: every <time> has a moment in UTC, which is what pages say without
// JavaScript. Whoever would rather read UTC says so in the footer, and the browser remembers it.
"use strict";

const times = (() => {
  const zoneKey = "pushback-times";

  // utcChosen says whether the reader wants UTC.
  function utcChosen() {
    try { return localStorage.getItem(zoneKey) === "utc"; } catch { return false; } // no storage: local time
  }

  // zone is the time zone that times are shown in, for Intl.
  function zone() { return utcChosen() ? "UTC" : undefined; }

  const clockOnly = /^\d\d:\d\d(:\d\d)?$/;
  const formats = new Map();

  // format writes a moment in one of three forms, in the reader's zone or in UTC.
  function format(at, form, timeZone) {
    const key = form + (timeZone ?? "");
    if (!formats.has(key)) {
      const day = { day: "numeric", month: "long", year: "numeric" }, time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
      const parts = { minutes: time, clock: { ...time, second: "2-digit" }, whole: { ...day, ...time, second: "2-digit" } }[form];
      formats.set(key, new Intl.DateTimeFormat("en-GB", { ...parts, timeZone }));
    }
    return formats.get(key).format(at).replace(" at ", ", ");
  }

  // clockIn writes a moment as the time of day in the zone that times are shown in.
  function clockIn(at, seconds = true) { return format(at, seconds ? "clock" : "minutes", zone()); }

  // span writes how long something takes, as the server does.
  function span(seconds) {
    const s = Math.abs(seconds), minutes = Math.round(s / 60);
    if (s < 60) return "less than a minute";
    if (minutes < 60) return minutes + " min";
    if (minutes < 6 * 60 && minutes % 60) return Math.floor(minutes / 60) + " h " + minutes % 60 + " min";
    if (minutes < 48 * 60) return Math.floor(minutes / 60) + " h";
    return Math.round(s / 86400) + " days";
  }

  // relative writes a moment by how far it is from now: "3 min left", "5 min ago".
  function relative(at, kind) {
    const seconds = (at - Date.now()) / 1000;
    if (kind === "left") return seconds > 0 ? span(seconds) + " left" : "any moment";
    return seconds > 0 ? "in " + span(seconds) : span(seconds) + " ago";
  }

  // tellTime shows one moment. What the server wrote is kept: it tells the form.
  function tellTime(time) {
    if (!time.dateTime.includes("T")) return;
    time.dataset.utc ??= time.textContent;
    const at = new Date(time.dateTime), written = time.dataset.utc;
    const utc = format(at, "whole", "UTC") + " UTC";
    if (time.dataset.relative) {
      time.textContent = relative(at, time.dataset.relative);
      time.title = utcChosen() ? utc : format(at, "whole") + " (" + utc + ")";
      return;
    }
    const form = !clockOnly.test(written) ? "whole" : written.length > 5 ? "clock" : "minutes";
    time.textContent = utcChosen() ? written : format(at, form);
    time.title = utcChosen() ? format(at, "whole") + " (your time)" : utc;
  }

  // tell shows all moments of a part of the page.
  function tell(part) { part.querySelectorAll("time").forEach(tellTime); }

  setInterval(() => document.querySelectorAll("time[data-relative]").forEach(tellTime), 15000);

  // The choice stands in the footer.
  {
    const place = document.getElementById("zone"), button = document.createElement("button");
    const name = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    const say = () => {
      place.firstChild.textContent = utcChosen() ? "All times are UTC. " : `Times are ${name}. `;
      button.textContent = utcChosen() ? "Show your time" : "Show UTC";
    };
    button.className = "link";
    button.type = "button";
    button.onclick = () => {
      try { localStorage.setItem(zoneKey, utcChosen() ? "local" : "utc"); } catch { return; }
      say();
      tell(document);
      dispatchEvent(new Event("zonechange"));
    };
    place.append(button);
    say();
  }

  return { tell, clock: clockIn, span };
})();
