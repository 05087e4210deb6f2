// A machine that keeps heating after a restart and is not cooled. Run it: npx daoflow run examples/overheating.ts
import { flow, generate, stdout } from 'daoflow';
import { fields, past, pattern } from 'daoflow/pattern';

interface Reading {
  readonly machine: string;
  readonly kind: 'restart' | 'temperature' | 'cooling';
  readonly celsius: number;
  readonly at: number;
}

const START = Date.UTC(2026, 0, 1);
const MACHINES = 8;
const CYCLE = 30;

/** Each machine restarts every 30 readings and heats up; cooling sets in on all but two of them. */
function reading(i: number): Reading {
  const machine = i % MACHINES;
  const step = Math.floor(i / MACHINES) % CYCLE;
  const isCooled = machine % 4 !== 0;
  const kind = step === 0 ? 'restart' : step === 10 && isCooled ? 'cooling' : 'temperature';
  const celsius = kind === 'temperature' ? 40 + 3 * (isCooled && step > 10 ? 20 - Math.min(step, 20) : step) : 0;
  return { machine: `m${machine}`, kind, celsius, at: START + Math.floor(i / MACHINES) * 1_000 };
}

const r = fields<Reading>();

// From the restart on temperatures rise; no cooling comes before the first that is above 100.
const overheating = pattern<Reading>('overheating')
  .begin('restart', r.kind.eq('restart'))
  .followedBy('rise', r.kind.eq('temperature').and(r.celsius.lte(100)))
  .where(r.celsius.gt(past.last('rise', 'celsius')).or(r.celsius.lt(50)))
  .atLeast(5)
  .greedy()
  .notFollowedBy('cooling', r.kind.eq('cooling'))
  .followedBy('hot', r.kind.eq('temperature').and(r.celsius.gt(100)))
  .within('1 min')
  .skip('pastLast')
  .select(({ restart, rise, hot }) => ({ machine: restart.machine, readings: rise.length, celsius: hot.celsius }));

export default flow('overheating')
  .from(generate({ rate: 2_000, duration: '2s', make: reading }))
  .eventTime((each) => each.at)
  .keyBy('machine')
  .match(overheating)
  .matches.map(({ value, start }) => ({ ...value, restartedAt: new Date(start).toISOString() }))
  .to(stdout());
