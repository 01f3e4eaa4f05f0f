// Draws the graphs of the last day, with a line for every change: pointing at a graph says which change is
// near and what the values were, and two buttons go from change to change. Without JavaScript the server's own drawing
// stays.
"use strict";
{
  const drawn = new Map(); // figure → uPlot
  let pushes = []; // {at, tone, word, title, href}, oldest first
  let picked = null; // the change that is chosen, by its address

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

  // values reads the server's drawing back: minutes, and ten-thousandths between the edges.
  function values(figure, from) {
    const top = Number(figure.dataset.top), bottom = Number(figure.dataset.bottom);
    const time = [], line = [];
    for (const [, command, x, y] of figure.querySelector("path.line").getAttribute("d").matchAll(/([ML])(\d+) (\d+)/g)) {
      if (command === "M" && time.length) { time.push(time[time.length - 1] + 1); line.push(null); }
      time.push(from + x * 60);
      line.push(top - y / 10000 * (top - bottom));
    }
    return time.length ? [time, line] : [[from, from + 86400], [null, null]];
  }

  // strokes draws the changes behind the signal, and the chosen one stronger.
  function strokes(u) {
    const { ctx, bbox } = u, dpr = devicePixelRatio;
    ctx.save();
    for (const p of pushes) {
      const x = Math.round(u.valToPos(p.at, "x", true)) + 0.5;
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      const chosen = p.href === picked;
      ctx.globalAlpha = chosen ? 1 : p.tone === "good" || p.tone === "quiet" ? 0.5 : 0.75;
      ctx.strokeStyle = css(p.tone);
      ctx.lineWidth = (chosen ? 4 : 1.5) * dpr;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }

  function options(figure, from, last) {
    const strip = figure.classList.contains("strip"), unit = figure.dataset.unit, top = Number(figure.dataset.top), bottom = Number(figure.dataset.bottom);
    const axis = { stroke: css("soft"), grid: { stroke: css("line"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
    return {
      width: figure.clientWidth - 26, height: strip ? 64 : last ? 116 : 90, padding: [4, 4, last ? 0 : 7, 0], legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, sync: { key: "day" } },
      scales: { x: { time: true, range: () => [from, from + 86400] }, y: { range: () => [bottom, top] } },
      axes: [
        { ...axis, show: last, size: 26, space: 60, values: (_, ticks) => ticks.map((t) => times.clock(new Date(t * 1000), false)) },
        { ...axis, show: !strip, size: 56, space: 24, values: (_, ticks) => ticks.map((v) => value(v, unit === "fraction" || unit === "seconds" ? unit : "")) },
      ],
      series: [{}, { stroke: css("ink"), width: 1.6, spanGaps: false, points: { show: false } }],
      hooks: { drawClear: [strokes], setCursor: [near] },
    };
  }

  function draw() {
    const graphs = document.querySelector(".graphs");
    if (!graphs || typeof uPlot === "undefined") return;
    for (const [figure, u] of drawn) { u.destroy(); figure.classList.remove("drawn"); }
    drawn.clear();
    const from = Number(graphs.dataset.from);
    pushes = [...document.getElementById("pushes").content.querySelectorAll("a")].map((a) => ({
      at: Number(a.dataset.at), tone: a.dataset.tone, word: a.dataset.word, title: a.textContent, href: a.getAttribute("href"),
    }));
    const figures = [...graphs.querySelectorAll("figure[data-top]")];
    for (const figure of figures) {
      drawn.set(figure, new uPlot(options(figure, from, figure === figures[figures.length - 1]), values(figure, from), figure));
      figure.classList.add("drawn");
    }
    document.querySelector(".hours").hidden = figures.length > 0;
    choose();
  }

  // near says what is under the cursor: the nearest change within a dozen pixels, and the values.
  function near(u) {
    if (u.cursor.left == null || u.cursor.left < 0 || u.cursor.event == null) return;
    const at = u.posToVal(u.cursor.left, "x"), reach = Math.abs(u.posToVal(u.cursor.left + 12, "x") - at);
    const nearest = pushes.reduce((best, p) => Math.abs(p.at - at) < Math.abs((best?.at ?? Infinity) - at) ? p : best, null);
    pick(nearest && Math.abs(nearest.at - at) <= reach ? nearest : null, at);
  }

  function pick(push, at) {
    const moved = picked !== (push?.href ?? null);
    picked = push?.href ?? null;
    say(push, at ?? push?.at);
    if (moved) for (const u of drawn.values()) u.redraw(false);
  }

  // say writes which change is chosen, and the values at that moment.
  function say(push, at) {
    const output = document.querySelector(".pick output");
    const read = [...drawn].filter(([figure]) => figure.querySelector("figcaption")).map(([figure, u]) => {
      const i = u.valToIdx(at), name = figure.querySelector("figcaption").firstChild.textContent.trim();
      return `${name} ${value(u.data[1][i], figure.dataset.unit)}`;
    });
    output.replaceChildren(times.clock(new Date(at * 1000)) + "  ");
    if (push) {
      const link = document.createElement("a");
      link.href = push.href;
      link.textContent = push.title;
      output.append(link, ", " + push.word.toLowerCase() + (read.length ? ": " : ""));
    }
    output.append(read.join(", "));
  }

  // choose keeps what was chosen when the graphs are drawn anew, and has the buttons step from change to change.
  function choose() {
    const box = document.querySelector(".pick");
    box.hidden = !pushes.length;
    const step = (by) => {
      const now = pushes.findIndex((p) => p.href === picked);
      const next = now < 0 ? (by > 0 ? 0 : pushes.length - 1) : Math.min(Math.max(now + by, 0), pushes.length - 1);
      pick(pushes[next]);
    };
    for (const button of box.querySelectorAll("button")) {
      button.onclick = () => step(Number(button.dataset.step));
      button.onkeydown = (event) => {
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (by) { event.preventDefault(); step(by); }
      };
    }
    const chosen = pushes.find((p) => p.href === picked);
    if (chosen) say(chosen, chosen.at);
  }

  addEventListener("prepared", (event) => { if (event.detail.querySelector(".graphs")) draw(); });
  addEventListener("zonechange", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  let resizing;
  addEventListener("resize", () => { clearTimeout(resizing); resizing = setTimeout(draw, 150); });
}
