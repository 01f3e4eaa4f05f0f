// Draws one plot for every element with data-plot, from the numbers that app.js asks
// for: the ticks before and after the change, what was forecast and how sure,
// and a line at each moment that mattered.
"use strict";

const plots = new Map(); // element → uPlot
const watches = []; // the numbers of each watch of the page
let marks = {}; // the moments that mattered

// takePlots takes the plots that are new, or only their new ticks, and draws them.
function takePlots(fresh) {
  const moved = JSON.stringify(marks) !== JSON.stringify(fresh.marks);
  marks = fresh.marks;
  fresh.watches.forEach((one, number) => {
    if (one) watches[number] = one.keep === undefined ? one : joined(watches[number], one);
    if (one || moved) drawAll(`[data-plot^="${number} "]`);
  });
}

// joined adds new ticks to those that were sent before.
function joined(old, fresh) {
  const signals = fresh.signals.map((signal, i) => ({
    ...signal, before: old.signals[i].before, after: [...old.signals[i].after.slice(0, fresh.keep), ...signal.after],
  }));
  return { ...fresh, keep: undefined, signals };
}

// table lays a signal's ticks out in time: the middle of each, and null where a line has none. The forecast is
// drawn beside what came after the change.
function table(watch, signal) {
  const { tick, started, from } = watch, { after, forecast, low, high } = signal, before = signal.before ?? [];
  const some = after.some((v) => v != null), sure = some && (low !== forecast || high !== forecast);
  const none = (line) => line.map(() => null), all = (line, v) => line.map(() => v);
  return {
    unit: signal.unit, limit: signal.limit,
    time: [...before.map((_, i) => started + (i + 0.5 - before.length) * tick), ...after.map((_, i) => from + (i + 0.5) * tick)],
    before: [...before, ...none(after)], after: [...none(before), ...after],
    forecast: [...none(before), ...all(after, some ? forecast : null)],
    low: [...none(before), ...all(after, sure ? low : null)], high: [...none(before), ...all(after, sure ? high : null)],
  };
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

// value writes v in its unit, as the table beside the plot does.
function value(v, unit) {
  if (v == null) return "—";
  const digits = (x) => String(Number(x.toPrecision(3)));
  if (unit === "fraction") return digits(v * 100) + " %";
  if (unit === "seconds" && v !== 0 && Math.abs(v) < 1) return digits(v * 1000) + " ms";
  if (unit === "seconds") return digits(v) + " s";
  return digits(v) + (unit ? " " + unit : "");
}

// clock writes Unix seconds as the time of day, UTC like everything here; with
// seconds where the lines of the grid are less than a minute apart.
function clock(seconds, step) {
  return new Date(seconds * 1000).toISOString().slice(11, step < 60 ? 19 : 16);
}

// moments are the lines across a plot: when, its word, how it is dashed, and
// on which side of the line the word stands by preference.
function moments(marks) {
  const one = { word: "deployed", dash: [], side: 1, name: "ink" };
  const all = marks.finished && marks.finished - marks.started < 1
    ? [{ at: marks.finished, ...one }]
    : [{ at: marks.started, ...one, word: "began", dash: [6, 3], side: -1 }, { at: marks.finished, ...one, word: "finished" }];
  return [...all, { at: marks.rollback, word: "rolled back", dash: [2, 3], side: 1, name: "busy" }];
}

// lines draws the moments that mattered, each with its word above the plot. A
// word that would leave the plot or meet another goes to the line's other
// side, else a row deeper.
function lines(marks) {
  return (u) => {
    const c = u.ctx, box = u.bbox, dpr = devicePixelRatio, taken = [];
    c.save();
    c.font = `${11 * dpr}px system-ui, sans-serif`;
    for (const m of moments(marks)) {
      const x = m.at ? Math.round(u.valToPos(m.at, "x", true)) : -1;
      if (x < box.left || x > box.left + box.width) continue;
      c.strokeStyle = c.fillStyle = colour(m.name);
      c.lineWidth = 1.5 * dpr;
      c.setLineDash(m.dash.map((d) => d * dpr));
      c.beginPath();
      c.moveTo(x, box.top);
      c.lineTo(x, box.top + box.height);
      c.stroke();
      const spot = free(taken, x, m.side, c.measureText(m.word).width, box, dpr);
      taken.push(spot);
      c.textAlign = "left";
      c.fillText(m.word, spot.left, box.top + (16 * spot.row - 5) * dpr);
    }
    c.restore();
  };
}

// free finds where a word of this width meets no other.
function free(taken, x, side, width, box, dpr) {
  const gap = 4 * dpr;
  for (let row = 0; row < 4; row++) {
    for (const toward of [side, -side]) {
      const left = toward > 0 ? x + gap : x - gap - width;
      const fits = left >= box.left && left + width <= box.left + box.width;
      if (fits && taken.every((t) => t.row !== row || left > t.left + t.width + gap || t.left > left + width + gap)) return { row, left, width };
    }
  }
  return { row: 0, left: Math.max(box.left, x - width / 2), width };
}

function legend(data) {
  const items = [["before", "before"], ["after", "after"]];
  if (data.forecast.some((v) => v != null)) items.push(["forecast", "expected without the change"]);
  if (data.low.some((v) => v != null)) items.push(["band", "95 % interval"]);
  if (data.limit != null && data.limit <= range(data)[1]) items.push(["warn", "the rule's limit"]);
  const list = document.createElement("ul");
  list.className = "legend";
  for (const [name, word] of items) {
    const item = document.createElement("li");
    const ns = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(ns, "svg");
    const line = document.createElementNS(ns, "path");
    svg.setAttribute("viewBox", "0 0 22 8");
    line.setAttribute("d", "M0 4h22");
    line.setAttribute("stroke", name === "band" ? colour("forecast") + "40" : colour(name));
    line.setAttribute("stroke-width", name === "band" ? "8" : "2.5");
    if (name === "forecast" || name === "warn") line.setAttribute("stroke-dasharray", "5 3");
    svg.append(line);
    item.append(svg, word);
    list.append(item);
  }
  return list;
}

// range keeps every line in sight, zero included where values are never
// below it: half a percent should not look like a mountain.
function range(data) {
  const seen = [data.before, data.after, data.forecast, data.low, data.high].flat().filter((v) => v != null);
  if (data.limit != null && data.limit <= 2 * Math.max(...seen)) seen.push(data.limit);
  const low = Math.min(0, ...seen), high = Math.max(...seen, 0);
  const pad = (high - low || 1) * 0.08;
  return [low < 0 ? low - pad : 0, high + pad];
}

// span is the time shown: everything measured, and the rollback where it
// followed soon.
function span(data, marks) {
  const first = data.time[0], last = data.time[data.time.length - 1], soon = last + (last - first) / 4;
  return [first, Math.max(last, ...[marks.finished, marks.rollback].filter((t) => t && t <= soon))];
}

function options(data, marks, width) {
  const axis = { stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  const line = (label, name, more) => ({ label, stroke: colour(name), width: 2, spanGaps: false, points: { show: false }, value: (_, v) => value(v, data.unit), ...more });
  const limit = data.limit == null ? [] : [line("limit", "warn", { dash: [4, 4], width: 1.5 })];
  return {
    width, height: 200, padding: [18, 10, 0, 0], legend: { show: false }, cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: true, range: () => span(data, marks) }, y: { range: () => range(data) } },
    axes: [
      { ...axis, size: 28, space: 70, values: (_, ticks, _axis, _space, step) => ticks.map((t) => clock(t, step)) },
      { ...axis, size: 58, values: (_, ticks) => ticks.map((v) => value(v, data.unit)) },
    ],
    series: [{}, line("before", "before"), line("after", "after", dots(data.after)), line("expected", "forecast", { dash: [6, 4] }),
      line("low", "forecast", { width: 0 }), line("high", "forecast", { width: 0 }), ...limit],
    bands: [{ series: [5, 4], fill: colour("forecast") + "2e" }],
    hooks: { draw: [lines(marks)], setCursor: [readout] },
  };
}

// dots marks single values where there are few: one alone makes no line.
function dots(values) {
  return values.filter((v) => v != null).length > 40 ? {} : { points: { show: true, size: 5, fill: colour("after") } };
}

// readout says in words what stands under the cursor.
function readout(u) {
  const box = u.root.parentElement.querySelector("output");
  const i = u.cursor.idx;
  if (!box || i == null) return;
  const at = new Date(u.data[0][i] * 1000).toISOString().slice(11, 19);
  const said = [1, 2, 3].filter((s) => u.data[s][i] != null).map((s) => u.series[s].label + " " + u.series[s].value(u, u.data[s][i]));
  box.textContent = at + "  " + said.join(", ");
}

function draw(element) {
  const [watch, number] = element.dataset.plot.split(" ");
  const signal = watches[watch]?.signals[number];
  if (!signal) return;
  const data = table(watches[watch], signal);
  plots.get(element)?.destroy();
  element.querySelectorAll("p, .legend, output").forEach((old) => old.remove());
  element.classList.toggle("nothing", !data.time.length);
  if (!data.time.length) {
    const none = document.createElement("p");
    none.textContent = "Nothing was measured.";
    element.append(none);
    return;
  }
  const lines = [data.time, data.before, data.after, data.forecast, data.low, data.high];
  if (data.limit != null) lines.push(data.time.map(() => data.limit));
  plots.set(element, new uPlot(options(data, marks, element.clientWidth), lines, element));
  element.append(legend(data), document.createElement("output"));
}

function drawAll(which) {
  if (typeof uPlot === "undefined") return;
  for (const element of plots.keys()) if (!element.isConnected) { plots.get(element).destroy(); plots.delete(element); }
  document.querySelectorAll(which).forEach(draw);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll("[data-plot]"));
let resizing;
addEventListener("resize", () => { clearTimeout(resizing); resizing = setTimeout(() => drawAll("[data-plot]"), 150); });
