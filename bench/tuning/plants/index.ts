import type { Scenario } from '../scenario.ts';
import { callers } from './callers.ts';
import { congested } from './congested.ts';
import { family } from './family.ts';
import { foreign } from './foreign.ts';
import { open } from './open.ts';
import { perEvent } from './per-event.ts';
import { sharing } from './shared.ts';
import { together } from './together.ts';
import { vector } from './vector.ts';

export const scenarios: readonly Scenario[] = [
  ...family,
  ...foreign,
  ...open,
  ...vector,
  ...congested,
  ...together,
  ...perEvent,
  ...callers,
  ...sharing,
];
