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
  const { tick, started, from } = watch, { after, forecast, low, high, least, most } = signal, before = signal.before ?? [];
  const some = after.some((v) => v != null), sure = some && (low !== forecast || high !== forecast);
  const none = (line) => line.map(() => null), all = (line, v) => line.map(() => v);
  return {
    unit: signal.unit, limit: signal.limit,
    time: [...before.map((_, i) => started + (i + 0.5 - before.length) * tick), ...after.map((_, i) => from + (i + 0.5) * tick)],
    before: [...before, ...none(after)], after: [...none(before), ...after],
    forecast: [...none(before), ...all(after, some ? forecast : null)],
    low: [...none(before), ...all(after, sure ? low : null)], high: [...none(before), ...all(after, sure ? high : null)],
    least: [...none(before), ...all(after, sure ? least : null)], most: [...none(before), ...all(after, sure ? most : null)],
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
function moments(marks, watch) {
  const one = { word: "deployed", dash: [], side: 1, name: "ink" };
  const all = marks.finished && marks.finished - marks.started < 1
    ? [{ at: marks.finished, ...one }]
    : [{ at: marks.started, ...one, word: "began", dash: [6, 3], side: -1 }, { at: marks.finished, ...one, word: "finished" }];
  const settling = watch.from - (marks.finished || marks.started) > 1;
  return [...all, settling && { at: watch.from, word: "settled", dash: [1, 4], side: 1, name: "soft" },
    { at: marks.rollback, word: "rolled back", dash: [2, 3], side: 1, name: "busy" }].filter((m) => m && m.at);
}

const plotLeft = 58, plotRight = 26, rowHeight = 15; // pixels

// placed are the moments that a plot of this width shows, with their places.
function placed(data, marks, watch, width) {
  const [first, last] = span(data, marks), right = width - plotRight;
  const shown = moments(marks, watch).filter((m) => m.at >= first && m.at <= last);
  for (const m of shown) {
    m.x = plotLeft + (m.at - first) / (last - first || 1) * (right - plotLeft);
    m.width = wordWidth(m.word);
  }
  layoutMarks(shown, plotLeft, right, 4).forEach((spot, i) => Object.assign(shown[i], spot));
  return shown;
}

const measure = document.createElement("canvas").getContext("2d");
function wordWidth(word) {
  measure.font = "11px system-ui, sans-serif";
  return Math.ceil(measure.measureText(word).width);
}

// lines draws the moments that mattered, each with its word above the plot.
function lines(shown) {
  return (u) => {
    const c = u.ctx, box = u.bbox, dpr = devicePixelRatio;
    c.save();
    c.font = `${11 * dpr}px system-ui, sans-serif`;
    c.textAlign = "left";
    for (const m of shown) {
      const x = Math.round(u.valToPos(m.at, "x", true));
      c.strokeStyle = c.fillStyle = colour(m.name);
      c.lineWidth = 1.5 * dpr;
      c.setLineDash(m.dash.map((d) => d * dpr));
      c.beginPath();
      c.moveTo(x, box.top - (m.row + 0.7) * rowHeight * dpr);
      c.lineTo(x, box.top + box.height);
      c.stroke();
      c.fillText(m.word, m.left * dpr, box.top - (m.row * rowHeight + 4) * dpr);
    }
    c.restore();
  };
}

function legend(data) {
  const items = [["before", "before"], ["after", "after"]];
  if (data.forecast.some((v) => v != null)) items.push(["forecast", "expected"]);
  if (data.low.some((v) => v != null)) items.push(["band-forecast", "usual, 95 %"], ["band-after", "level since, 95 %"]);
  if (data.limit != null && data.limit <= range(data)[1]) items.push(["warn", "limit"]);
  const list = document.createElement("ul");
  list.className = "legend";
  for (const [name, word] of items) {
    const item = document.createElement("li");
    const ns = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(ns, "svg");
    const line = document.createElementNS(ns, "path");
    svg.setAttribute("viewBox", "0 0 22 8");
    line.setAttribute("d", "M0 4h22");
    const band = name.startsWith("band-") && name.slice(5);
    line.setAttribute("stroke", band ? colour(band) + bandShade : colour(name));
    line.setAttribute("stroke-width", band ? "8" : "2.5");
    if (name === "forecast" || name === "warn") line.setAttribute("stroke-dasharray", "5 3");
    svg.append(line);
    item.append(svg, word);
    list.append(item);
  }
  return list;
}

const bandShade = "38"; // how opaque a band is, in hexadecimal

// range keeps every line in sight, zero included where values are never
// below it: half a percent should not look like a mountain.
function range(data) {
  const seen = [data.before, data.after, data.forecast, data.low, data.high, data.least, data.most].flat().filter((v) => v != null);
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

function options(data, marks, watch, width) {
  const shown = placed(data, marks, watch, width), above = 6 + rowHeight * (1 + Math.max(-1, ...shown.map((m) => m.row)));
  const axis = { stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
  const line = (label, name, more) => ({ label, stroke: colour(name), width: 2, spanGaps: false, points: { show: false }, value: (_, v) => value(v, data.unit), ...more });
  const limit = data.limit == null ? [] : [line("limit", "warn", { dash: [4, 4], width: 1.5 })];
  return {
    width, height: 164 + above, padding: [above, plotRight, 0, 0], legend: { show: false }, cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: true, range: () => span(data, marks) }, y: { range: () => range(data) } },
    axes: [
      { ...axis, size: 28, space: 70, values: (_, ticks, _axis, _space, step) => ticks.map((t) => clock(t, step)) },
      { ...axis, size: plotLeft, values: (_, ticks) => ticks.map((v) => value(v, data.unit)) },
    ],
    series: [{}, line("before", "before"), line("after", "after", dots(data.after)), line("expected", "forecast", { dash: [6, 4] }),
      ...["least", "most", "low", "high"].map((name) => line(name, "forecast", { width: 0 })), ...limit],
    bands: [{ series: [5, 4], fill: colour("forecast") + bandShade }, { series: [7, 6], fill: colour("after") + bandShade }],
    hooks: { draw: [lines(shown)], setCursor: [readout] },
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
  if (!signal || !element.offsetParent) return; // what is folded is drawn when it unfolds
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
  const lines = [data.time, data.before, data.after, data.forecast, data.least, data.most, data.low, data.high];
  if (data.limit != null) lines.push(data.time.map(() => data.limit));
  plots.set(element, new uPlot(options(data, marks, watches[watch], element.clientWidth), lines, element));
  element.append(legend(data), document.createElement("output"));
}

function drawAll(which) {
  if (typeof uPlot === "undefined") return;
  for (const element of plots.keys()) if (!element.isConnected) { plots.get(element).destroy(); plots.delete(element); }
  document.querySelectorAll(which).forEach(draw);
}

addEventListener("toggle", () => drawAll("[data-plot]:not(:has(.uplot))"), true);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll("[data-plot]"));
let resizing;
addEventListener("resize", () => { clearTimeout(resizing); resizing = setTimeout(() => drawAll("[data-plot]"), 150); });
