/**
 * Lines of events over TCP: each connection is one channel and one partition.
 *
 * **Invariants** (test/integration/connector-tcp.test.ts)
 * - A connection that does not read its back-pressure is paused by the kernel, never buffered here.
 * - What was read is handed over, whatever ends the connection; a record cut off goes to the dead letters.
 * - One read buffer for all connections: the channel is done with it when `write` returns.
 */

import { createServer, type Server, type Socket } from 'node:net';
import { knownOptions } from '../../errors/declared.ts';
import { ConfigError } from '../../errors/errors.ts';
import type { ByteOutput, ByteSource, Format, SourceContext } from '../../event/source.ts';
import type { Duration } from '../../time/duration.ts';
import { hostAndPort, hostOption, isLoopback, listen, portOption, type ListeningAddress } from '../listening.ts';
import { durationOption, integerOption, nameOption, wordOption } from '../options.ts';
import { Peers } from '../peers.ts';
import { systemFailure } from '../system-failure.ts';
import { pause } from '../waiting.ts';
import { Connection, type Ending } from './connection.ts';

export interface TcpOptions {
  readonly name?: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Default 127.0.0.1: reachable from this machine only. */
  readonly host?: string;
  /**
   * TCP has no token: whoever can reach the port can send events. True says that this is wanted for a
   * host beyond loopback. Default false.
   */
  readonly exposed?: boolean;
  /** Default `ndjson`. CSV: each connection begins with a header line. */
  readonly format?: 'ndjson' | 'csv';
  /** More are closed at once. Default 1024. */
  readonly maxConnections?: number;
  /** Of these, from one address. Default half of them: one sender cannot lock all others out. */
  readonly maxConnectionsPerPeer?: number;
  /** A connection that is silent for this long is closed. Default: never (0). */
  readonly idleTimeout?: Duration;
  /** Longer events are dead-lettered. Default 1 MiB. */
  readonly maxEventBytes?: number;
  /** Called once the port is known. */
  readonly onListening?: (address: ListeningAddress) => void;
}

const OPTIONS = [
  'name',
  'port',
  'host',
  'exposed',
  'format',
  'maxConnections',
  'maxConnectionsPerPeer',
  'idleTimeout',
  'maxEventBytes',
  'onListening',
];
/** One decoder's state each, and a descriptor. */
const CONNECTIONS = { min: 1, max: 65_535, default: 1024 };
const MAX_EVENT_BYTES = { min: 16, max: 256 * 1024 * 1024, default: 1024 * 1024 };
/** libuv asks for 64 KiB; the kernel rarely has more for one read. */
const READ_BYTES = 64 * 1024;
/** How long an aborted run waits for the rest of open records, ms. */
const GRACE_MS = 500;

/**
 * A server that takes NDJSON (or CSV) lines. Reads as fast as the flow goes: a full flow pauses the
 * sockets, and the senders' writes wait.
 *
 * @throws ConfigError for a host beyond loopback without `exposed: true`
 * @example
 * flow('telemetry').from(tcp({ port: 9000 }))
 */
export function tcp(options: TcpOptions): ByteSource {
  knownOptions(options, 'tcp()', OPTIONS);
  const settings = readSettings(options);
  return {
    kind: 'bytes',
    name: settings.name,
    format: settings.format,
    maxEventBytes: settings.maxEventBytes,
    run: (output, context) => new TcpRun(settings, output, context).run(),
  };
}

interface TcpSettings {
  readonly name: string;
  readonly address: ListeningAddress;
  readonly isExposed: boolean;
  readonly format: Format;
  readonly maxConnections: number;
  readonly perPeer: number;
  readonly idleMs: number;
  readonly maxEventBytes: number;
  readonly onListening: ((address: ListeningAddress) => void) | undefined;
}

function readSettings(options: TcpOptions): TcpSettings {
  const host = hostOption(options.host, 'tcp().host');
  const isExposed = !isLoopback(host);
  if (isExposed && options.exposed !== true) {
    const fix = 'TCP has no token: anybody who reaches the port may send events. Set exposed: true if that is wanted.';
    throw new ConfigError('tcp().host', 'a loopback address such as 127.0.0.1', host, fix);
  }
  const maxConnections = integerOption(options.maxConnections, 'tcp().maxConnections', CONNECTIONS);
  return {
    name: nameOption(options.name, 'tcp().name', 'tcp'),
    address: { host, port: portOption(options.port, 'tcp().port') },
    isExposed,
    format: wordOption(options.format, 'tcp().format', ['ndjson', 'csv', 'tsv'], 'ndjson'),
    maxConnections,
    perPeer: integerOption(options.maxConnectionsPerPeer, 'tcp().maxConnectionsPerPeer', {
      ...CONNECTIONS,
      default: Math.ceil(maxConnections / 2),
    }),
    idleMs: durationOption(options.idleTimeout, 'tcp().idleTimeout', 0),
    maxEventBytes: integerOption(options.maxEventBytes, 'tcp().maxEventBytes', MAX_EVENT_BYTES),
    onListening: options.onListening,
  };
}

class TcpRun {
  readonly #settings: TcpSettings;
  readonly #output: ByteOutput;
  readonly #context: SourceContext;
  readonly #buffer: Uint8Array = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #connections = new Set<Connection>();
  readonly #peers: Peers;
  #refused = 0;

  constructor(settings: TcpSettings, output: ByteOutput, context: SourceContext) {
    this.#settings = settings;
    this.#peers = new Peers({ connections: settings.perPeer, requestsPerSecond: Infinity });
    this.#output = output;
    this.#context = context;
  }

  async run(): Promise<void> {
    const { name, address, isExposed, onListening } = this.#settings;
    const { signal } = this.#context;
    if (signal.aborted) return;
    const server = createServer({ pauseOnConnect: true, noDelay: false }, (socket) => this.#accept(socket));
    const bound = await listen(server, address, name);
    if (isExposed) {
      this.#context.notice('warn', `${name}: open to the network without a token on ${hostAndPort(bound)}`);
    }
    this.#context.notice('info', `${name}: listening on tcp://${hostAndPort(bound)}`);
    onListening?.(bound);
    try {
      await untilStopped(server, signal, name);
    } finally {
      server.close();
      await this.#endAll();
    }
  }

  #accept(socket: Socket): void {
    const refusal = this.#refuses(socket);
    if (refusal !== undefined) {
      socket.on('error', () => undefined);
      socket.destroy();
      this.#refused += 1;
      if (this.#refused === 1 && !this.#context.signal.aborted) this.#context.notice('warn', refusal);
      return;
    }
    const { remoteAddress } = socket;
    const { format, idleMs } = this.#settings;
    const partition = hostAndPort({ host: remoteAddress ?? 'unknown', port: socket.remotePort ?? 0 });
    const connection: Connection = new Connection(socket, {
      channel: this.#output.channel(partition, format),
      format,
      buffer: this.#buffer,
      idleMs,
      ended: (ending) => {
        this.#peers.disconnected(remoteAddress, this.#context.scheduler.now());
        this.#ended(connection, partition, ending);
      },
    });
    this.#connections.add(connection);
    connection.start();
  }

  /** Why it is closed at once; else it counts as its sender's. */
  #refuses({ remoteAddress }: Socket): string | undefined {
    const { name, maxConnections, perPeer } = this.#settings;
    if (this.#context.signal.aborted) return 'the run ends';
    if (this.#connections.size >= maxConnections) {
      return `${name}: ${maxConnections} connections are open, more are refused`;
    }
    if (this.#peers.connected(remoteAddress, this.#context.scheduler.now())) return undefined;
    return `${name}: ${remoteAddress ?? 'a sender'} has ${perPeer} connections, more of one address are refused (maxConnectionsPerPeer)`;
  }

  #ended(connection: Connection, partition: string, ending: Ending): void {
    this.#connections.delete(connection);
    this.#output.endPartition(partition);
    if (ending.lost !== undefined) this.#context.notice('warn', `${this.#settings.name}: ${partition}: ${ending.lost}`);
  }

  /** Ends each connection after the record that is open, or after the grace. */
  async #endAll(): Promise<void> {
    for (const connection of [...this.#connections]) connection.finish();
    const { scheduler } = this.#context;
    const deadline = scheduler.now() + GRACE_MS;
    while (this.#connections.size > 0 && scheduler.now() < deadline) await pause(scheduler, 5);
    for (const connection of [...this.#connections]) connection.cut();
  }
}

function untilStopped(server: Server, signal: AbortSignal, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on('error', (error) => reject(systemFailure(name, 'the server failed', error)));
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
