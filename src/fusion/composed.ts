/**
 * A region as composed closures: the fallback where code generation is switched off.
 *
 * Invariant: the same outputs, counts, failures and watermarks as the generated loop (a differential test).
 * Cost: a call per operator, 5-20x that of the generated loop on stateless chains (bench/micro/fusion.ts).
 */

import type { KeyColumn } from '../event/batch.ts';
import { NOTHING, type Key } from '../operator/operator.ts';
import { readsOwnTime, skippedBefore, type Loop, type LoopContext } from './loop.ts';
import {
  badItems,
  badKey,
  badTime,
  isIterable,
  isKey,
  type CollectorNode,
  type FunctionNode,
  type OperatorNode,
  type PlanNode,
  type Region,
  type StepNode,
  type TimeNode,
} from './plan.ts';

/** Hands one event down the tree. */
type Walk = (value: unknown, key: Key | undefined, keyId: number, timeMs: number) => void;
type Push = (value: unknown, key: Key | undefined, keyId: number, timeMs: number) => unknown;

/** Where a walk is: set before each call into user code. */
interface Place {
  at: number;
  key: Key | undefined;
  /** Index of the event in the array that runs through. */
  i: number;
  column: KeyColumn | undefined;
}

export function composeLoop(region: Region, context: LoopContext, isTimed: boolean): Loop {
  return new Composer(region, context, isTimed).loop();
}

class Composer {
  readonly #region: Region;
  readonly #context: LoopContext;
  readonly #isTimed: boolean;
  readonly #place: Place = { at: 0, key: undefined, i: 0, column: undefined };

  constructor(region: Region, context: LoopContext, isTimed: boolean) {
    this.#region = region;
    this.#context = context;
    this.#isTimed = isTimed;
  }

  loop(): Loop {
    const region = this.#region;
    const { failed, moment, outputs } = this.#context;
    const place = this.#place;
    const walk = this.#all(region.roots);
    const entry = region.parent?.index ?? 0;
    const timeOf = readsOwnTime(region) ? region.parent?.timeOf : undefined;
    const passThrough = region.leaves.filter((leaf) => leaf.isPassThrough);
    return (events, start, end, keys) => {
      const lost: number[] = [];
      place.column = keys;
      for (let i = start; i < end; i++) {
        const event = events[i];
        place.i = i;
        place.at = entry;
        place.key = undefined;
        try {
          walk(event, undefined, -1, timeOf === undefined ? moment.wallMs : timeOf(event));
        } catch (error) {
          failed(region, place.at, event, place.key, error);
          lost.push(i, place.at);
        }
      }
      for (const { leaf, before } of passThrough) {
        outputs.give(leaf, events, start, end, skippedBefore(lost, before));
      }
    };
  }

  /** Each event to each of `nodes`, in order. */
  #all(nodes: readonly PlanNode[]): Walk {
    const walks = nodes.filter((node) => node.kind !== 'leaf' || !node.isPassThrough).map((node) => this.#walk(node));
    const [first] = walks;
    if (first === undefined) return () => undefined;
    if (walks.length === 1) return first;
    return (value, key, keyId, timeMs) => {
      for (const walk of walks) walk(value, key, keyId, timeMs);
    };
  }

  #walk(node: PlanNode): Walk {
    switch (node.kind) {
      case 'leaf': {
        const { outputs } = this.#context;
        return (value) => outputs.open(node.leaf).push(value);
      }
      case 'map':
      case 'filter':
      case 'tap':
        return this.#stateless(node);
      case 'flatMap':
        return this.#flatMap(node);
      case 'keyBy':
        return this.#keyBy(node);
      case 'eventTime':
        return this.#eventTime(node);
      case 'step':
        return this.#step(node);
      case 'collector':
        return this.#pushTo(node);
    }
  }

  #stateless(node: FunctionNode): Walk {
    const call = this.#call(node);
    const next = this.#all(node.next);
    if (node.kind === 'map') {
      return (value, key, keyId, timeMs) => next(call(value, key), key, keyId, timeMs);
    }
    if (node.kind === 'tap') {
      return (value, key, keyId, timeMs) => {
        call(value, key);
        next(value, key, keyId, timeMs);
      };
    }
    const drop = this.#count(this.#context.ledger.dropped, node);
    return (value, key, keyId, timeMs) => {
      if (call(value, key)) next(value, key, keyId, timeMs);
      else drop();
    };
  }

  #flatMap(node: FunctionNode): Walk {
    const call = this.#call(node);
    const next = this.#all(node.next);
    const count = this.#count(this.#context.ledger.passed, node);
    const place = this.#place;
    return (value, key, keyId, timeMs) => {
      const items = call(value, key);
      if (!isIterable(items)) throw badItems(items);
      for (const item of items) {
        count();
        next(item, key, keyId, timeMs);
        place.at = node.index;
        place.key = key;
      }
    };
  }

  #keyBy(node: FunctionNode): Walk {
    const call = this.#call(node);
    const next = this.#all(node.next);
    const place = this.#place;
    const { field } = node;
    return (value, outerKey, _, timeMs) => {
      const key = call(value, outerKey);
      if (!isKey(key)) throw badKey(key);
      const { column } = place;
      const hasId = field !== undefined && column !== undefined && column.field === field;
      next(value, key, hasId ? verifiedId(column, place.i, key) : -1, timeMs);
    };
  }

  #eventTime(node: TimeNode): Walk {
    const call = this.#call(node);
    const next = this.#all(node.next);
    const advance = this.#advance(node);
    return (value, key, keyId) => {
      const timeMs = call(value, key);
      if (typeof timeMs !== 'number' || !Number.isFinite(timeMs)) throw badTime(timeMs);
      try {
        next(value, key, keyId, timeMs);
      } finally {
        advance(timeMs);
      }
    };
  }

  #advance(node: TimeNode): (timeMs: number) => void {
    const { domain, maxima, outOfOrderMs } = node;
    const { settle } = this.#context;
    if (!domain.isRead) return () => undefined;
    return (timeMs) => {
      if (timeMs > maxima.current) {
        maxima.current = timeMs;
        domain.raise(Math.min(timeMs, maxima.others) - outOfOrderMs);
      }
      if (domain.isFollowed || domain.next <= domain.watermark) settle(domain);
    };
  }

  #step(node: StepNode): Walk {
    const push = this.#pushTo(node);
    const next = this.#all(node.next);
    const drop = this.#count(this.#context.ledger.dropped, node);
    return (value, key, keyId, timeMs) => {
      const output = push(value, key, keyId, timeMs);
      if (output === NOTHING) drop();
      else next(output, key, keyId, timeMs);
    };
  }

  #pushTo(node: StepNode | CollectorNode): Push {
    const target = node.kind === 'step' ? node.step : node.collector;
    const place = this.#place;
    const timed = this.#timer(node);
    return (value, key, keyId, timeMs) => {
      place.at = node.index;
      place.key = key;
      if (timed === undefined) return target.push(value, key, keyId, timeMs);
      return timed(() => target.push(value, key, keyId, timeMs));
    };
  }

  #call(node: FunctionNode | TimeNode): (value: unknown, key: Key | undefined) => unknown {
    const { fn, index } = node;
    const place = this.#place;
    const timed = this.#timer(node);
    return (value, key) => {
      place.at = index;
      place.key = key;
      return timed === undefined ? fn(value) : timed(() => fn(value));
    };
  }

  #count(cells: Float64Array, { index }: OperatorNode): () => void {
    return () => {
      cells[index] = (cells[index] ?? 0) + 1;
    };
  }

  /** Measures a call in the timed version; undefined in the other. */
  #timer(node: OperatorNode): ((run: () => unknown) => unknown) | undefined {
    if (!this.#isTimed) return undefined;
    const { clock, ledger, moment } = this.#context;
    const { timeMs } = ledger;
    return (run) => {
      const beganMs = clock.now();
      const result = run();
      timeMs[node.index] = (timeMs[node.index] ?? 0) + clock.now() - beganMs - moment.clockMs;
      return result;
    };
  }
}

/** An id counts only when its value is the key. */
function verifiedId(column: KeyColumn, i: number, key: Key): number {
  const id = column.ids[i] ?? -1;
  return id >= 0 && column.values[id] === key ? id : -1;
}
