import type { Server } from 'node:net';
import { ConfigError } from '../errors/errors.ts';
import { systemFailure } from './system-failure.ts';

/** Where a server listens: the port is the real one, also when 0 was asked for. */
export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
}

/** True for addresses that only programs on this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Checks a host name or address. @throws ConfigError */
export function hostOption(host: string | undefined, path: string): string {
  const value = host ?? '127.0.0.1';
  if (typeof value !== 'string' || !/^[A-Za-z0-9.:_-]{1,253}$/.test(value)) {
    throw new ConfigError(path, 'a host name or an IP address', host);
  }
  return value;
}

/** Checks a port, which has no default. @throws ConfigError */
export function portOption(port: unknown, path: string): number {
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new ConfigError(path, 'a port from 0 (any free one) to 65535', port);
}

/** Begins to listen. @throws ConnectorError when the port is taken or the host is not this machine's */
export async function listen(server: Server, at: ListeningAddress, name: string): Promise<ListeningAddress> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error): void => {
      reject(systemFailure(name, `cannot listen on ${hostAndPort(at)}`, error));
    };
    server.once('error', failed);
    server.listen({ host: at.host, port: at.port }, () => {
      server.removeListener('error', failed);
      resolve();
    });
  });
  const address = server.address();
  return { host: at.host, port: typeof address === 'object' && address !== null ? address.port : at.port };
}

/** `127.0.0.1:8080`, `[::1]:8080`. */
export function hostAndPort({ host, port }: ListeningAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
