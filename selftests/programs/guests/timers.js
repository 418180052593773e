// SPDX-License-Identifier: GPL-2.0-or-later
// Guest: the timers of Node's event loop, a child, a worker, loopback HTTP.
// Same output for any $UNIT (seconds).
'use strict';

const { setTimeout: sleep } = require('timers/promises');
const { execFile } = require('child_process');
const { Worker } = require('worker_threads');
const http = require('http');

const unit = Number(process.env.UNIT) * 1000;
const since = (start) => Math.round((performance.now() - start) / unit);

async function timers() {
	const start = performance.now();
	const order = [];
	setImmediate(() => order.push('immediate'));
	process.nextTick(() => order.push('tick'));
	await Promise.all([3, 1, 2].map(async (n) => {
		await sleep(n * unit);
		order.push(n);
	}));
	console.log('timers:', order.join(' '), 'at', since(start));
	let ticks = 0;
	await new Promise((resolve) => {
		const interval = setInterval(() => {
			if (++ticks === 4) {
				clearInterval(interval);
				resolve();
			}
		}, unit);
	});
	console.log('timers:', ticks, 'ticks at', since(start));
	const date = Date.now();
	await sleep(2 * unit);
	console.log('timers: date moved', Math.round((Date.now() - date) / unit));
	const winner = await Promise.race([sleep(unit, 'fast'), sleep(2 * unit, 'slow')]);
	console.log('timers:', winner, 'at', since(start));
}

async function children() {
	const start = performance.now();
	const sh = (script, options) => new Promise((resolve) => {
		execFile('/bin/sh', ['-c', script], options, (error, stdout) =>
			resolve([error && (error.code ?? error.signal), stdout.trim()].join('/')));
	});
	console.log('children:', await sh(`sleep ${unit / 1000}; echo out; exit 3`, {}), since(start));
	console.log('children:', await sh('exec sleep 1000000', { timeout: 2 * unit }), since(start));
}

async function worker() {
	const code = `const { parentPort } = require('worker_threads');
		setTimeout(() => parentPort.postMessage('from the worker'), ${unit});`;
	const start = performance.now();
	const message = await new Promise((resolve) => new Worker(code, { eval: true }).on('message', resolve));
	console.log('worker:', message, 'at', since(start) >= 1 && since(start) <= 3);
}

async function server() {
	const start = performance.now();
	const web = http.createServer((request, response) =>
		setTimeout(() => response.end('hello from ' + request.url), unit));
	await new Promise((resolve) => web.listen(0, '127.0.0.1', resolve));
	const body = await new Promise((resolve, reject) => {
		http.get({ port: web.address().port, host: '127.0.0.1', path: '/path', agent: false }, (response) => {
			let text = '';
			response.on('data', (chunk) => { text += chunk; });
			response.on('end', () => resolve(text));
		}).on('error', reject);
	});
	console.log('server:', body, 'at', since(start));
	web.close();
}

(async () => {
	await timers();
	await children();
	await worker();
	await server();
	process.exitCode = 4;
})();
