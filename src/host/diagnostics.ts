import { channel } from 'node:diagnostics_channel';

/** Publishes on a channel of `node:diagnostics_channel`; next to nothing while nobody listens. */
export function publishDiagnostics(name: string, message: unknown): void {
  const target = channel(name);
  if (target.hasSubscribers) target.publish(message);
}
