// SPDX-License-Identifier: GPL-2.0-or-later
// Draws the page's timeline. Data are in the element "data"; times there are nanoseconds,
// each the difference to the one before. Text is somebody else's: it only ever becomes
// textContent, or is drawn.
"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const LONG_NS = 7.2e12;
const LABEL = 190, AXIS = 24, CALL = 17, LANE = 12, GAP = 8, DEPTH_SHOWN = 24;
const MARKS = {
	alloc: "memory", free: "quiet", fault: "quiet", file: "quiet", net: "quiet", signal: "wrong", deliver: "wrong",
	exec: "good", fork: "good", exit: "ink", output: "accent",
};
const total = Math.max(data.length, 1);
const view = { from: 0, to: total, by: "thread", search: "", chosen: null };
let colors = {}, rows = [], height = 0;

function element(parent, tag, text, attributes) {
	const e = document.createElement(tag);
	if (text)
		e.textContent = text;
	for (const [name, value] of Object.entries(attributes || {}))
		e.setAttribute(name, value);
	parent.append(e);
	return e;
}

function unpack() {
	let at = 0;
	const slices = data.slices.map(([d, length, thread, depth, name, rest, open, cpu]) => {
		at += d;
		return { from: at, to: at + length, thread, depth, name, text: name + rest, open, cpu };
	});
	at = 0;
	const runs = data.runs.map(([d, length, thread, cpu]) => {
		at += d;
		return { from: at, to: at + length, thread, cpu };
	});
	at = 0;
	const marks = data.marks.map(([d, thread, kind, text, cpu]) => {
		at += d;
		return { from: at, to: at, thread, kind, text, cpu };
	});
	return { slices, runs, marks };
}
const { slices, runs, marks } = unpack();

// Seconds, or days and hours where those are what matters: simulations last long.
function time(ns, digits) {
	const s = (ns + data.start) / 1e9;
	if (total < LONG_NS)
		return s.toFixed(digits === undefined ? 6 : digits) + " s";
	const whole = Math.floor(Math.abs(s)), part = Math.abs(s) - whole;
	const two = n => String(n).padStart(2, "0");
	const clock = [whole / 3600 % 24, whole / 60 % 60, whole % 60].map(n => two(Math.floor(n))).join(":");
	return (s < 0 ? "−" : "") + (whole >= 86400 ? Math.floor(whole / 86400) + " d " : "") + clock
		+ (digits ? part.toFixed(digits).slice(1) : "");
}

function duration(ns) {
	for (const [limit, unit, name] of [[1e3, 1, "ns"], [1e6, 1e3, "µs"], [1e9, 1e6, "ms"], [120e9, 1e9, "s"],
		[7200e9, 60e9, "min"], [172800e9, 3600e9, "h"]])
		if (ns < limit)
			return (unit === 1 ? ns : (ns / unit).toFixed(ns < 10 * unit ? 2 : 1)) + " " + name;
	return (ns / 86400e9).toFixed(1) + " d";
}

function bytes(n) {
	const units = ["B", "KiB", "MiB", "GiB", "TiB"];
	let i = 0;
	for (; n >= 1024 && i < 4; i++)
		n /= 1024;
	return n.toFixed(i && n < 100 ? 1 : 0) + " " + units[i];
}

// The same name has the same color everywhere; calm ones, of one lightness.
const hues = new Map();
function hue(name) {
	if (!hues.has(name)) {
		let h = 2166136261;
		for (let i = 0; i < name.length; i++)
			h = Math.imul(h ^ name.charCodeAt(i), 16777619);
		hues.set(name, (h >>> 0) % 360);
	}
	return hues.get(name);
}

function readColors() {
	const style = getComputedStyle(document.documentElement);
	for (const name of ["paper", "card", "ink", "quiet", "line", "band", "accent", "wrong", "good", "memory"])
		colors[name] = style.getPropertyValue("--" + name).trim();
	const theme = document.documentElement.dataset.theme;
	colors.dark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function fill(name, faint) {
	return `hsl(${hue(name)} ${colors.dark ? "30% 40%" : "48% 76%"}${faint ? " / .35" : ""})`;
}

// A row for each thread or CPU, with what is drawn in it in order of time.
function makeRows() {
	const byThread = view.by === "thread";
	const made = new Map();
	const row = (key, title, note) => {
		if (!made.has(key))
			made.set(key, { key, title, note, runs: [], levels: [], marks: [], ends: 0 });
		return made.get(key);
	};
	const of = item => {
		if (!byThread)
			return item.cpu < 0 ? null : row(item.cpu, "CPU " + item.cpu, "");
		const t = data.threads[item.thread];
		return t ? row(item.thread, t.name, t.tid + (several ? " · " + t.host : "")) : null;
	};
	const several = new Set(data.threads.map(t => t.host)).size > 1;
	if (byThread)
		data.threads.forEach((t, i) => of({ thread: i }));
	for (const run of runs)
		of(run)?.runs.push(run);
	if (byThread)
		for (const slice of slices)
			if (slice.depth < DEPTH_SHOWN)
				((of(slice).levels)[slice.depth] ||= []).push(slice);
	for (const mark of marks)
		of(mark)?.marks.push(mark);
	rows = [...made.values()].sort((a, b) => a.key - b.key);
	height = AXIS;
	for (const r of rows) {
		for (let i = 0; i < r.levels.length; i++)
			r.levels[i] ||= [];
		r.top = height + GAP / 2;
		r.runTop = r.top;
		r.runHeight = byThread ? 5 : 20;
		r.callTop = r.runTop + r.runHeight + 1;
		r.markTop = r.callTop + r.levels.length * CALL;
		height = r.markTop + (r.marks.length ? LANE : 0) + GAP;
		if (height - r.top < 30)
			height = r.top + 30;
		r.bottom = height;
	}
}

// The first of a list, which is in order of from, that may end after a time.
function firstAt(list, ns) {
	let low = 0, high = list.length;
	while (low < high) {
		const middle = low + high >> 1;
		if (list[middle].to < ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const page = document.getElementById("views");
page.textContent = "";
const panel = element(page, "section", "", { class: "panel" });
const bar = element(panel, "div", "", { class: "bar" });
element(bar, "h2", "Timeline");
const buttons = {};
for (const [key, text, what] of [
	["thread", "Threads", () => group("thread")], ["cpu", "CPUs", () => group("cpu")],
	["all", "Everything", () => show(0, total)], ["crash", "Crash", () => toCrash()],
	["in", "+", () => zoom(.5)], ["out", "−", () => zoom(2)],
]) {
	buttons[key] = element(bar, "button", text, { type: "button" });
	buttons[key].onclick = what;
}
buttons.in.title = "Zoom in";
buttons.out.title = "Zoom out";
buttons.crash.hidden = !data.crash;
const search = element(bar, "input", "", { type: "search", placeholder: "find a call or event", "aria-label": "find a call or event" });
element(bar, "span", "", { class: "space" });
const range = element(bar, "output");
const theme = element(bar, "button", "◐", { type: "button", title: "Light or dark" });
const overview = element(panel, "canvas", "", { "aria-label": "all of the time" });
const scroller = element(panel, "div", "", { class: "rows" });
const canvas = element(scroller, "canvas", "", { tabindex: "0", role: "img", "aria-label": "timeline" });
const spacer = element(scroller, "div");
const detail = element(panel, "div", "", { class: "detail", "aria-live": "polite" });
element(panel, "p", "Wheel zooms, dragging moves, a click keeps what is under the pointer. Keys: ← → + − 0, "
	+ "c for the crash. The thin bar of a thread is where it was on a CPU.", { class: "help" });
const tip = element(document.body, "div", "", { id: "tip", hidden: "" });

function group(by) {
	view.by = by;
	buttons.thread.setAttribute("aria-pressed", by === "thread");
	buttons.cpu.setAttribute("aria-pressed", by === "cpu");
	makeRows();
	draw();
}

function show(from, to) {
	const span = Math.min(Math.max(to - from, 50), total * 1.06);
	const least = -total * .03, most = total * 1.03;
	from = Math.min(Math.max(from, least), most - span);
	view.from = span >= total * 1.06 ? least : from;
	view.to = view.from + span;
	draw();
}

function zoom(factor, center) {
	const at = center === undefined ? (view.from + view.to) / 2 : center;
	show(at - (at - view.from) * factor, at + (view.to - at) * factor);
}

function toCrash() {
	const span = Math.min(total * .02, 2e6);
	show(data.crash.at - span * .9, data.crash.at + span * .1);
}

function prepare(c, width, tall) {
	const ratio = devicePixelRatio || 1;
	c.style.height = tall + "px";
	c.width = Math.round(width * ratio);
	c.height = Math.round(tall * ratio);
	const g = c.getContext("2d");
	g.setTransform(ratio, 0, 0, ratio, 0, 0);
	g.font = "12px system-ui, 'DejaVu Sans', sans-serif";
	g.textBaseline = "middle";
	return g;
}

// Text cut off to the room that there is.
function label(g, text, x, y, room) {
	if (room < 14)
		return;
	if (g.measureText(text).width > room) {
		const fits = Math.floor(text.length * room / g.measureText(text).width) - 1;
		if (fits < 2)
			return;
		text = text.slice(0, fits) + "…";
	}
	g.fillText(text, x, y);
}

function step(span, most) {
	for (const round of total < LONG_NS ? [] : [60e9, 300e9, 900e9, 3600e9, 10800e9, 21600e9, 43200e9, 86400e9])
		if (span / round <= most && span / 60e9 > most / 2)
			return round;
	let s = Math.pow(10, Math.floor(Math.log10(span / most)));
	for (const factor of [1, 2, 5, 10])
		if (span / (s * factor) <= most)
			return s * factor;
	return s * 10;
}

const xOf = (ns, width) => LABEL + (ns - view.from) / (view.to - view.from) * (width - LABEL);
const nsOf = (x, width) => view.from + (x - LABEL) / (width - LABEL) * (view.to - view.from);

function drawAxis(g, flags, width, tall) {
	const s = step(view.to - view.from, Math.max((width - LABEL) / 110, 1));
	const digits = Math.max(0, Math.min(9, Math.ceil(-Math.log10(s / 1e9))));
	g.fillStyle = colors.card;
	g.fillRect(0, 0, width, AXIS);
	// Marks are at round times of the recording, of which this may be a part.
	for (let ns = Math.ceil((view.from + data.start) / s) * s - data.start; ns < view.to; ns += s) {
		const x = xOf(ns, width);
		if (x < LABEL)
			continue;
		g.fillStyle = colors.line;
		g.fillRect(Math.round(x), 0, 1, tall);
		g.fillStyle = colors.quiet;
		const text = time(ns, digits), end = x + 4 + g.measureText(text).width;
		if (end < width && !flags.some(flag => x < flag.end && end > flag.left))
			g.fillText(text, x + 4, AXIS / 2);
	}
	g.fillStyle = colors.quiet;
	g.fillText(data.virtual ? "virtual time" : "time", 14, AXIS / 2);
}

const matches = text => view.search && text.toLowerCase().includes(view.search);

// Boxes of one line: those narrower than a pixel are drawn once for all in it.
function drawBoxes(g, list, y, tall, width, paint, text) {
	let drawn = -1;
	for (let i = firstBox(list, view.from); i < list.length && list[i].from <= view.to; i++) {
		const item = list[i];
		const x = Math.max(xOf(item.from, width), LABEL), end = Math.min(xOf(item.to, width), width);
		if (end < LABEL || (end <= drawn && !matches(item.text || "")))
			continue;
		const wide = Math.max(end - x, 1);
		g.fillStyle = matches(item.text || "") ? colors.accent : paint(item);
		g.fillRect(x, y, wide > 3 ? wide - .5 : wide, tall);
		if (item === view.chosen) {
			g.strokeStyle = colors.ink;
			g.strokeRect(x + .5, y + .5, Math.max(wide - 1, 1), tall - 1);
		}
		drawn = Math.ceil(x + wide) - .5;
		if (text && wide > 24) {
			g.fillStyle = colors.ink;
			label(g, text(item), x + 4, y + tall / 2 + .5, wide - 8);
		}
	}
}

// Boxes of one line do not overlap, so their ends are in order as well.
const firstBox = firstAt;

function drawMarks(g, row, y, width) {
	const last = {};
	for (let i = firstAt(row.marks, view.from); i < row.marks.length && row.marks[i].from <= view.to; i++) {
		const mark = row.marks[i], x = xOf(mark.from, width);
		const found = matches(mark.text);
		const strong = found || !["alloc", "free", "fault", "file", "net"].includes(mark.kind);
		if (x < LABEL || (!found && last[mark.kind] === Math.round(x)))
			continue;
		last[mark.kind] = Math.round(x);
		g.fillStyle = found ? colors.accent : colors[MARKS[mark.kind] || "ink"];
		g.globalAlpha = strong ? 1 : .6;
		if (strong) {
			g.beginPath();
			g.arc(x, y + 5, 3.5, 0, 7);
			g.fill();
		} else {
			g.fillRect(x - .5, y + (mark.kind === "free" ? 5 : 1), 1.2, 4);
		}
		if (mark === view.chosen) {
			g.strokeStyle = colors.ink;
			g.strokeRect(x - 4.5, y + .5, 9, 9);
		}
		g.globalAlpha = 1;
	}
}

function drawRow(g, row, width, offset) {
	const top = row.top - offset;
	g.fillStyle = colors.line;
	g.fillRect(0, row.bottom - offset - 1, width, 1);
	drawBoxes(g, row.runs, row.runTop - offset, row.runHeight, width,
		view.by === "thread" ? () => colors.quiet : r => fill(threadTitle(r.thread)),
		view.by === "thread" ? null : r => threadTitle(r.thread));
	row.levels.forEach((list, depth) => drawBoxes(g, list, row.callTop + depth * CALL - offset, CALL - 1,
		width, s => fill(s.name, s.open), s => s.name));
	drawMarks(g, row, row.markTop - offset, width);
	g.fillStyle = colors.card;
	g.fillRect(0, top - GAP / 2, LABEL - 1, row.bottom - row.top + GAP / 2 - 1);
	g.fillStyle = data.crash && view.by === "thread" && data.threads[row.key].tid === data.crash.tid
		? colors.wrong : colors.ink;
	label(g, row.title, 14, top + 8, LABEL - 24);
	g.fillStyle = colors.quiet;
	label(g, row.note, 14, top + 22, LABEL - 24);
}

function threadTitle(index) {
	const t = data.threads[index];
	return t ? t.name + " " + t.tid : "?";
}

// What the diagnosis speaks of: lines over all rows. A word that would lie on one that
// matters more is left out.
function placeFlags(g, width) {
	const wrong = flag => flag.role === "crashed" || flag.role === "used";
	const placed = [];
	for (const flag of [...data.flags].sort((a, b) => wrong(b) - wrong(a))) {
		const x = xOf(flag.at, width);
		if (x < LABEL || x > width)
			continue;
		const room = g.measureText(flag.role).width + 14;
		const clear = left => left >= LABEL && left + room <= width - 2
			&& !placed.some(other => left < other.end + 3 && left + room > other.left - 3);
		const left = [x - room / 2, x - room + 6, x - 6, x, x - room].find(clear);
		placed.push({ x, left, end: left + room, role: flag.role, wrong: wrong(flag) });
	}
	return placed;
}

function drawFlags(g, flags, tall) {
	for (const flag of flags) {
		g.fillStyle = flag.wrong ? colors.wrong : colors.accent;
		g.fillRect(Math.round(flag.x) - .5, AXIS, 1.5, tall - AXIS);
		if (flag.left === undefined)
			continue;
		g.beginPath();
		g.roundRect(flag.left, 3, flag.end - flag.left, AXIS - 6, 9);
		g.fill();
		g.fillStyle = colors.card;
		g.fillText(flag.role, flag.left + 7, AXIS / 2 + .5);
	}
}

// How many events each moment has, and which part of the time is shown.
function drawOverview(width) {
	const tall = 34, g = prepare(overview, width, tall);
	const bins = new Uint32Array(Math.max(width - LABEL, 1));
	const count = item => bins[Math.min(bins.length - 1, Math.max(0, Math.floor(item.from / total * bins.length)))]++;
	slices.forEach(count);
	marks.forEach(count);
	const most = Math.max(...bins, 1);
	g.fillStyle = colors.quiet;
	g.fillText("events", 14, tall / 2);
	g.globalAlpha = .7;
	bins.forEach((n, i) => n && g.fillRect(LABEL + i, tall - 3 - Math.sqrt(n / most) * (tall - 8), 1,
		Math.sqrt(n / most) * (tall - 8)));
	g.globalAlpha = 1;
	if (data.crash) {
		g.fillStyle = colors.wrong;
		g.fillRect(LABEL + data.crash.at / total * (width - LABEL) - 1, 0, 2, tall);
	}
	const left = LABEL + Math.max(view.from, 0) / total * (width - LABEL);
	const right = LABEL + Math.min(view.to, total) / total * (width - LABEL);
	g.fillStyle = colors.accent;
	g.globalAlpha = .16;
	g.fillRect(left, 0, Math.max(right - left, 2), tall);
	g.globalAlpha = 1;
	g.fillRect(left, tall - 2, Math.max(right - left, 2), 2);
}

let waiting = false;
function draw() {
	if (!waiting)
		requestAnimationFrame(drawNow);
	waiting = true;
}

function drawNow() {
	waiting = false;
	const width = scroller.clientWidth, tall = Math.min(height, Math.max(180, innerHeight * .62));
	if (width < LABEL + 20)
		return;
	drawOverview(width);
	const g = prepare(canvas, width, tall);
	spacer.style.height = Math.max(0, height - tall) + "px";
	const offset = scroller.scrollTop;
	g.fillStyle = colors.card;
	g.fillRect(0, 0, width, tall);
	const flags = placeFlags(g, width);
	drawAxis(g, flags, width, tall);
	g.save();
	g.beginPath();
	g.rect(0, AXIS, width, tall);
	g.clip();
	for (const row of rows)
		if (row.bottom > offset + AXIS && row.top < offset + tall)
			drawRow(g, row, width, offset);
	g.restore();
	drawFlags(g, flags, tall);
	drawMemory(width);
	range.textContent = time(Math.max(view.from, 0)) + " – " + time(Math.min(view.to, total)) + " ("
		+ duration(Math.round(view.to - view.from)) + ")";
	summarize();
}

// Memory in use, by process; as steps, since it is.
const memory = new Map();
for (const [at, pid, n] of data.levels) {
	if (!memory.has(pid))
		memory.set(pid, []);
	memory.get(pid).push({ from: at, to: at, bytes: n });
}
let memoryCanvas = null;
if (memory.size) {
	const section = element(page, "section", "", { class: "panel" });
	const head = element(section, "div", "", { class: "bar" });
	element(head, "h2", "Memory that is allocated");
	memoryCanvas = element(section, "canvas", "", { role: "img", "aria-label": "allocated memory over time" });
	memoryCanvas.onpointermove = event => {
		const at = nsOf(event.offsetX, memoryCanvas.clientWidth);
		const lines = [];
		for (const [pid, steps] of memory)
			lines.push(processName(pid) + ": " + bytes(levelAt(steps, at)));
		hint(event, lines.join(", "), time(at));
	};
	memoryCanvas.onpointerleave = () => { tip.hidden = true; };
}

function processName(pid) {
	const t = data.threads.find(each => each.pid === pid && each.tid === pid) || data.threads.find(each => each.pid === pid);
	return (t ? t.name : "process") + " " + pid;
}

function levelAt(steps, ns) {
	const i = firstAt(steps, ns + 1) - 1;
	return i < 0 ? 0 : steps[i].bytes;
}

function drawMemory(width) {
	if (!memoryCanvas)
		return;
	const tall = 130, g = prepare(memoryCanvas, width, tall), floor = tall - 8, room = tall - 30;
	let most = 1;
	for (const steps of memory.values())
		for (const s of steps)
			if (s.from >= view.from - total * .01 && s.from <= view.to)
				most = Math.max(most, s.bytes);
	g.fillStyle = colors.card;
	g.fillRect(0, 0, width, tall);
	for (const part of [0, .5, 1]) {
		const y = Math.round(floor - part * room);
		g.fillStyle = colors.line;
		g.fillRect(LABEL, y, width - LABEL, 1);
		g.fillStyle = colors.quiet;
		g.textAlign = "right";
		g.fillText(bytes(most * part), LABEL - 8, y);
		g.textAlign = "left";
	}
	g.save();
	g.beginPath();
	g.rect(LABEL, 0, width - LABEL, tall);
	g.clip();
	for (const [pid, steps] of memory) {
		const color = memory.size === 1 ? colors.memory : fill(processName(pid));
		let y = floor - levelAt(steps, view.from) / most * room;
		g.beginPath();
		g.moveTo(LABEL, y);
		for (let i = firstAt(steps, view.from); i < steps.length && steps[i].from <= view.to; i++) {
			const x = xOf(steps[i].from, width);
			g.lineTo(x, y);
			y = floor - steps[i].bytes / most * room;
			g.lineTo(x, y);
		}
		g.lineTo(xOf(Math.min(view.to, total), width), y);
		g.strokeStyle = color;
		g.lineWidth = 1.6;
		g.stroke();
		g.lineTo(xOf(Math.min(view.to, total), width), floor);
		g.lineTo(LABEL, floor);
		g.fillStyle = color;
		g.globalAlpha = .14;
		g.fill();
		g.globalAlpha = 1;
	}
	g.restore();
	if (data.crash) {
		const x = xOf(data.crash.at, width);
		g.fillStyle = colors.wrong;
		if (x >= LABEL && x <= width)
			g.fillRect(x - .5, 0, 1.5, tall);
	}
}

// Where the time that is shown went, by what was called.
const sums = element(page, "section", "", { class: "panel" });
const sumsHead = element(sums, "div", "", { class: "bar" });
element(sumsHead, "h2", "Calls in the time shown");
const table = element(element(sums, "div", "", { class: "scroll" }), "table");
sums.hidden = !slices.length;
let summing = 0;

function summarize() {
	clearTimeout(summing);
	summing = setTimeout(summarizeNow, 120);
}

function summarizeNow() {
	const by = new Map();
	let most = 1;
	for (const s of slices) {
		const ns = Math.min(s.to, view.to) - Math.max(s.from, view.from);
		if (ns < 0)
			continue;
		const sum = by.get(s.name) || { name: s.name, count: 0, ns: 0, longest: 0 };
		sum.count++;
		sum.ns += ns;
		sum.longest = Math.max(sum.longest, s.to - s.from);
		most = Math.max(most, sum.ns);
		by.set(s.name, sum);
	}
	table.textContent = "";
	const head = element(element(table, "thead"), "tr");
	for (const text of ["call", "calls", "time in it", "longest", ""])
		element(head, "th", text);
	const body = element(table, "tbody");
	for (const sum of [...by.values()].sort((a, b) => b.ns - a.ns).slice(0, 12)) {
		const tr = element(body, "tr");
		element(element(tr, "td"), "code", sum.name);
		element(tr, "td", String(sum.count));
		element(tr, "td", duration(Math.round(sum.ns)));
		element(tr, "td", duration(sum.longest));
		const share = element(element(tr, "td", "", { class: "share" }), "span");
		share.style.width = (sum.ns / most * 100).toFixed(1) + "%";
	}
}

function under(event) {
	const width = canvas.clientWidth, x = event.offsetX;
	const y = event.offsetY + (event.offsetY > AXIS ? scroller.scrollTop : 0);
	const row = rows.find(r => y >= r.top && y < r.bottom);
	if (!row || x < LABEL || event.offsetY <= AXIS)
		return null;
	const slack = (view.to - view.from) / (width - LABEL) * 3, at = nsOf(x, width);
	const near = (list, wide) => {
		for (let i = firstAt(list, at - wide); i < list.length && list[i].from <= at + wide; i++)
			if (list[i].to >= at - wide)
				return list[i];
		return null;
	};
	if (y >= row.markTop && row.marks.length)
		return near(row.marks, slack * 1.5);
	if (y >= row.callTop && row.levels.length)
		return near(row.levels[Math.floor((y - row.callTop) / CALL)] || [], slack / 2);
	return near(row.runs, slack / 2);
}

function about(item) {
	const thread = threadTitle(item.thread), cpu = item.cpu >= 0 ? ", CPU " + item.cpu : "";
	const lasted = item.to > item.from ? ", " + duration(item.to - item.from) : "";
	return time(item.from, 9) + lasted + ", " + thread + cpu;
}

function textOf(item) {
	return item.text || threadTitle(item.thread) + " on CPU " + item.cpu;
}

function hint(event, text, small) {
	tip.textContent = text;
	element(tip, "small", small);
	tip.hidden = false;
	const box = tip.getBoundingClientRect();
	tip.style.left = Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 6)) + "px";
	tip.style.top = (event.clientY + 18 + box.height > innerHeight
		? event.clientY - box.height - 10 : event.clientY + 18) + "px";
}

function choose(item) {
	view.chosen = item;
	detail.textContent = "";
	if (item) {
		element(detail, "code", textOf(item));
		element(detail, "div", about(item), { class: "quiet" });
	} else {
		detail.textContent = "Nothing is chosen.";
	}
	draw();
}

let drag = null;
canvas.onpointerdown = event => {
	drag = { x: event.clientX, y: event.clientY, from: view.from, to: view.to, top: scroller.scrollTop, moved: false };
	canvas.setPointerCapture(event.pointerId);
};
canvas.onpointermove = event => {
	if (!drag) {
		const item = under(event);
		if (item)
			hint(event, textOf(item), about(item));
		else
			tip.hidden = true;
		return;
	}
	const dx = event.clientX - drag.x;
	drag.moved ||= Math.abs(dx) + Math.abs(event.clientY - drag.y) > 3;
	if (!drag.moved)
		return;
	canvas.classList.add("drags");
	tip.hidden = true;
	scroller.scrollTop = drag.top - (event.clientY - drag.y);
	const ns = dx / (canvas.clientWidth - LABEL) * (drag.to - drag.from);
	show(drag.from - ns, drag.to - ns);
};
canvas.onpointerup = event => {
	if (drag && !drag.moved)
		choose(under(event));
	drag = null;
	canvas.classList.remove("drags");
};
canvas.onpointerleave = () => { tip.hidden = true; };
canvas.addEventListener("wheel", event => {
	if (event.shiftKey || event.offsetX < LABEL)
		return;
	event.preventDefault();
	if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
		const ns = event.deltaX / canvas.clientWidth * (view.to - view.from);
		show(view.from + ns, view.to + ns);
	} else {
		zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300))), nsOf(event.offsetX, canvas.clientWidth));
	}
}, { passive: false });
canvas.onkeydown = event => {
	const part = (view.to - view.from) * .2;
	const keys = {
		ArrowLeft: () => show(view.from - part, view.to - part),
		ArrowRight: () => show(view.from + part, view.to + part),
		"+": () => zoom(.6), "=": () => zoom(.6), "-": () => zoom(1.6),
		0: () => show(0, total), c: () => data.crash && toCrash(),
	};
	if (keys[event.key]) {
		keys[event.key]();
		event.preventDefault();
	}
};
overview.onpointerdown = overview.onpointermove = event => {
	if (!event.buttons)
		return;
	const half = (view.to - view.from) / 2;
	const at = (event.offsetX - LABEL) / (overview.clientWidth - LABEL) * total;
	show(at - half, at + half);
};
search.oninput = () => {
	view.search = search.value.toLowerCase();
	draw();
};
theme.onclick = () => {
	document.documentElement.dataset.theme = colors.dark ? "light" : "dark";
	readColors();
	draw();
};
scroller.addEventListener("scroll", draw);
addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColors(); draw(); });

readColors();
choose(null);
group("thread");
show(0, total * 1.03);
})();
