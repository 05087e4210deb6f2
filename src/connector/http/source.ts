/** The life of the HTTP source; what happens to one request is in `request.ts`. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { ByteOutput, ByteSource, SourceContext } from '../../event/source.ts';
import { hostAndPort, isLoopback, listen } from '../listening.ts';
import { Peers } from '../peers.ts';
import { systemFailure } from '../system-failure.ts';
import { pause } from '../waiting.ts';
import { Guard } from './guard.ts';
import { Journal } from './journal.ts';
import { RequestHandler } from './request.ts';
import { readSettings, type HttpSettings, type HttpSourceOptions } from './settings.ts';
import { refuseUnreadable } from './unreadable.ts';

const MAX_HEADER_BYTES = 16 * 1024;
/** Node looks for overdue requests only this often, ms; its default of 30 s would make 5 s mean 35. */
const TIMEOUT_CHECK_MS = 1000;
/** How long requests under way may take after an abort, ms. */
const DRAIN_MS = 2000;

/** @throws ConfigError */
export function httpSource(options: HttpSourceOptions): ByteSource {
  const settings = readSettings(options);
  let journal: Journal | undefined;
  return {
    kind: 'bytes',
    name: settings.name,
    replays: settings.durable === undefined ? 'with data' : true,
    acknowledged: (_partition, offset) => journal?.acknowledged(offset),
    format: settings.format ?? 'ndjson',
    maxEventBytes: settings.maxEventBytes,
    maxInvalidBytes: settings.maxBodyBytes,
    run: async (output, context) => {
      const [done = 0] = context.resume.values();
      const directory = settings.durable ?? (context.data && join(context.data, 'ingest', settings.name));
      if (directory === undefined) return serve(settings, undefined, output, context);
      journal = await Journal.open(directory, settings.name, context, done);
      try {
        await Promise.all([serve(settings, journal, output, context), journal.run(output, context.signal, done)]);
      } finally {
        await journal.close();
        journal = undefined;
      }
    },
  };
}

async function serve(
  settings: HttpSettings,
  journal: Journal | undefined,
  output: ByteOutput,
  context: SourceContext,
): Promise<void> {
  const { name, address, path, onListening } = settings;
  const { signal } = context;
  if (signal.aborted) return;
  const peers = new Peers(settings.perPeer);
  const handler = new RequestHandler(settings, new Guard(settings), peers, journal, output, context);
  const server = serverOf(settings, (request, response) => handler.handle(request, response));
  boundPerPeer(server, peers, context);
  const bound = await listen(server, address, name);
  if (!isLoopback(address.host)) {
    const what = `open to the network on ${hostAndPort(bound)}, guarded by its token only and not encrypted`;
    context.notice('warn', `${name}: ${what}: put a TLS proxy in front`);
  }
  context.notice('info', `${name}: listening on http://${hostAndPort(bound)}${path}`);
  onListening?.(bound);
  try {
    await untilStopped(server, signal, name);
  } finally {
    await drain(server, handler, context);
  }
}

function serverOf(
  settings: HttpSettings,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: Math.min(settings.headersTimeoutMs, settings.requestTimeoutMs),
      requestTimeout: settings.requestTimeoutMs,
      keepAliveTimeout: settings.idleTimeoutMs,
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    },
    handle,
  );
  server.maxConnections = settings.maxConnections;
  // A client that waits for `100 Continue` gets the refusal, if any, before it sends its body.
  server.on('checkContinue', handle);
  refuseUnreadable(server);
  return server;
}

/** Closes at once what one address opens beyond its share, and says so the first time. */
function boundPerPeer(server: Server, peers: Peers, context: SourceContext): void {
  const { scheduler } = context;
  let isSaid = false;
  server.on('connection', (socket) => {
    const { remoteAddress } = socket;
    if (peers.connected(remoteAddress, scheduler.now())) {
      socket.once('close', () => peers.disconnected(remoteAddress, scheduler.now()));
      return;
    }
    socket.destroy();
    if (!isSaid)
      context.notice(
        'warn',
        `${remoteAddress ?? 'a sender'} has as many connections as one address may: maxConnectionsPerPeer`,
      );
    isSaid = true;
  });
}

/** New requests get 503; those under way are answered; then the connections are closed. */
async function drain(server: Server, handler: RequestHandler, { scheduler }: SourceContext): Promise<void> {
  server.close();
  server.closeIdleConnections();
  const deadline = scheduler.now() + DRAIN_MS;
  while (handler.underWay > 0 && scheduler.now() < deadline) await pause(scheduler, 5);
  server.closeAllConnections();
}

function untilStopped(server: Server, signal: AbortSignal, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on('error', (error) => reject(systemFailure(name, 'the server failed', error)));
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
