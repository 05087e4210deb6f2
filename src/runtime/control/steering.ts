/**
 * What the user holds: pins and bounds of single knobs, and whether anything may move at all.
 *
 * Invariants (steering.test.ts)
 * - A pin or bound that contradicts a limit of the target, the declaration or the knob's range is refused at once.
 * - At most one pin and one bound per knob; a new one replaces the old one.
 * - Frozen: each knob's bound is its present value, so controllers go on learning and move nothing.
 */

import { NATURAL_BOUNDS, within, type Bound, type KnobBounds } from '../../control/goal.ts';
import { changesBetween, type KnobChange } from '../../control/decision.ts';
import { KNOBS, type KnobName, type Settings, type StageSettings } from '../../control/settings.ts';
import { ConfigError } from '../../errors/errors.ts';
import { didYouMean } from '../../errors/similar-names.ts';
import {
  contradiction,
  describeBound,
  restricted,
  type ControlledStage,
  type Restriction,
} from './controlled-stage.ts';

/** `{ min: 2 }`, `{ max: 16 }` or both, inclusive. */
export type BoundInput = Partial<Bound>;

export interface HeldKnob extends Restriction {
  readonly stage: string;
  /** `energy`: a size that run.energy has fixed for all stages. */
  readonly kind: 'pin' | 'bound' | 'energy';
}

/** A size of one stage, as run.energy fixes it. */
export interface FixedSize {
  readonly stage: string;
  readonly knob: 'batchLimit' | 'edgeEvents';
  readonly value: number;
}

export class Steering {
  readonly #stages: ReadonlyMap<string, ControlledStage>;
  readonly #settings: Settings;
  readonly #moved: (stage: string, changes: readonly KnobChange[], reason: string) => void;
  #held: readonly HeldKnob[] = [];
  readonly #limits: (stage: ControlledStage) => readonly Restriction[];
  #isFrozen = false;

  /**
   * @param moved - a setting was changed, because the user said so
   * @param limits - what stages together leave to one of them
   */
  constructor(
    stages: readonly ControlledStage[],
    settings: Settings,
    moved: (stage: string, changes: readonly KnobChange[], reason: string) => void,
    limits: (stage: ControlledStage) => readonly Restriction[] = () => [],
  ) {
    this.#stages = new Map(stages.map((stage) => [stage.name, stage]));
    this.#settings = settings;
    this.#moved = moved;
    this.#limits = limits;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  get held(): readonly HeldKnob[] {
    return this.#held;
  }

  pin(path: string, value: number): void {
    const { stage, knob } = this.#find('run.pin', path);
    checkValue(`run.pin.${path}`, knob, value);
    this.#hold(`run.pin.${path}`, { stage: stage.name, knob, kind: 'pin', bound: { min: value, max: value } });
  }

  bound(path: string, { min, max }: BoundInput): void {
    const { stage, knob } = this.#find('run.bound', path);
    const place = `run.bound.${path}`;
    if (min === undefined && max === undefined) throw new ConfigError(place, '{ min, max } or one of them', 'neither');
    if (min !== undefined) checkValue(`${place}.min`, knob, min);
    if (max !== undefined) checkValue(`${place}.max`, knob, max);
    const bound = { min: min ?? 0, max: max ?? Infinity };
    if (bound.min > bound.max) throw new ConfigError(place, 'a min that is not above the max', `${min} > ${max}`);
    this.#hold(place, { stage: stage.name, knob, kind: 'bound', bound });
  }

  /** Gives a knob back to tuning: its pin, and its bound. @returns whether it was held */
  unpin(path: string): boolean {
    const { stage, knob } = this.#find('run.unpin', path);
    const before = this.#held;
    this.#held = before.filter((held) => held.stage !== stage.name || held.knob !== knob || held.kind === 'energy');
    return this.#held.length < before.length;
  }

  /** Sizes that run.energy fixes, in place of those before. They contradict nothing: it has checked. */
  fixSizes(sizes: readonly FixedSize[]): void {
    const before = this.#held.filter(({ kind }) => kind === 'energy');
    this.#held = this.#held.filter(({ kind }) => kind !== 'energy');
    for (const { stage, knob, value } of sizes) {
      const option = knob === 'batchLimit' ? 'batchSize' : 'bufferSize';
      const fix = `run.energy.apply({ ${option}: null }) gives it back to the engine.`;
      const entry: HeldKnob = {
        stage,
        knob,
        kind: 'energy',
        bound: { min: value, max: value },
        by: `your energy.${option}`,
        fix,
      };
      this.#held = [...this.#held, entry];
      if (!before.some((held) => isSame(held, entry) && held.bound.min === value)) {
        this.#apply(this.#stages.get(stage) as ControlledStage, entry);
      }
    }
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    this.#isFrozen = false;
  }

  /** What a controller of this stage may do now. */
  boundsOf(stage: ControlledStage): KnobBounds {
    if (this.#isFrozen) return pinnedTo(this.#settings.get(stage.name));
    const held = this.#held.filter((each) => each.stage === stage.name);
    return held.length === 0 ? stage.bounds : restricted(stage.bounds, held.flatMap(withBursts));
  }

  /**
   * What a controller of this stage may do while nothing is frozen.
   * @param without - as if this were not held: one of `held`, or of what the stage declares
   */
  standingBounds(stage: ControlledStage, without?: Restriction): KnobBounds {
    const held = this.#held.filter((each) => each.stage === stage.name && each !== without);
    // Concurrency that is declared holds bursts too, by a restriction of its own, drawn by the same.
    const declared = stage.restrictions.filter(({ by }) => by !== without?.by);
    return restricted(NATURAL_BOUNDS, [...declared, ...held.flatMap(withBursts)]);
  }

  #hold(place: string, input: Omit<HeldKnob, 'by' | 'fix'>): void {
    const path = `${input.stage}.${input.knob}`;
    const fix = `run.unpin('${path}') gives it back to tuning.`;
    const entry: HeldKnob = { ...input, by: `your ${input.kind} of ${path}`, fix };
    const others = this.#held.filter((held) => !isSame(held, entry));
    const stage = this.#stages.get(entry.stage) as ControlledStage;
    const standing = [
      ...stage.restrictions,
      ...this.#limits(stage),
      ...others.filter((held) => held.stage === entry.stage).flatMap(withBursts),
    ];
    for (const { knob, bound } of withBursts(entry)) {
      const against = contradiction(knob, bound, standing);
      if (against === undefined) continue;
      const expected = `${describeBound(against.bound)}, ${against.by}`;
      const received = entry.kind === 'pin' ? entry.bound.min : describeBound(entry.bound);
      throw new ConfigError(place, expected, received, against.fix);
    }
    this.#held = [...others, entry];
    this.#apply(stage, entry);
  }

  /** At once, frozen or not: the user has spoken. */
  #apply(stage: ControlledStage, { knob, kind, bound }: HeldKnob): void {
    const before = this.#settings.get(stage.name);
    const held = this.#held.filter((each) => each.stage === stage.name).flatMap(withBursts);
    const after = clamped(before, restricted(stage.bounds, held));
    const changes = changesBetween(before, after);
    if (changes.length === 0) return;
    this.#settings.update(stage.name, after);
    this.#moved(stage.name, changes, REASONS[kind](knob, bound));
  }

  #find(place: string, path: string): { readonly stage: ControlledStage; readonly knob: KnobName } {
    const dot = path.lastIndexOf('.');
    const [name, knob] = [path.slice(0, Math.max(0, dot)), path.slice(dot + 1)];
    const stage = this.#stages.get(name);
    const names = [...this.#stages.keys()];
    if (dot < 1) throw new ConfigError(place, 'a stage and a knob, such as "sink.concurrency"', path, listed(names));
    if (stage === undefined) throw new ConfigError(place, 'a stage of this flow', name, suggestion(name, names));
    if (!isKnob(knob)) throw new ConfigError(place, `a knob of ${name}`, knob, suggestion(knob, KNOBS));
    return { stage, knob };
  }
}

const REASONS: Readonly<Record<HeldKnob['kind'], (knob: KnobName, bound: Bound) => string>> = {
  pin: (knob) => `you pinned ${knob}`,
  bound: (knob, bound) => `you bound ${knob} to ${describeBound(bound)}`,
  energy: () => 'your energy configuration fixes it for all stages',
};

/** Nearest value within the bounds; a burst is never below the usual concurrency. */
export function clamped(settings: StageSettings, bounds: KnobBounds): StageSettings {
  const next: Record<KnobName, number> = { ...settings };
  for (const knob of KNOBS) next[knob] = within(bounds[knob], settings[knob]);
  next.burstConcurrency = Math.max(next.burstConcurrency, next.concurrency);
  return next;
}

/** Concurrency that the user holds is held for bursts too. */
function withBursts(held: HeldKnob): HeldKnob[] {
  return held.knob === 'concurrency' ? [held, { ...held, knob: 'burstConcurrency' }] : [held];
}

function isSame(one: HeldKnob, other: HeldKnob): boolean {
  return one.stage === other.stage && one.knob === other.knob && one.kind === other.kind;
}

function pinnedTo(settings: StageSettings): KnobBounds {
  const bounds: Record<KnobName, Bound> = { ...NATURAL_BOUNDS };
  for (const knob of KNOBS) bounds[knob] = { min: settings[knob], max: settings[knob] };
  return bounds;
}

function isKnob(name: string): name is KnobName {
  return (KNOBS as readonly string[]).includes(name);
}

/** Times may have fractions; all else is counted. */
function checkValue(place: string, knob: KnobName, value: unknown): void {
  const isTime = knob.endsWith('Ms');
  if (isTime ? typeof value === 'number' && value >= 0 && value < Infinity : Number.isSafeInteger(value)) return;
  throw new ConfigError(place, isTime ? 'a time in ms, at least 0' : 'a whole number', value);
}

function suggestion(wanted: string, names: readonly string[]): string {
  return didYouMean(wanted, names) ?? listed(names);
}

function listed(names: readonly string[]): string {
  return `There are: ${names.join(', ')}.`;
}
