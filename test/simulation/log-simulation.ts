/**
 * One seeded life of a log, or several: writers, a reader and a consumer on a disk that fails, crashes at any call, and
 * a model that knows what must be there. The seed decides everything; a failure names it.
 */

import type { Damage } from '../../src/log/damage.ts';
import { systemRandom } from '../../src/host/random.ts';
import { LogDamagedError } from '../../src/log/errors.ts';
import type { FileSystem } from '../../src/log/file-system.ts';
import { readLosses } from '../../src/log/losses.ts';
import type { LogEvent } from '../../src/log/log-event.ts';
import { openLog, type Log } from '../../src/log/log.ts';
import type { LogOptions } from '../../src/log/options.ts';
import type { StorageFaults } from '../../src/testing/storage/faults.ts';
import { SimulatedDisk, type Crash, type Incarnation } from '../../src/testing/storage/simulated-disk.ts';
import { mountDisk } from '../../src/testing/storage/simulated-file-system.ts';
import { VirtualScheduler } from '../../src/testing/virtual-scheduler.ts';
import type { Random } from '../../src/time/clock.ts';
import { LogModel } from './log-model.ts';

const DIRECTORY = '/data/log';
/** Virtual time after which something that should have ended hangs. */
const PATIENCE_MS = 600_000;
const STEP_MS = 5;

export interface SimulationCounts {
  lives: number;
  appended: number;
  crashes: number;
  failedWriters: number;
  abandonedSegments: number;
  pauses: number;
  tornTails: number;
  writtenOver: number;
  damagesFound: number;
}

export function noCounts(): SimulationCounts {
  return {
    lives: 0,
    appended: 0,
    crashes: 0,
    failedWriters: 0,
    abandonedSegments: 0,
    pauses: 0,
    tornTails: 0,
    writtenOver: 0,
    damagesFound: 0,
  };
}

/** @throws with the seed in its message when anything that must hold does not */
export async function simulateLog(seed: number, counts: SimulationCounts = noCounts()): Promise<void> {
  try {
    await new LogSimulation(seed, counts).run();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`seed ${seed}: ${message}\nreplay: npm run simulate -- --seeds 1 --from ${seed}`, { cause });
  }
}

class LogSimulation {
  readonly #seed: number;
  readonly #counts: SimulationCounts;
  readonly #random: Random;
  readonly #scheduler = new VirtualScheduler();
  readonly #disk: SimulatedDisk;
  readonly #model = new LogModel();
  readonly #options: LogOptions;
  readonly #isRotting: boolean;
  #written = 0;
  #failure: Error | undefined;
  /** Since the last time the model looked. */
  #isRotten = false;
  #durable = 0;
  /** Power was lost since the last time the model looked. */
  #lostPower = false;
  #planned: Crash = 'kill';

  constructor(seed: number, counts: SimulationCounts) {
    this.#seed = seed;
    this.#counts = counts;
    this.#random = systemRandom(seed);
    this.#isRotting = this.#chance(0.2);
    this.#disk = new SimulatedDisk({ scheduler: this.#scheduler, random: systemRandom(seed + 0.5) });
    this.#options = {
      durability: this.#chance(0.75) ? 'fsync' : { intervalMs: this.#upTo(200) },
      segmentBytes: 1024 + this.#upTo(3000),
      groupBytes: 1024 + this.#upTo(2000),
      reserveBytes: this.#chance(0.5) ? 0 : this.#upTo(4096),
      maxBytes: this.#chance(0.3) ? 10_000 + this.#upTo(10_000) : Infinity,
      onEvent: (event) => this.#note(event),
    };
  }

  async run(): Promise<void> {
    const lives = 2 + this.#upTo(4);
    for (let life = 0; life < lives; life += 1) {
      this.#counts.lives += 1;
      await this.#live();
      if (this.#isRotting && this.#chance(0.5)) this.#rot();
    }
    this.#disk.faults = { ...this.#disk.faults, failedSync: 0, failedWrite: 0, failedEntry: 0 };
    this.#disk.capacityBytes = Infinity;
    const log = await this.#opened();
    if (log === undefined) throw new Error('the log does not open on a sound disk');
    await this.#end(log.close());
  }

  /** From open to a crash, a close or a failure. */
  async #live(): Promise<void> {
    this.#disk.faults = this.#newFaults();
    this.#planned = this.#chance(0.5) ? 'kill' : 'power';
    if (this.#chance(0.8)) this.#disk.crashAfter(1 + this.#upTo(250), this.#planned);
    const life = this.#disk.incarnation;
    const log = await this.#opened();
    if (log === undefined) {
      this.#crashed(life);
      return;
    }
    const work = [this.#write(log), this.#write(log), this.#consume(log), this.#squeeze(life)];
    await this.#until(() => !life.isAlive || log.stats.state === 'failed', Promise.all(work.slice(0, 2)));
    this.#durable = Math.max(log.stats.durable, 0);
    if (life.isAlive && log.stats.state !== 'failed' && this.#chance(0.7)) {
      this.#disk.capacityBytes = Infinity;
      await this.#until(() => !life.isAlive, log.close());
    }
    if (log.stats.state === 'failed') this.#counts.failedWriters += 1;
    this.#crashed(life);
  }

  #newFaults(): StorageFaults {
    const rate = (most: number): number => (this.#chance(0.5) ? 0 : this.#random() * most);
    return {
      latencyMs: this.#random() * 5,
      failedSync: rate(0.1),
      slowSync: rate(0.1),
      slowSyncMs: 500,
      shortWrite: rate(0.5),
      failedWrite: rate(0.05),
      failedEntry: rate(0.05),
      noDescriptor: 0,
    };
  }

  /** Opens, and lets the model look at what is there. @returns undefined when a crash or the disk prevented it */
  async #opened(): Promise<Log | undefined> {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const life = this.#disk.incarnation;
      const opening = openLog(
        DIRECTORY,
        { ...this.#options, acceptLoss: this.#isRotten },
        { fileSystem: this.#fileSystem(), scheduler: this.#scheduler },
      );
      const log = await this.#until(
        () => !life.isAlive,
        opening.catch((error: unknown) => this.#opensNot(error)),
      );
      if (!life.isAlive) return undefined;
      if (log !== undefined) return (await this.#inspected(log)) ? log : undefined;
    }
    return undefined;
  }

  #fileSystem(): FileSystem {
    const fileSystem = mountDisk(this.#disk);
    return {
      ...fileSystem,
      open: (path, mode) => {
        if (path.endsWith('.segment.tmp') && mode.startsWith('update')) this.#counts.writtenOver += 1;
        return fileSystem.open(path, mode);
      },
    };
  }

  /** An error of the disk is an answer; damage without rot is a false alarm. */
  #opensNot(error: unknown): undefined {
    if (error instanceof LogDamagedError) throw error;
    const isFull = this.#isRotten && /ENOSPC/.test(String(error)); // a loss must be written down before it is accepted
    if (!isFull && !/EIO/.test(String(error))) throw error;
    return undefined;
  }

  async #inspected(log: Log): Promise<boolean> {
    const life = this.#disk.incarnation;
    const { last, acknowledged } = log.stats;
    const first = acknowledged + 1; // what is done with may be removed at any time
    const found = await this.#until(() => !life.isAlive, contents(log, first));
    const damages = await this.#until(() => !life.isAlive, readLosses(mountDisk(this.#disk), DIRECTORY));
    if (found === undefined || damages === undefined) return false;
    if (this.#isRotten) this.#counts.damagesFound += damages.length;
    const isInterval = this.#options.durability !== 'fsync';
    this.#model.reopen({
      found,
      first,
      last,
      durable: isInterval && this.#lostPower ? this.#durable : Infinity,
      damages,
      unproven: !this.#isRotten ? 'none' : isInterval || damages.some(isUnreadableFile) ? 'all' : 'some',
    });
    if (acknowledged > passedOver(this.#model.consumed, damages) && !this.#isRotten) {
      throw new Error(`${acknowledged} counts as acknowledged, the consumer came to ${this.#model.consumed}`);
    }
    this.#isRotten = false;
    this.#lostPower = false;
    return true;
  }

  async #write(log: Log): Promise<void> {
    const batches = this.#upTo(25);
    for (let i = 0; i < batches; i += 1) {
      const texts = Array.from({ length: 1 + this.#upTo(this.#chance(0.1) ? 60 : 6) }, () => this.#text());
      const answer = this.#model.ask(texts);
      const appended = log.append(texts.map((text) => new TextEncoder().encode(text))).then(
        (last) => this.#guard(() => answer(last)),
        () => undefined,
      );
      this.#counts.appended += texts.length;
      if (this.#chance(0.7)) await appended;
      if (this.#chance(0.2)) await this.#pause(this.#upTo(300));
    }
    await this.#pause(this.#upTo(500));
  }

  #text(): string {
    this.#written += 1;
    return `${this.#written} ${'x'.repeat(this.#upTo(this.#chance(0.02) ? 3000 : 80))}`;
  }

  async #consume(log: Log): Promise<void> {
    const isLazy = this.#chance(0.3);
    try {
      for await (const batch of log.read()) {
        for (let i = 0; i < batch.length; i += 1) {
          this.#guard(() => this.#model.read(batch.first + i, new TextDecoder().decode(batch.payload(i))));
        }
        if (isLazy && this.#options.maxBytes === Infinity && this.#chance(0.8)) continue;
        this.#model.consume(batch.last);
        log.acknowledge(batch.last);
        if (this.#chance(0.3)) await this.#pause(this.#upTo(100));
      }
    } catch (error) {
      if (error instanceof LogDamagedError)
        this.#guard(() => {
          throw error;
        });
    }
  }

  /** The disk is full for a while. */
  async #squeeze(life: Incarnation): Promise<void> {
    if (this.#chance(0.6)) return;
    await this.#pause(this.#upTo(200));
    if (!life.isAlive) return;
    this.#disk.capacityBytes = this.#disk.usedBytes + this.#upTo(2000);
    await this.#pause(this.#upTo(10_000));
    this.#disk.capacityBytes = Infinity;
  }

  /** By the plan, or now. */
  #crashed(life: Incarnation): void {
    if (life.isAlive) this.#disk.crash(this.#planned);
    this.#counts.crashes += 1;
    this.#lostPower ||= this.#planned === 'power';
  }

  #rot(): void {
    const files = this.#disk.paths.filter((path) => /\.segment$|ledger$/.test(path));
    const path = files[this.#upTo(files.length) - 1];
    const size = path === undefined ? 0 : (this.#disk.inode(path)?.size ?? 0);
    if (path === undefined || size === 0) return;
    this.#disk.flipBit(path, this.#upTo(size) - 1, this.#upTo(8) - 1);
    this.#isRotten = true;
  }

  #note(event: LogEvent): void {
    if (event.kind === 'segment-abandoned') this.#counts.abandonedSegments += 1;
    if (event.kind === 'paused') this.#counts.pauses += 1;
    if (event.kind === 'tail-cut') this.#counts.tornTails += 1;
  }

  /** Runs virtual time until the promise settles or the condition holds. */
  async #until<T>(isOver: () => boolean, promise: Promise<T>): Promise<T | undefined> {
    const state: { value: T | undefined; isSettled: boolean } = { value: undefined, isSettled: false };
    promise.then(
      (value) => {
        state.value = value;
        state.isSettled = true;
      },
      (error: unknown) => {
        state.isSettled = true;
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      },
    );
    for (let waited = 0; !state.isSettled && !isOver(); waited += STEP_MS) {
      if (waited > PATIENCE_MS) throw new Error('something hangs');
      await this.#scheduler.advance(STEP_MS);
    }
    if (this.#failure !== undefined) throw this.#failure;
    return state.value;
  }

  async #end(promise: Promise<void>): Promise<void> {
    await this.#until(() => false, promise);
  }

  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#failure ??= error as Error;
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#scheduler.after(ms, resolve);
    });
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  /** 1 to `most`; 0 for 0. */
  #upTo(most: number): number {
    return Math.ceil(this.#random() * most);
  }
}

/** With it goes the proof of what the newest commit before it was. */
const isUnreadableFile = ({ offset }: Damage): boolean => offset === 0;

/** Where a consumer is that has come to `consumed`: what is lost behind it, and accepted, is no more to come. */
function passedOver(consumed: number, losses: readonly { readonly first: number; readonly last: number }[]): number {
  const next = losses.find(({ first, last }) => first <= consumed + 1 && consumed < last);
  return next === undefined ? consumed : passedOver(next.last, losses);
}

async function contents(log: Log, first: number): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for await (const batch of log.read({ from: first, follow: false })) {
    for (let i = 0; i < batch.length; i += 1) found.set(batch.first + i, new TextDecoder().decode(batch.payload(i)));
  }
  return found;
}
