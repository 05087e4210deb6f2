import { ConfigError } from '../errors/errors.ts';
import { NOTHING } from './operator.ts';
import type { StepSpec } from './step-options.ts';

/** Every n-th event, the first one included; or each with a probability of 0..1. */
export type SampleOptions = { readonly every: number } | { readonly rate: number };

/**
 * Passes a part of the events of the flow, whatever their keys.
 *
 * @throws ConfigError
 * @example
 * sample('tenth', { every: 10 })
 */
export function sample(name: string, options: SampleOptions): StepSpec<unknown, unknown> {
  return 'every' in options ? everyNth(name, options.every) : byChance(name, options.rate);
}

function everyNth(name: string, every: number): StepSpec<unknown, unknown> {
  if (!Number.isInteger(every) || every < 1) {
    throw new ConfigError(`${name}.every`, 'a whole number, at least 1', every);
  }
  return {
    kind: 'step',
    name,
    create() {
      let left = 0;
      return {
        shape: `sample every ${every}`,
        snapshot: () => left,
        restore(data) {
          left = data as number;
        },
        push(event) {
          if (left > 0) {
            left -= 1;
            return NOTHING;
          }
          left = every - 1;
          return event;
        },
      };
    },
  };
}

function byChance(name: string, rate: number): StepSpec<unknown, unknown> {
  if (!(typeof rate === 'number' && rate >= 0 && rate <= 1)) {
    throw new ConfigError(`${name}.rate`, 'a share from 0 to 1', rate);
  }
  return {
    kind: 'step',
    name,
    create: ({ random }) => ({ push: (event) => (random() < rate ? event : NOTHING) }),
  };
}
