// SPDX-License-Identifier: GPL-2.0-or-later
// Runs the script of a page that rewind wrote, with as much of a browser as it needs, and
// does with it what a person would. Prints what was drawn, one text a line; an error of
// the script ends it.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const html = readFileSync(process.argv[2], "utf8");
const json = html.match(/<script type="application\/json" id=data>([^]*?)<\/script>/)[1];
const script = html.match(/<script>([^]*?)<\/script>/)[1];
const drawn = new Set(), made = [], rectangles = { count: 0, wrong: 0 };

const context = new Proxy({}, {
	get: (target, name) => {
		if (name === "measureText")
			return text => ({ width: 6 * text.length });
		if (name === "fillText")
			return text => drawn.add(text);
		if (name === "fillRect" || name === "roundRect")
			return (...numbers) => {
				rectangles.count++;
				rectangles.wrong += numbers.some(n => !Number.isFinite(n));
			};
		return target[name] ?? (() => {});
	},
	set: (target, name, value) => (target[name] = value, true),
});

function element(tag) {
	const listeners = {}, e = {
		tag, style: {}, dataset: {}, children: [], attributes: {}, textContent: "", value: "",
		clientWidth: 1000, scrollTop: 0, hidden: false,
		classList: { add() {}, remove() {} },
		setAttribute(name, value) { this.attributes[name] = value; this[name] ??= value; },
		append(...more) { this.children.push(...more); },
		addEventListener(name, what) { listeners[name] = what; },
		fire(name, event) {
			const all = { offsetX: 600, offsetY: 60, clientX: 600, clientY: 60, buttons: 1,
				preventDefault() {}, pointerId: 1, ...event };
			(this["on" + name] || listeners[name])?.call(this, all);
			frames();
		},
		setPointerCapture() {},
		getContext: () => context,
		getBoundingClientRect: () => ({ width: 200, height: 40 }),
	};
	made.push(e);
	return e;
}

const waiting = [];
function frames() {
	while (waiting.length)
		waiting.shift()();
}

const known = { data: element("script"), views: element("div") };
known.data.textContent = json;
const world = {
	document: {
		documentElement: element("html"), body: element("body"), createElement: element,
		getElementById: id => known[id],
	},
	getComputedStyle: () => ({ getPropertyValue: () => "#123456" }),
	matchMedia: () => ({ matches: false, addEventListener() {} }),
	requestAnimationFrame: what => waiting.push(what),
	setTimeout: what => waiting.push(what), clearTimeout() {},
	addEventListener() {}, devicePixelRatio: 1, innerWidth: 1200, innerHeight: 900,
};
vm.runInNewContext(script, world);
frames();
console.log("title:", known.views.children.length, "parts");

const canvas = made.find(e => e.attributes["aria-label"] === "timeline");
for (const button of made.filter(e => e.tag === "button"))
	button.fire("click");
for (let y = 0; y < 600; y += 4)
	for (const x of [100, 300, 600, 990])
		canvas.fire("pointermove", { offsetX: x, offsetY: y });
for (let i = 0; i < 60; i++)
	canvas.fire("wheel", { deltaX: 0, deltaY: i < 50 ? -200 : 300, offsetX: 700 });
canvas.fire("pointerdown", {});
canvas.fire("pointermove", { clientX: 300 });
canvas.fire("pointerup", { clientX: 300 });
for (const key of ["ArrowLeft", "ArrowRight", "+", "-", "c", "0"])
	canvas.fire("keydown", { key });
for (let y = 24; y < 200; y += 3) {
	canvas.fire("pointerdown", { offsetX: 420, offsetY: y });
	canvas.fire("pointerup", { offsetX: 420, offsetY: y });
}
for (const e of made)
	if (e.tag === "input") {
		e.value = "mmap";
		e.fire("input", {});
	} else if (e.tag === "canvas" && e !== canvas) {
		e.fire("pointermove", {});
		e.fire("pointerdown", {});
	}
for (const text of drawn)
	console.log("drawn:", text);
for (const e of made)
	if (e.textContent && e.tag !== "script")
		console.log(`${e.tag}:`, e.textContent.replace(/\n/g, " "));
console.log(`${rectangles.count > 50 ? "many" : "few"} rectangles, ${rectangles.wrong} without a place`);
