// What pages do beyond links and forms: the theme, saying that data is stale, keys, charts. Everything else is htmx.
"use strict";

const STALE_AFTER_MS = 5000;

// --- theme: kept in a cookie, so that the server renders the right one at once ---

document.addEventListener("click", (click) => {
  const button = click.target.closest("[data-theme-next]");
  if (!button) return;
  const order = { auto: "light", light: "dark", dark: "auto" };
  const next = order[document.documentElement.dataset.theme] || "auto";
  document.documentElement.dataset.theme = next;
  document.cookie = `theme=${next}; path=/; max-age=31536000; samesite=lax`;
  button.querySelector("[data-theme-name]").textContent = next;
  document.dispatchEvent(new Event("themechange"));
});

// --- live: what does not come is said ---

let lastBeat = Date.now();
const hasStream = () => document.querySelector("[sse-connect]") !== null;

document.addEventListener("htmx:sseBeforeMessage", () => {
  lastBeat = Date.now();
});
setInterval(() => {
  document.body.classList.toggle("stale", hasStream() && Date.now() - lastBeat > STALE_AFTER_MS);
}, 1000);
// A stream that was refused may be a session that ended: then the page has to ask for a sign-in.
document.addEventListener("htmx:sseError", async () => {
  try {
    const answer = await fetch("/session", { redirect: "manual" });
    if (answer.type === "opaqueredirect") location.reload();
  } catch {
    // The console is away; htmx tries again, and the page says that it is stale.
  }
});

// --- a phone shows some of the pages' names: the one that is open among them ---

document.addEventListener("DOMContentLoaded", () => {
  const bar = document.querySelector(".side");
  const open = bar?.querySelector("[aria-current]");
  if (open) bar.scrollLeft = open.offsetLeft - (bar.clientWidth - open.offsetWidth) / 2;
});

// --- keys: "/" leads to the search, Escape closes menus ---

document.addEventListener("keydown", (key) => {
  const isTyping = key.target.closest("input, textarea, select");
  if (key.key === "/" && !isTyping) {
    key.preventDefault();
    document.querySelector("#find")?.focus();
  }
  if (key.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  }
});
document.addEventListener("click", (click) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(click.target)) menu.open = false;
  }
});

// --- what must be confirmed ---

document.addEventListener("submit", (submit) => {
  const question = submit.submitter?.dataset.confirm;
  if (question && !confirm(question)) submit.preventDefault();
});

// --- charts: each names the address of its series ---

async function drawChart(place) {
  const { begin, end, times, values, unit, target } = await (await fetch(place.dataset.series)).json();
  const color = (name) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    place.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  const muted = color("--muted");
  const line = color("--line");
  const axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "11px Inter" };
  // Days as everywhere else on these pages: by UTC, the year first.
  const days = { ...axis, values: (_chart, ticks) => ticks.map((tick) => new Date(tick * 1000).toISOString().slice(5, 10)) };
  const numbers = { ...axis, size: 56, label: unit, labelSize: 18, labelFont: axis.font };
  const series = [{}, { label: unit, stroke: color("--accent"), width: 2, spanGaps: true, points: { show: times.length < 40, size: 5 } }];
  const data = [times, values];
  if (target !== null) {
    series.push({ label: "target", stroke: color("--warn"), width: 1, dash: [5, 4], points: { show: false } });
    data.push(times.map(() => target));
  }
  const box = { width: place.clientWidth, height: Number(place.dataset.height || 180) };
  const chart = new uPlot(
    { ...box, series, axes: [days, numbers], tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"), legend: { show: false }, cursor: { y: false }, scales: { x: { time: true, range: () => [begin, end] } } },
    data,
    place,
  );
  new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: box.height })).observe(place);
  return chart;
}

async function drawCharts() {
  for (const place of document.querySelectorAll("[data-series]")) {
    place.replaceChildren();
    await drawChart(place);
  }
}
document.addEventListener("DOMContentLoaded", drawCharts);
document.addEventListener("themechange", drawCharts);
