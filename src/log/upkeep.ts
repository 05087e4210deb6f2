/** Removes segments that are no longer wanted, and keeps the ledger. */

import type { Committer } from './committer.ts';
import type { FileSystem } from './file-system.ts';
import type { LedgerEntry } from './ledger.ts';
import { removeSegments, type OpenedFiles } from './open.ts';
import type { LogSettings } from './options.ts';
import type { Segment } from './segment.ts';

export interface UpkeepParts {
  readonly directory: string;
  readonly fileSystem: FileSystem;
  readonly settings: LogSettings;
  readonly files: OpenedFiles;
  readonly committer: Committer;
  readonly wall: () => number;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  #acknowledged: number;
  #trimmed: number;
  /** When the newest segment was sealed for its age, wall clock; it has no successor to tell. */
  #sealedAt: number;
  #expiredUnacknowledged = 0;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
    const { entry, segments } = parts.files;
    this.#trimmed = Math.max(entry.trimmed, segments.floor);
    this.#acknowledged = Math.max(entry.acknowledged, segments.floor);
    this.#sealedAt = parts.wall();
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get expiredUnacknowledged(): number {
    return this.#expiredUnacknowledged;
  }

  acknowledge(sequence: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, sequence);
  }

  /** Whether a segment could be removed now. */
  get isTrimDue(): boolean {
    const { segments } = this.#parts.files;
    return segments.length > 1 && (segments.at(0)?.last ?? Infinity) <= this.#acknowledged;
  }

  get isFull(): boolean {
    return this.#parts.files.segments.byteLength >= this.#parts.settings.maxBytes;
  }

  /** Removes the segments that are acknowledged; all but the newest, which is written to. */
  async trim(): Promise<void> {
    const { segments } = this.#parts.files;
    let count = 0;
    while (count < segments.length - 1 && (segments.at(count) as Segment).last <= this.#acknowledged) count += 1;
    await this.#remove(count);
  }

  /** @returns whether there is room for another group now */
  async makeRoom(): Promise<boolean> {
    const { settings, files, committer } = this.#parts;
    while (this.isFull) {
      const oldest = files.segments.at(0) as Segment;
      if (oldest.last > this.#acknowledged && settings.whenFull === 'wait') return false;
      if (files.segments.length === 1) await committer.seal();
      await this.#remove(1);
    }
    return true;
  }

  /** Removes what is too old. A segment is kept for at least `maxAgeMs` after its last record, at most about twice that. */
  async expire(): Promise<void> {
    const { settings, files, committer, wall } = this.#parts;
    const limit = wall() - settings.maxAgeMs;
    const newest = files.segments.at(-1);
    if (newest !== undefined && newest.createdAt <= limit && committer.isWriting) {
      await committer.seal();
      this.#sealedAt = wall();
    }
    let count = 0;
    while (count < files.segments.length && this.#endedAt(count) <= limit) count += 1;
    await this.#remove(count);
  }

  /** Writes down how far everything is. */
  async saveLedger(): Promise<void> {
    await this.#parts.files.ledger.save(this.#entry());
  }

  #endedAt(index: number): number {
    const { files, committer } = this.#parts;
    const next = files.segments.at(index + 1);
    if (next !== undefined) return next.createdAt;
    return committer.isWriting ? Infinity : this.#sealedAt;
  }

  /** The ledger first: a file that is missing without its word is damage. */
  async #remove(count: number): Promise<void> {
    if (count === 0) return;
    const { files, fileSystem, directory } = this.#parts;
    const gone = Array.from({ length: count }, (_, i) => files.segments.at(i) as Segment);
    this.#trimmed = Math.max(this.#trimmed, (gone.at(-1) as Segment).last);
    await this.saveLedger();
    for (const segment of gone) this.#noteExpired(segment);
    files.segments.drop(count);
    const kept = this.#spareOf(gone);
    await files.spares.keep(kept);
    const names = gone.filter((segment) => !kept.includes(segment)).map(({ name }) => name);
    await removeSegments(fileSystem, directory, names, files.losses);
  }

  /** Those to keep for new segments. None while the disk is full: then their room is wanted. */
  #spareOf(gone: readonly Segment[]): Segment[] {
    const { settings, files } = this.#parts;
    if (!files.reserve.isHeld) return [];
    const isFit = ({ isReusable, end }: Segment): boolean => isReusable && (end ?? Infinity) <= settings.segmentBytes;
    return gone.filter(isFit).slice(0, files.spares.wanted);
  }

  #noteExpired({ first, last }: Segment): void {
    const unacknowledged = last - Math.max(first - 1, this.#acknowledged);
    if (unacknowledged <= 0) return;
    this.#expiredUnacknowledged += unacknowledged;
    this.#acknowledged = last;
    this.#parts.settings.onEvent({ kind: 'expired', first, last, unacknowledged });
  }

  /** Never more than is durable: a sequence that a power loss takes is given to another record. */
  #entry(): LedgerEntry {
    const { committer } = this.#parts;
    const { durable } = committer;
    return {
      epoch: committer.epoch,
      acknowledged: Math.min(this.#acknowledged, durable),
      trimmed: Math.min(this.#trimmed, durable),
      durable,
      ...committer.position,
    };
  }
}
