import { DaoFlowError } from '../../errors/errors.ts';

/** A pattern is declared wrongly: thrown at once, naming the step. */
export class PatternError extends DaoFlowError {
  override readonly name = 'PatternError';
  /** Where in the pattern: `steps[1].quantifier.min`. Text patterns: `line 2, column 7`. */
  readonly path: string;
  readonly expected: string;
  readonly received: string;

  /** @param shown - the received value for people */
  constructor(path: string, expected: string, received: unknown, shown: string = show(received)) {
    super('DAO_PATTERN', `${path}: expected ${expected}, received ${shown}.`);
    this.path = path;
    this.expected = expected;
    this.received = shown;
  }
}

/** A match cannot be skipped from as its pattern asks with `errorOnMiss`. */
export class SkipTargetError extends DaoFlowError {
  override readonly name = 'SkipTargetError';
  /** `skipTargetMissing`: the match has no such step. `skipTargetIsFirstElement`: the skip would not move on. */
  readonly reason: 'skipTargetMissing' | 'skipTargetIsFirstElement';

  constructor(reason: SkipTargetError['reason'], step: string) {
    const why = reason === 'skipTargetMissing' ? 'a match has no such step' : 'it is the first event of a match';
    super('DAO_SKIP_TARGET', `cannot skip to step ${step}: ${why}`);
    this.reason = reason;
  }
}

const MAX_SHOWN = 60;

/** Short, and never a throwing `toString`. */
function show(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}...` : value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value);
    return keys.length === 0 ? 'an empty object' : `an object with ${keys.slice(0, 4).join(', ')}`;
  }
  return String(value);
}
