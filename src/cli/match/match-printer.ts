import type { StateKey } from '../../state/key-index.ts';
import type { PatternModel } from '../../pattern/model/pattern.ts';
import type { Output } from '../output.ts';
import type { Colors, Formatter } from '../view/colors.ts';
import { fieldsAsked } from './asked-fields.ts';

/** An event as it was read. */
export interface ReadEvent {
  readonly line: number;
  readonly event: unknown;
}

/** Prints matches for people: each event on a line of its own, its step in a colour, the fields that the pattern asks bright. */
export class MatchPrinter {
  count = 0;
  readonly #output: Output;
  readonly #colors: Colors;
  readonly #asked: ReadonlySet<string>;
  readonly #paints = new Map<string, Formatter>();

  constructor(model: PatternModel, output: Output, colors: Colors) {
    this.#output = output;
    this.#colors = colors;
    this.#asked = fieldsAsked(model);
  }

  /** @param value - what the pattern's measures give; undefined: it has none */
  print(key: StateKey, bound: readonly (readonly [string, ReadEvent])[], value: unknown): void {
    this.count += 1;
    const { bold, dim } = this.#colors;
    const of = key === undefined ? '' : `  ${String(key)}`;
    const measures = value === undefined ? '' : `  ${JSON.stringify(value)}`;
    this.#output.write(`${bold(`match ${this.count}`)}${of}${measures}\n`);
    const width = Math.max(...bound.map(([name]) => name.length));
    for (const [name, { line, event }] of bound) {
      const paint = this.#paintOf(name);
      this.#output.write(`  ${paint(name.padEnd(width))}  ${dim(`line ${line}`)}  ${this.#shown(event, paint)}\n`);
    }
  }

  #paintOf(name: string): Formatter {
    const { cyan, magenta, yellow, green, blue } = this.#colors;
    const palette = [cyan, magenta, yellow, green, blue];
    const paint = this.#paints.get(name) ?? palette[this.#paints.size % palette.length] ?? cyan;
    this.#paints.set(name, paint);
    return paint;
  }

  #shown(event: unknown, paint: Formatter): string {
    const { dim } = this.#colors;
    if (typeof event !== 'object' || event === null) return JSON.stringify(event);
    const fields = Object.entries(event).map(([name, value]) => {
      const text = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
      return this.#asked.has(name) ? paint(text) : dim(text);
    });
    return `${dim('{')}${fields.join(dim(','))}${dim('}')}`;
  }
}
