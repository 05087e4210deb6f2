import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isLoopback } from '../listening.ts';
import type { HttpSettings } from './settings.ts';

export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/**
 * Who may talk to the server. Against web pages that reach for localhost: on loopback the Host header
 * must name this machine (DNS rebinding), and a request that says from which page it comes is refused
 * unless that page is allowed. Beyond loopback the token decides; Host is checked when hosts are listed.
 */
export class Guard {
  readonly #hosts: ReadonlySet<string> | undefined;
  readonly #origins: ReadonlySet<string>;
  readonly #tokenHash: Buffer | undefined;

  constructor({ address, token, allowedHosts, allowedOrigins }: HttpSettings) {
    const own = isLoopback(address.host) ? ['localhost', '127.0.0.1', '[::1]', address.host] : [];
    const isOpen = own.length === 0 && allowedHosts.length === 0;
    this.#hosts = isOpen ? undefined : new Set([...own, ...allowedHosts]);
    this.#origins = new Set(allowedOrigins);
    this.#tokenHash = token === undefined ? undefined : sha256(token);
  }

  /** @returns why not, or undefined when the request may go on */
  refuses(request: IncomingMessage): Refusal | undefined {
    const { host, origin, authorization } = request.headers;
    if (this.#hosts !== undefined && !this.#isKnownHost(host ?? '', this.#hosts)) {
      return { status: 403, reason: 'host not allowed: add it to allowedHosts' };
    }
    if (origin !== undefined && !this.#origins.has(origin.toLowerCase())) {
      return { status: 403, reason: 'origin not allowed: add it to allowedOrigins' };
    }
    if (this.#tokenHash !== undefined && !isToken(authorization, this.#tokenHash)) {
      return { status: 401, reason: 'a valid token is required: authorization: Bearer <token>' };
    }
    return undefined;
  }

  #isKnownHost(host: string, hosts: ReadonlySet<string>): boolean {
    const lower = host.toLowerCase();
    return hosts.has(lower) || hosts.has(lower.replace(/:\d{1,5}$/, ''));
  }
}

/** Hashes are of one length, so that the comparison takes the same time for any guess. */
function isToken(authorization: string | undefined, expected: Buffer): boolean {
  const [scheme, token] = (authorization ?? '').split(' ', 2);
  return timingSafeEqual(sha256(token ?? ''), expected) && scheme?.toLowerCase() === 'bearer';
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
