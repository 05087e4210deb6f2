import { expect, test } from 'vitest';
import { noCounts, simulateLog } from './log-simulation.ts';

const SEEDS = Number(process.env['SIMULATE_SEEDS'] ?? 1000);
const FROM = Number(process.env['SIMULATE_FROM'] ?? 1);

test(
  `a log keeps its promises through ${SEEDS} seeded lives, from seed ${FROM} on`,
  { timeout: 3_600_000 },
  async () => {
    const counts = noCounts();
    for (let seed = FROM; seed < FROM + SEEDS; seed += 1) await simulateLog(seed, counts);
    console.log(`log: ${SEEDS} seeds from ${FROM}: ${JSON.stringify(counts)}`);
    if (SEEDS < 1000) return;
    // A simulation in which nothing happens proves nothing.
    for (const [what, count] of Object.entries(counts)) expect(count, what).toBeGreaterThan(SEEDS / 50);
  },
);
