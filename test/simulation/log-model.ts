/** What a log must hold, from what was asked of it and what it answered; nothing of how it works. */

import type { Damage } from '../../src/log/damage.ts';

export interface Reopened {
  /** All that can be read, by sequence. */
  readonly found: ReadonlyMap<number, string>;
  /** Oldest sequence that is there, and the newest. */
  readonly first: number;
  readonly last: number;
  /** All up to here must have survived; Infinity: all that was answered. */
  readonly durable: number;
  /** What the log says that it has lost. */
  readonly damages: readonly Damage[];
  /**
   * A bit was flipped: what nothing on the disk proves durable may look like a torn tail. `some`: all but the newest commit
   * is proven; `all`: in interval mode the newest syncs need not be, nor what a file that has become unreadable proved.
   */
  readonly unproven: 'none' | 'some' | 'all';
}

export class LogModel {
  /** Answered or read: must be there. */
  readonly #given = new Map<number, string>();
  /** Asked and not answered: may be there, in this order. */
  #asked: string[] = [];
  #last = 0;
  /** All up to here the consumer is done with. */
  #consumed = 0;
  /** All up to here was answered before something else that was answered was even asked. */
  #proven = 0;

  get consumed(): number {
    return this.#consumed;
  }

  /** @returns what to call with the answer */
  ask(texts: readonly string[]): (last: number) => void {
    this.#asked.push(...texts);
    const answeredBefore = this.#last;
    return (last) => {
      for (const [i, text] of texts.entries()) this.#give(last - texts.length + 1 + i, text);
      this.#last = Math.max(this.#last, last);
      this.#proven = Math.max(this.#proven, answeredBefore);
    };
  }

  consume(sequence: number): void {
    this.#consumed = Math.max(this.#consumed, sequence);
  }

  /** A reader has seen this: from then on it must not vanish. */
  read(sequence: number, text: string): void {
    this.#give(sequence, text);
  }

  /** A new writer has opened the log and found this. */
  reopen(now: Reopened): void {
    const isLost = (sequence: number): boolean =>
      now.damages.some(({ first, last }) => first <= sequence && sequence <= last);
    for (let sequence = this.#consumed + 1; sequence < now.first; sequence += 1) {
      if (!isLost(sequence)) throw new Error(`record ${sequence} was removed before it was consumed`);
    }
    for (const [sequence, text] of this.#given) {
      const found = now.found.get(sequence);
      if (found !== undefined && found !== text) throw new Error(`record ${sequence} reads "${found}", not "${text}"`);
      if (found !== undefined || sequence < now.first || isLost(sequence)) continue;
      const mayBeGone =
        sequence > now.durable || now.unproven === 'all' || (now.unproven === 'some' && sequence > this.#proven);
      if (!mayBeGone || sequence <= now.last) throw new Error(`record ${sequence}, "${text}", is gone`);
    }
    this.#takeOver(now);
  }

  /** What is there now was asked for, in this order, and must stay. An acknowledgement may be lost, and its records be back. */
  #takeOver({ found, first, last }: Reopened): void {
    let order = -1;
    for (const [sequence, text] of found) {
      if (this.#given.has(sequence)) continue;
      const at = this.#asked.indexOf(text);
      if (at <= order) throw new Error(`record ${sequence} reads "${text}", which must not be there`);
      order = at;
    }
    for (const sequence of this.#given.keys()) if (sequence >= first) this.#given.delete(sequence);
    for (const [sequence, text] of found) this.#given.set(sequence, text);
    this.#asked = [];
    this.#last = last;
    this.#proven = 0;
  }

  #give(sequence: number, text: string): void {
    const known = this.#given.get(sequence);
    if (known === text) return;
    if (known !== undefined) throw new Error(`record ${sequence} is "${text}" and was "${known}"`);
    const at = this.#asked.indexOf(text);
    if (at === -1) throw new Error(`record ${sequence} is "${text}", which nobody has asked for`);
    this.#asked.splice(at, 1);
    this.#given.set(sequence, text);
  }
}
