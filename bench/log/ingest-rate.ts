/** An open loop: events fall due at a fixed rate, whatever the log does; latency counts from when each was due. */

import type { Log } from 'daoflow/log';

export interface Ingested {
  readonly eventsPerSecond: number;
  readonly avgMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly cpuRatio: number;
}

/** @param events - used again and again */
export async function ingestAtRate(
  log: Log,
  events: readonly Uint8Array[],
  { rate, warmupMs, windowMs }: { readonly rate: number; readonly warmupMs: number; readonly windowMs: number },
): Promise<Ingested> {
  const total = Math.round((rate * (warmupMs + windowMs)) / 1000);
  const counted = Math.round((rate * warmupMs) / 1000);
  const latencies = new Float64Array(total - counted);
  const answers: Promise<void>[] = [];
  const startedAt = performance.now();
  let cpu = process.cpuUsage();
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) * rate) / 1000));
    if (due > sent) {
      if (sent <= counted) cpu = process.cpuUsage();
      const from = sent;
      const batch = Array.from({ length: due - from }, (_, i) => events[(from + i) % events.length] as Uint8Array);
      sent = due;
      answers.push(
        log.append(batch).then(() => {
          const now = performance.now() - startedAt;
          for (let i = Math.max(from, counted); i < due; i += 1) latencies[i - counted] = now - (i * 1000) / rate;
        }),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(answers);
  const { user, system } = process.cpuUsage(cpu);
  const tookMs = performance.now() - startedAt - warmupMs;
  const sum = latencies.reduce((all, one) => all + one, 0);
  latencies.sort();
  const at = (share: number): number => latencies[Math.floor(share * (latencies.length - 1))] ?? NaN;
  return {
    eventsPerSecond: (latencies.length * 1000) / tookMs,
    avgMs: sum / latencies.length,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    cpuRatio: (user + system) / 1000 / tookMs,
  };
}
