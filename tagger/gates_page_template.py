"""The page that ``tagger/gates_page.py`` fills in: HTML, style and script, with nothing from elsewhere."""

from __future__ import annotations

TITLE = "@TITLE@"
DATA = "@DATA@"

PAGE = r"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>@TITLE@</title>
<style>
:root { color-scheme: light dark; --ink: #1d2126; --dim: #667; --paper: #fff; --card: #f4f5f7; --line: #d5d8de;
  --accent: #2559b5; --on-accent: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ec; --dim: #9aa1ad; --paper: #14161a; --card: #1e2127;
  --line: #383d47; --accent: #7aa7ff; --on-accent: #10131a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 75rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0; }
h2 { font-size: 1rem; margin: 1.5rem 0 .4rem; }
p { margin: .3rem 0; }
.dim { color: var(--dim); }
.controls { display: flex; flex-wrap: wrap; gap: .6rem 1.6rem; margin: 1rem 0; }
fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem; align-items: center; }
legend { float: left; padding: 0; margin-right: .5rem; color: var(--dim); font-size: .85rem; }
button { font: inherit; font-size: .9rem; color: var(--ink); background: var(--card); border: 1px solid var(--line);
  border-radius: .4rem; padding: .15rem .6rem; cursor: pointer; }
button[aria-pressed="true"] { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button:focus-visible, canvas:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.equation { font-family: "Cambria Math", "STIX Two Math", Georgia, serif; font-size: 1.1rem; }
.words { display: flex; flex-wrap: wrap; gap: .25rem; }
.words button { border: 0; padding: .2rem .45rem; text-align: center; line-height: 1.25; }
.words small { display: block; font-size: .65rem; opacity: .8; }
.words .break { flex-basis: 100%; height: 0; }
.map { display: flex; overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; }
.rows { flex: none; padding: 0 .6rem; font-size: .85rem; position: sticky; left: 0; background: var(--paper); }
.rows div { height: 22px; line-height: 22px; white-space: pre; max-width: 14rem; overflow: hidden;
  text-overflow: ellipsis; }
.rows .start { box-shadow: 0 -2px var(--accent); }
.rows .here { font-weight: 600; color: var(--accent); }
.rows small { color: var(--dim); font-weight: 400; }
.field { flex: 1 0 auto; position: relative; }
canvas { display: block; width: 100%; cursor: crosshair; }
.readout { min-height: 1.6rem; font-variant-numeric: tabular-nums; }
.legend { display: flex; align-items: center; gap: .5rem; font-size: .85rem; }
.legend i { display: inline-block; width: 12rem; height: .8rem; border-radius: .2rem; }
</style>
</head>
<body>
<h1>@TITLE@</h1>
<p class="dim" id="facts"></p>
<noscript><p>The values are in this page, but drawing them takes JavaScript, which is switched off here.</p></noscript>
<div class="controls" id="controls"></div>
<p class="equation" id="equation"></p>
<p id="meaning"></p>
<h2 id="sentence-title"></h2>
<div class="words" id="words"></div>
<h2>Words by units</h2>
<p class="readout" id="readout" aria-live="polite"></p>
<div class="map"><div class="rows" id="rows"></div><div class="field" id="field">
<canvas id="canvas" tabindex="0" role="img" aria-label="Heat map, words by units; arrow keys move, Enter picks a unit">
</canvas></div></div>
<p class="legend"><span id="low"></span><i id="scale"></i><span id="high"></span></p>
<h2 id="top-title"></h2>
<div class="words" id="top"></div>
<script type="application/json" id="data">@DATA@</script>
<script>
(() => {
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);
const dark = matchMedia("(prefers-color-scheme: dark)");
const ROW = 22;
const VIRIDIS = [[68, 1, 84], [71, 45, 123], [59, 82, 139], [44, 114, 142], [33, 145, 140], [40, 174, 128],
  [94, 201, 98], [173, 220, 48], [253, 231, 37]];
const signed = () => dark.matches ? [[150, 200, 255], [60, 115, 185], [32, 35, 41], [195, 85, 65], [255, 175, 145]]
  : [[33, 102, 172], [103, 169, 207], [247, 247, 247], [239, 138, 98], [178, 24, 43]];
const arrays = data.arrays.map(one => {
  const bytes = Uint8Array.from(atob(one.values), char => char.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const values = new Float64Array(bytes.length / 2).map((_, i) => view.getInt16(2 * i, true) * one.limit / 32767);
  return { ...one, values };
});
const chosen = { direction: arrays[0].direction, layer: arrays[0].layer, name: arrays[0].name, order: "number",
  unit: null, word: null, column: null };
let current, order;

const distinct = key => [...new Set(arrays.map(one => one[key]))];
const number = unit => data.units ? data.units[unit] : unit;
const at = (word, unit) => current.values[word * current.size + unit];
const mean = numbers => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
const gate = () => data.names[current.name].gate;
const column = unit => data.tokens.map((_, word) => at(word, unit));
const row = word => [...current.values.subarray(word * current.size, (word + 1) * current.size)];
const element = (tag, text, className) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};

const colour = value => gate() ? blend(VIRIDIS, value) : blend(signed(), (value / current.limit + 1) / 2);
function blend(stops, share) {
  const place = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  return stops[low].map((part, i) => Math.round(part + (place - low) * (stops[low + 1][i] - part)));
}
const css = parts => `rgb(${parts.join(",")})`;
const ink = parts => 0.3 * parts[0] + 0.59 * parts[1] + 0.11 * parts[2] > 140 ? "#111" : "#fff";

function movements() {
  if (data.tokens.length < 2) return [];
  return Array.from({ length: current.size }, (_, unit) => {
    const values = column(unit), middle = mean(values);
    const far = values.map(value => Math.abs(value - middle));
    const word = far.indexOf(Math.max(...far));
    return { unit, word, far: far[word], up: values[word] > middle,
      variance: mean(far.map(one => one * one)) };
  });
}

function sorted(moves) {
  const units = Array.from({ length: current.size }, (_, unit) => unit);
  if (chosen.order === "number" || !moves.length) return units;
  if (chosen.order === "variance") return units.sort((a, b) => moves[b].variance - moves[a].variance);
  return units.sort((a, b) => moves[a].word - moves[b].word || moves[b].far - moves[a].far);
}

function equation(text) {
  $("equation").replaceChildren(...text.split(/_(\w)/).map((part, i) => element(i % 2 ? "sub" : "span", part)));
}

function buttons(title, key, options) {
  const group = element("fieldset");
  group.append(element("legend", title));
  for (const [value, text] of options) {
    const button = element("button", text);
    button.type = "button";
    button.setAttribute("aria-pressed", String(chosen[key] === value));
    button.onclick = () => {
      if (key === "direction" || key === "layer") chosen.unit = null;
      chosen[key] = value;
      show();
    };
    group.append(button);
  }
  return group;
}

function controls() {
  const groups = [];
  if (distinct("direction").length > 1)
    groups.push(buttons("Direction", "direction", distinct("direction").map(one => [one, one])));
  if (distinct("layer").length > 1) groups.push(buttons("Layer", "layer", distinct("layer").map(one => [one, one])));
  groups.push(buttons("Gate or state", "name", distinct("name").map(one => [one, data.names[one].label])));
  groups.push(buttons("Units by", "order",
    [["number", "number"], ["word", "word where they move most"], ["variance", "variance"]]));
  $("controls").replaceChildren(...groups);
}

function words() {
  const unit = chosen.unit, name = data.names[current.name].label;
  $("sentence-title").textContent = unit !== null ? `The ${name} of unit ${number(unit)} at each word`
    : `The ${gate() ? name : `size of the ${name}`} at each word, mean of ${current.size} units; `
      + "colours from the lowest to the highest";
  const means = data.tokens.map((_, word) => mean(gate() ? row(word) : row(word).map(Math.abs)));
  const low = Math.min(...means), span = Math.max(...means) - low || 1;
  const parts = [];
  data.tokens.forEach((token, word) => {
    if (word && data.starts.includes(word)) parts.push(element("span", "", "break"));
    const value = unit !== null ? at(word, unit) : means[word];
    const shade = unit !== null ? colour(value) : blend(VIRIDIS, (value - low) / span);
    const button = element("button", token);
    if (data.tags) button.append(element("small", data.tags[word]));
    button.append(element("small", value.toFixed(2)));
    button.style.background = css(shade);
    button.style.color = ink(shade);
    button.type = "button";
    button.onclick = () => { chosen.word = word; if (chosen.column === null) chosen.column = 0; point(); };
    parts.push(button);
  });
  if (unit !== null) {
    const back = element("button", "show means again");
    back.type = "button";
    back.style.border = "1px solid var(--line)";
    back.onclick = () => { chosen.unit = null; show(); };
    parts.push(element("span", "", "break"), back);
  }
  $("words").replaceChildren(...parts);
}

function draw() {
  const canvas = $("canvas"), shown = data.tokens.length * ROW;
  const sharp = Math.min(devicePixelRatio || 1, 2);
  $("field").style.minWidth = `${Math.max(240, Math.min(current.size * 3, 4000))}px`;
  const width = $("field").clientWidth, cell = Math.min(width / current.size, 60);
  canvas.style.height = `${shown}px`;
  canvas.width = Math.round(width * sharp);
  canvas.height = Math.round(shown * sharp);
  const pen = canvas.getContext("2d");
  pen.scale(sharp, sharp);
  for (let word = 0; word < data.tokens.length; word++)
    order.forEach((unit, place) => {
      pen.fillStyle = css(colour(at(word, unit)));
      pen.fillRect(place * cell, word * ROW, cell + 0.5, ROW);
    });
  pen.fillStyle = getComputedStyle(document.body).getPropertyValue("--accent");
  data.starts.slice(1).forEach(word => pen.fillRect(0, word * ROW - 1, width, 2));
  pen.strokeStyle = dark.matches ? "#fff" : "#000";
  pen.lineWidth = 1.5;
  if (chosen.unit !== null) pen.strokeRect(order.indexOf(chosen.unit) * cell - 1, 0.75, cell + 2, shown - 1.5);
  if (chosen.word !== null) pen.strokeRect(chosen.column * cell - 1, chosen.word * ROW, cell + 2, ROW);
}

function point() {
  draw();
  [...$("rows").children].forEach((one, word) => one.classList.toggle("here", word === chosen.word));
  if (chosen.word === null) {
    $("readout").textContent = "Point at the map for a value; click to see one unit at all words.";
    return;
  }
  const unit = order[chosen.column], tag = data.tags ? ` (${data.tags[chosen.word]})` : "";
  $("readout").textContent = `${data.tokens[chosen.word]}${tag}, unit ${number(unit)}: `
    + `${at(chosen.word, unit).toFixed(3)}; mean of this unit over the words: ${mean(column(unit)).toFixed(3)}`;
}

function rows() {
  $("rows").replaceChildren(...data.tokens.map((token, word) => {
    const line = element("div", token, word && data.starts.includes(word) ? "start" : "");
    if (data.tags) line.append(element("small", `  ${data.tags[word]}`));
    line.title = token;
    return line;
  }));
}

function top(moves) {
  const [up, down] = gate() ? ["opens", "closes"] : ["rises", "falls"];
  $("top-title").textContent = moves.length ? "Units that move furthest from their own mean" : "";
  $("top").replaceChildren(...[...moves].sort((a, b) => b.far - a.far).slice(0, 12).map(move => {
    const text = `${number(move.unit)} ${move.up ? up : down} at ${data.tokens[move.word]}`;
    const button = element("button", text), shade = colour(at(move.word, move.unit));
    button.append(element("small", at(move.word, move.unit).toFixed(2)));
    button.style.background = css(shade);
    button.style.color = ink(shade);
    button.type = "button";
    button.onclick = () => { chosen.unit = move.unit; show(); };
    return button;
  }));
}

function show() {
  current = arrays.find(one => ["direction", "layer", "name"].every(key => one[key] === chosen[key]));
  const facts = data.names[current.name], moves = movements();
  order = sorted(moves);
  chosen.word = chosen.column = null;
  controls();
  equation(facts.equation);
  $("meaning").textContent = `The ${facts.label} is ${facts.meaning}.`;
  $("low").textContent = gate() ? "0 closed" : (-current.limit).toFixed(1);
  $("high").textContent = gate() ? "1 open" : current.limit.toFixed(1);
  $("scale").style.background = `linear-gradient(90deg, ${(gate() ? VIRIDIS : signed()).map(css).join(",")})`;
  words();
  rows();
  top(moves);
  point();
}

function place(event) {
  const box = $("canvas").getBoundingClientRect(), cell = Math.min(box.width / current.size, 60);
  const unit = Math.floor((event.clientX - box.left) / cell), word = Math.floor((event.clientY - box.top) / ROW);
  const inside = unit >= 0 && unit < current.size && word >= 0 && word < data.tokens.length;
  chosen.word = inside ? word : null;
  chosen.column = inside ? unit : null;
  point();
}
function pick() { if (chosen.column !== null) { chosen.unit = order[chosen.column]; words(); draw(); } }
$("canvas").onpointermove = place;
$("canvas").onclick = event => { place(event); pick(); };
$("canvas").onkeydown = event => {
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (event.key === "Enter") pick();
  if (!steps) return;
  event.preventDefault();
  const within = (value, size) => Math.min(Math.max(value, 0), size - 1);
  chosen.word = within((chosen.word ?? 0) + steps[0], data.tokens.length);
  chosen.column = within((chosen.column ?? 0) + steps[1], current.size);
  point();
};
dark.onchange = show;
onresize = draw;
const plural = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
const remark = data.cell === "rnn" ? " A plain RNN has no gates: every word writes over the whole hidden state." : "";
$("facts").textContent = `${plural(data.tokens.length, "word")}, read ${distinct("direction").join(" and ")} by `
  + `${plural(distinct("layer").length, "layer")}${distinct("direction").length > 1 ? " each" : ""}.${remark}`;
show();
})();
</script>
</body>
</html>
"""
