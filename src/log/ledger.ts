/**
 * What the log remembers beside its records: how far they are acknowledged, and up to where they are known durable.
 * It makes opening fast (what lies before `durable` need not be read again), and it makes loss visible: records that
 * the ledger knows durable cannot have been a torn tail.
 *
 * **Invariants**
 * - Two slots are written in turn, so that a torn write leaves the other one.
 * - What the ledger says was true when it was written; it may be late, never early.
 * - A segment is removed only after the ledger says so durably: a missing file is then never mistaken for a removed one.
 */

import { checksum } from './checksum.ts';
import { readBytes, writeAll, type FileSystem, type OpenFile } from './file-system.ts';
import { bufferOver, byteBuffer, getUint64, setUint64 } from './record.ts';

export interface LedgerEntry {
  /** Highest epoch that was ever used. */
  readonly epoch: number;
  /** All up to here is done with. */
  readonly acknowledged: number;
  /** All up to here may have been removed; nothing above it is missing by intent. */
  readonly trimmed: number;
  /** All up to here was durable. */
  readonly durable: number;
  /** Where record `durable + 1` begins or will begin: segment (by first sequence and epoch) and offset in it. */
  readonly segmentFirst: number;
  readonly segmentEpoch: number;
  readonly offset: number;
}

export const EMPTY_LEDGER: LedgerEntry = {
  epoch: 0,
  acknowledged: 0,
  trimmed: 0,
  durable: 0,
  segmentFirst: 0,
  segmentEpoch: 0,
  offset: 0,
};

const NAME = 'ledger';
/** Each slot in a page of its own. */
const SLOT_BYTES = 4096;
const ENTRY_BYTES = 72;
const MAGIC = 0x4c_44_47_31;

export interface LedgerFound {
  readonly entry: LedgerEntry;
  /** `lost`: the file is there, and neither slot can be read. */
  readonly state: 'new' | 'read' | 'lost';
}

export class Ledger {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  #file: OpenFile | undefined;
  #turn: number;
  #saved: LedgerEntry;
  #saving: Promise<void> = Promise.resolve();

  private constructor(fileSystem: FileSystem, directory: string, turn: number, entry: LedgerEntry) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#turn = turn;
    this.#saved = entry;
  }

  static async open(fileSystem: FileSystem, directory: string): Promise<{ ledger: Ledger; found: LedgerFound }> {
    const { turn, ...found } = await readLedger(fileSystem, directory);
    return { ledger: new Ledger(fileSystem, directory, turn, found.entry), found };
  }

  /** What is durably in the file. */
  get saved(): LedgerEntry {
    return this.#saved;
  }

  /** Resolves once it is durable. One save at a time; a file that fails is given up for a new one. */
  save(entry: LedgerEntry): Promise<void> {
    const saving = this.#saving.then(() => this.#save(entry));
    this.#saving = saving.catch(() => undefined);
    return saving;
  }

  async close(): Promise<void> {
    await this.#saving;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #save(entry: LedgerEntry): Promise<void> {
    const turn = this.#turn + 1;
    // The first save writes a file of its own: that of the writer before may have failed to sync unseen.
    if (this.#file === undefined) this.#file = await this.#create(entry, turn);
    else await this.#update(this.#file, entry, turn);
    this.#turn = turn;
    this.#saved = entry;
  }

  async #update(file: OpenFile, entry: LedgerEntry, turn: number): Promise<void> {
    try {
      await writeAll(file, encode(entry, turn), (turn % 2) * SLOT_BYTES);
      await file.sync();
    } catch {
      this.#file = undefined;
      await file.close().catch(() => undefined);
      this.#file = await this.#create(entry, turn);
    }
  }

  async #create(entry: LedgerEntry, turn: number): Promise<OpenFile> {
    const draft = `${this.#directory}/${NAME}.tmp`;
    await this.#fileSystem.remove(draft);
    const file = await this.#fileSystem.open(draft, 'create');
    try {
      const bytes = new Uint8Array(2 * SLOT_BYTES);
      bytes.set(encode(entry, turn), (turn % 2) * SLOT_BYTES);
      await writeAll(file, bytes, 0);
      await file.sync();
      await this.#fileSystem.rename(draft, `${this.#directory}/${NAME}`);
      await this.#fileSystem.syncDirectory(this.#directory);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }
}

/** Reads without changing anything. */
export async function readLedger(fileSystem: FileSystem, directory: string): Promise<LedgerFound & { turn: number }> {
  if (!(await fileSystem.list(directory)).includes(NAME)) return { entry: EMPTY_LEDGER, state: 'new', turn: 0 };
  const file = await fileSystem.open(`${directory}/${NAME}`, 'read');
  try {
    const bytes = await readBytes(file, 0, 2 * SLOT_BYTES);
    const slots = [0, SLOT_BYTES].flatMap((at) => decode(bytes.subarray(at, at + ENTRY_BYTES)) ?? []);
    const newest = slots.sort((a, b) => b.turn - a.turn)[0];
    return newest === undefined ? { entry: EMPTY_LEDGER, state: 'lost', turn: 0 } : { ...newest, state: 'read' };
  } finally {
    await file.close();
  }
}

function encode(entry: LedgerEntry, turn: number): Uint8Array {
  const { bytes, view } = byteBuffer(ENTRY_BYTES);
  view.setUint32(4, MAGIC, true);
  setUint64(view, 8, turn);
  view.setUint32(16, entry.epoch, true);
  view.setUint32(20, entry.segmentEpoch, true);
  setUint64(view, 24, entry.acknowledged);
  setUint64(view, 32, entry.trimmed);
  setUint64(view, 40, entry.durable);
  setUint64(view, 48, entry.segmentFirst);
  setUint64(view, 56, entry.offset);
  view.setUint32(0, checksum(view, 4), true);
  return bytes;
}

function decode(bytes: Uint8Array): { readonly entry: LedgerEntry; readonly turn: number } | undefined {
  if (bytes.length < ENTRY_BYTES) return undefined;
  const { view } = bufferOver(bytes);
  if (view.getUint32(4, true) !== MAGIC || view.getUint32(0, true) !== checksum(view, 4)) return undefined;
  return {
    turn: getUint64(view, 8),
    entry: {
      epoch: view.getUint32(16, true),
      segmentEpoch: view.getUint32(20, true),
      acknowledged: getUint64(view, 24),
      trimmed: getUint64(view, 32),
      durable: getUint64(view, 40),
      segmentFirst: getUint64(view, 48),
      offset: getUint64(view, 56),
    },
  };
}
