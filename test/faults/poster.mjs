/** A good sender: one event per post on one connection, each with a number of its own, and what was answered. */

import { Agent, request } from 'node:http';

const LIMIT_MS = 10_000;

export class Poster {
  /** Numbers that were answered with 202. */
  taken = new Set();
  /** How often each status was answered; 0: no answer. */
  statuses = {};
  /** Of those that were answered with 202, ms. */
  latencies = [];
  #port;
  #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #next = 0;

  constructor(port) {
    this.#port = port;
  }

  /** @param padding - text beside the number @param isBroken - not JSON @returns the status */
  async post({ padding = '', isBroken = false } = {}) {
    const n = this.#next++;
    const began = performance.now();
    const status = await this.#send(`{"n":${n},"padding":"${padding}"${isBroken ? '' : '}'}`);
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (status === 202) {
      this.taken.add(n);
      this.latencies.push(performance.now() - began);
    }
    return status;
  }

  close() {
    this.#agent.destroy();
  }

  #send(body) {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const to = { host: '127.0.0.1', port: this.#port, path: '/events', method: 'POST' };
    return new Promise((resolve) => {
      const call = request({ ...to, headers, agent: this.#agent, timeout: LIMIT_MS }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode));
        answer.on('error', () => resolve(0));
      });
      call.on('timeout', () => call.destroy());
      call.on('error', () => resolve(0));
      call.end(body);
    });
  }
}

/** Of those that were taken: how many are in none of the texts, and how many there more than once. @param texts - with `"n":5` */
export function missing(taken, texts) {
  const times = new Map();
  for (const text of texts) {
    for (const [, n] of text.matchAll(/"n":(\d+)/g)) times.set(Number(n), (times.get(Number(n)) ?? 0) + 1);
  }
  const lost = [...taken].filter((n) => !times.has(n)).length;
  const repeated = [...times.values()].filter((count) => count > 1).length;
  return { lost, repeated };
}
