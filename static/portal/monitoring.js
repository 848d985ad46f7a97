// The monitoring page: its state anew every half minute, and trends as charts.

import uPlot from "../vendor/uplot/uPlot.esm.js";

const EVERY_MS = 30000;
const HEIGHT_PX = 170;
const root = document.getElementById("monitoring");
const place = root.querySelector("[data-part=trends]");
const none = root.querySelector("[data-part=no-trends]");
const charts = new Map();

/** What has changed, as the server shows it. */
async function refreshState() {
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [old, part] = [root, fresh].map((where) => where.querySelector("[data-swap=state]"));
  if (part && part.innerHTML !== old.innerHTML && !old.contains(document.activeElement)) {
    old.replaceWith(part);
  }
}

async function refreshTrends() {
  const answer = await fetch(root.dataset.trendsUrl).catch(() => null);
  if (!answer?.ok) return;
  const { trends } = await answer.json();
  none.hidden = trends.length > 0;
  for (const trend of trends) show(trend);
}

function show(trend) {
  const chart = charts.get(trend.name) ?? addChart(trend);
  chart.trend = trend;
  chart.words.textContent = summary(trend);
  chart.plot.setData([trend.times, trend.values]);
}

function addChart(trend) {
  const figure = document.createElement("figure");
  figure.className = "trend";
  const caption = figure.appendChild(document.createElement("figcaption"));
  caption.append(trend.title);
  const words = caption.appendChild(document.createElement("output"));
  const canvas = figure.appendChild(document.createElement("div"));
  canvas.setAttribute("aria-hidden", "true"); // the caption says the same in words
  place.append(figure);
  const chart = { trend, words, canvas };
  chart.plot = plot(chart);
  charts.set(trend.name, chart);
  new ResizeObserver(() => resize(chart)).observe(canvas);
  return chart;
}

function plot(chart) {
  const style = getComputedStyle(document.documentElement);
  const [text, grid, line, font] = ["--text-muted", "--border", "--accent", "--font"].map((name) =>
    style.getPropertyValue(name).trim(),
  );
  const axis = {
    stroke: text,
    font: `12px ${font}`,
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
  };
  const options = {
    width: chart.canvas.clientWidth || 320,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { y: false, points: { size: 7 } },
    scales: { x: { time: true, range: dayAround }, y: { range: around } },
    axes: [{ ...axis, values: dayTicks }, { ...axis, size: 52, values: (_, ticks) => ticks.map(shortNumber) }],
    series: [{}, { stroke: line, width: 2, points: { show: isShort, size: 5 } }],
    hooks: { setCursor: [(u) => tell(chart, u.cursor.idx)] },
  };
  return new uPlot(options, [chart.trend.times, chart.trend.values], chart.canvas);
}

/** A little more than the values span; from zero where they are near it. */
function around(_, low, high) {
  const span = high - low || Math.abs(high) || 1;
  const bottom = low >= 0 && low <= span ? 0 : low - 0.1 * span;
  return [bottom, high + 0.1 * span];
}

/** What the times span; a day where there is one alone. */
function dayAround(_, first, last) {
  return first === last ? [first - 43200, last + 43200] : [first, last];
}

/** Days; times of day where all is within two of them. */
function dayTicks(_, ticks) {
  const isLong = ticks.at(-1) - ticks[0] > 2 * 86400;
  const options = isLong
    ? { day: "numeric", month: "short" }
    : { hour: "2-digit", minute: "2-digit" };
  return ticks.map((tick) => new Date(tick * 1000).toLocaleString("en-GB", options));
}

function isShort(u) {
  return u.data[0].length < 40;
}

function shortNumber(value) {
  return Math.abs(value) >= 10000 ? `${value / 1000} k` : String(value);
}

function resize({ plot: chart, canvas }) {
  if (canvas.clientWidth > 0) chart.setSize({ width: canvas.clientWidth, height: HEIGHT_PX });
}

function tell(chart, index) {
  const { trend, words } = chart;
  const isThere = index !== null && index !== undefined;
  words.textContent = isThere
    ? `${dateWords(trend.times[index])}: ${valueWords(trend, trend.values[index])}`
    : summary(trend);
}

function summary(trend) {
  const [low, high] = [Math.min(...trend.values), Math.max(...trend.values)];
  const range = low === high ? "" : `, between ${number(trend, low)} and ${number(trend, high)}`;
  return `now ${valueWords(trend, trend.values.at(-1))}${range}`;
}

function number({ digits }, value) {
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

function valueWords(trend, value) {
  return `${number(trend, value)} ${trend.unit}`.trim();
}

function dateWords(seconds) {
  const options = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  return new Date(seconds * 1000).toLocaleString("en-GB", options);
}

/** Canvases know nothing of CSS: drawn anew when light becomes dark. */
function recolour() {
  for (const chart of charts.values()) {
    chart.plot.destroy();
    chart.plot = plot(chart);
  }
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
setInterval(() => {
  if (document.hidden) return;
  refreshState();
  refreshTrends();
}, EVERY_MS);
refreshTrends();
