/**
 * One request from its headers to its answer.
 *
 * **Invariants** (test/integration/connector-http.test.ts)
 * - A body is handed over whole or not at all: it is received (bounded by maxBodyBytes, counted after
 *   decompression) before its first byte reaches the flow. A retried request repeats whole bodies only.
 * - With a journal 202 means that the body is durable. Without one it means that every valid event of the body is in the flow, and every invalid one in the dead letters.
 * - Memory: maxInFlightBytes over all requests, plus headers.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ByteOutput, Format, SourceContext } from '../../event/source.ts';
import { receive, type Received } from './body.ts';
import type { Guard, Refusal } from './guard.ts';
import type { Journal } from './journal.ts';
import type { Peers } from '../peers.ts';
import { HEALTH_PATH, type HttpSettings } from './settings.ts';

const FORMATS: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/x-jsonlines': 'ndjson',
  'text/csv': 'csv',
};
/** Bytes decoded in one go: keeps the turn near 2 ms for large bodies. */
const WRITE_BYTES = 256 * 1024;
/** Seconds after which a refused sender should try again. */
const RETRY_AFTER_S = '1';
const NO_ROOM = 'there is no room to keep it';
/** What is read and thrown away of a refused body, so that the sender gets to read the answer. */
const LINGER_BYTES = 4 * 1024 * 1024;
const LINGER_MS = 1000;

interface Answer extends Refusal {
  readonly headers?: readonly string[];
}

export class RequestHandler {
  readonly #settings: HttpSettings;
  readonly #guard: Guard;
  readonly #peers: Peers;
  readonly #journal: Journal | undefined;
  readonly #output: ByteOutput;
  readonly #context: SourceContext;
  #inFlightBytes = 0;
  #underWay = 0;

  /** @param journal - where bodies are kept before the flow gets them; undefined: it gets them at once */
  constructor(
    settings: HttpSettings,
    guard: Guard,
    peers: Peers,
    journal: Journal | undefined,
    output: ByteOutput,
    context: SourceContext,
  ) {
    this.#settings = settings;
    this.#guard = guard;
    this.#peers = peers;
    this.#journal = journal;
    this.#output = output;
    this.#context = context;
  }

  /** Requests that are not answered yet. */
  get underWay(): number {
    return this.#underWay;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#underWay += 1;
    response.once('close', () => {
      this.#underWay -= 1;
    });
    const path = pathOf(request.url ?? '/');
    if (path === HEALTH_PATH && (request.method === 'GET' || request.method === 'HEAD')) {
      this.#health(request, response);
      return;
    }
    const refusal = this.#refuses(request, path);
    if (refusal !== undefined) {
      this.#refuse(request, response, refusal);
      return;
    }
    if (request.headers.expect !== undefined) response.writeContinue();
    const format = this.#formatOf(request) as Format;
    const { maxBodyBytes, maxInFlightBytes } = this.#settings;
    let held = 0;
    receive(request, {
      maxBodyBytes,
      hold: (bytes) => {
        if (this.#inFlightBytes + bytes > maxInFlightBytes) return false;
        this.#inFlightBytes += bytes;
        held += bytes;
        return true;
      },
      done: (received) => {
        this.#inFlightBytes -= held;
        this.#received(request, response, format, received);
      },
    });
  }

  #refuses(request: IncomingMessage, path: string): Answer | undefined {
    if (!this.#peers.requested(request.socket.remoteAddress, this.#context.scheduler.now())) {
      return { status: 429, reason: 'too many requests from one address', headers: ['retry-after', RETRY_AFTER_S] };
    }
    const refusal = this.#guard.refuses(request);
    if (refusal !== undefined) {
      return refusal.status === 401 ? { ...refusal, headers: ['www-authenticate', 'Bearer'] } : refusal;
    }
    if (path !== this.#settings.path) return { status: 404, reason: `events are posted to ${this.#settings.path}` };
    if (request.method !== 'POST') {
      return { status: 405, reason: 'events are sent by POST', headers: ['allow', 'POST'] };
    }
    const busy = this.#busy();
    if (busy !== undefined) return busy;
    if (this.#formatOf(request) === undefined) {
      return { status: 415, reason: 'content-type must be application/json, application/x-ndjson or text/csv' };
    }
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'gzip' && encoding !== 'identity') {
      return { status: 415, reason: 'content-encoding must be gzip or none', headers: ['accept-encoding', 'gzip'] };
    }
    if (Number(request.headers['content-length'] ?? 0) > this.#settings.maxBodyBytes) return this.#tooLarge();
    return undefined;
  }

  #busy(): Answer | undefined {
    const headers = ['retry-after', RETRY_AFTER_S];
    if (this.#context.signal.aborted) return { status: 503, reason: 'the flow is draining', headers };
    if (this.#journal?.isFull === true) return { status: 503, reason: NO_ROOM, headers };
    if (this.#journal === undefined && this.#output.isFull) return { status: 429, reason: 'the flow is full', headers };
    return undefined;
  }

  #tooLarge(): Answer {
    return { status: 413, reason: `the body is longer than ${this.#settings.maxBodyBytes} bytes` };
  }

  #formatOf(request: IncomingMessage): Format | undefined {
    const type = request.headers['content-type'];
    if (type === undefined) return this.#settings.format;
    const at = type.indexOf(';');
    const name = (at < 0 ? type : type.slice(0, at)).trim().toLowerCase();
    return Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  }

  #received(request: IncomingMessage, response: ServerResponse, format: Format, received: Received): void {
    switch (received.kind) {
      case 'gone':
        return;
      case 'tooLarge':
        this.#refuse(request, response, this.#tooLarge());
        return;
      case 'noRoom':
        this.#refuse(request, response, {
          status: 503,
          reason: 'too many bodies at once',
          headers: ['retry-after', RETRY_AFTER_S],
        });
        return;
      case 'damaged':
        this.#refuse(request, response, { status: 400, reason: received.reason });
        return;
      case 'body': {
        // A body whose upload had begun before the abort is still taken; a full flow takes none.
        const isFull = this.#context.signal.aborted ? undefined : this.#busy();
        if (isFull !== undefined) this.#refuse(request, response, isFull);
        else if (this.#journal !== undefined) this.#keep(response, format, received.bytes, this.#journal);
        else this.#handOver(response, format, received.bytes).catch(() => failed(response));
      }
    }
  }

  /** All bodies are of one partition: an HTTP sender knows what was taken from the answer, not by offsets. */
  async #handOver(response: ServerResponse, format: Format, bytes: Uint8Array): Promise<void> {
    const channel = this.#output.channel(this.#settings.name, format);
    if (bytes.length <= WRITE_BYTES) {
      // The batch was taken even when `write` asks to wait: the next request finds the flow full.
      void channel.write(bytes);
    } else {
      for (let at = 0; at < bytes.length; at += WRITE_BYTES) {
        const blocked = channel.write(bytes.subarray(at, at + WRITE_BYTES));
        if (blocked !== undefined) await blocked;
      }
    }
    const { accepted, invalid } = channel.end();
    const status = accepted > 0 ? 202 : 400;
    const reason = status === 202 ? '' : `,"error":"${invalid === 0 ? 'the body is empty' : 'no valid event'}"`;
    answer(response, status, `{"accepted":${accepted},"invalid":${invalid}${reason}}`, []);
  }

  /** What is in it is looked at later: what is not valid becomes a dead letter. */
  #keep(response: ServerResponse, format: Format, bytes: Uint8Array, journal: Journal): void {
    if (bytes.length === 0) {
      answer(response, 400, '{"error":"the body is empty"}', []);
      return;
    }
    journal.append(format, bytes).then(
      (isKept) => {
        if (isKept) answer(response, 202, `{"bytes":${bytes.length}}`, []);
        else answer(response, 503, JSON.stringify({ error: NO_ROOM }), ['retry-after', RETRY_AFTER_S]);
      },
      () => failed(response),
    );
  }

  /** A sender that was told to wait keeps its connection, unless what is left of its body would take long to throw away. */
  #isWelcomeBack({ headers }: IncomingMessage, status: number): boolean {
    const isBusy = status === 429 || status === 503;
    return isBusy && !this.#context.signal.aborted && Number(headers['content-length']) <= LINGER_BYTES;
  }

  #health(request: IncomingMessage, response: ServerResponse): void {
    const isDraining = this.#context.signal.aborted;
    const text = isDraining ? '{"status":"draining"}' : '{"status":"ok"}';
    answer(response, isDraining ? 503 : 200, request.method === 'HEAD' ? '' : text, []);
  }

  /** Answers at once; what is still being sent is read and dropped for a while, so that the answer arrives. */
  #refuse(request: IncomingMessage, response: ServerResponse, { status, reason, headers = [] }: Answer): void {
    const body = JSON.stringify({ error: reason });
    if (request.complete || hasNoBody(request) || this.#isWelcomeBack(request, status)) {
      request.resume();
      answer(response, status, body, headers);
      return;
    }
    response.writeHead(status, [...bodyHeaders(body), 'connection', 'close', ...headers]);
    response.write(body);
    const close = (): void => {
      timer.cancel();
      response.end();
    };
    const timer = this.#context.scheduler.after(LINGER_MS, close);
    let dropped = 0;
    request.on('data', (bytes: Buffer) => {
      dropped += bytes.length;
      if (dropped > LINGER_BYTES) close();
    });
    request.on('error', () => undefined);
    request.once('end', close);
    request.once('close', close);
    request.resume();
  }
}

function answer(response: ServerResponse, status: number, body: string, headers: readonly string[]): void {
  response.writeHead(status, [...bodyHeaders(body), ...headers]);
  response.end(body);
}

/** The flow has failed and ends the run itself: the sender only learns that nothing is promised. */
function failed(response: ServerResponse): void {
  if (!response.headersSent) answer(response, 500, '{"error":"the flow failed"}', []);
}

function bodyHeaders(body: string): string[] {
  return ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body))];
}

function hasNoBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
