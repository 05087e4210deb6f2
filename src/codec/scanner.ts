/**
 * What reads the lines of one learned shape.
 *
 * Invariants
 * - Every byte of a scanned line is looked at: literals against the shape, values against their syntax.
 *   A line is taken whole or not at all.
 * - Nothing is read outside the chunk: a scanner stops where less than `slack` bytes may remain.
 */
import type { Dictionary } from './dictionary.ts';
import type { LeafKind, LineShape, ObjectNode } from './line-shape.ts';
import type { Bytes } from './strict-utf8.ts';

/** The batch under construction. */
export interface BatchTarget {
  readonly events: unknown[];
  /** Ids of the key field; undefined when none was asked for. Holds `maxEvents`. */
  readonly keyIds: Int32Array | undefined;
  readonly maxEvents: number;
}

/**
 * Scans whole lines from `at` on, as long as they have the shape and the batch has room.
 * @param safe - last position at which `slack` bytes remain
 * @returns where the first line begins that was not taken
 */
export type Scan = (bytes: Bytes, view: DataView, at: number, safe: number, target: BatchTarget) => number;

/** A shape with all that a scanner needs to know. */
export interface ScanPlan {
  readonly shape: LineShape;
  readonly leaves: readonly LeafPlan[];
  /** What is built of a line: the shape's root without the members that nobody asked for. */
  readonly event: ObjectNode;
  /** Longest line, its newline included. */
  readonly maxLineBytes: number;
  /** Bytes that a scanner may read past the last position it checked. */
  readonly slack: number;
}

export interface LeafPlan {
  readonly kind: LeafKind;
  /** Checked, but not materialised. */
  readonly skip: boolean;
  readonly prefix: Uint8Array;
  readonly dictionary: Dictionary;
  readonly isKey: boolean;
}

/** What the records of one shape are read with. */
export interface PlanOptions {
  readonly fields: ReadonlySet<string> | undefined;
  readonly keyField: string | undefined;
  readonly maxRecordBytes: number;
  /** The dictionary of a path, shared by all shapes. */
  readonly dictionaryOf: (path: string) => Dictionary;
  /** True for a path whose values do not repeat. */
  readonly isText: (path: string) => boolean;
}

/** Every number is at most this long, or is read by the slow reader, after which `safe` is checked again. */
const NUMBER_BYTES = 32;

export function planScan(shape: LineShape, options: PlanOptions): ScanPlan {
  const { fields, keyField } = options;
  const { names, members } = shape.root;
  const kept = names.map((name) => fields === undefined || fields.has(name));
  return {
    shape,
    leaves: shape.leaves.map((leaf) => ({
      kind: leaf.kind === 'word' && options.isText(leaf.path) ? 'text' : leaf.kind,
      skip: fields !== undefined && !fields.has(leaf.member),
      prefix: leaf.prefix,
      dictionary: options.dictionaryOf(leaf.path),
      isKey: leaf.depth === 1 && leaf.member === keyField,
    })),
    event: { names: names.filter((_, i) => kept[i]), members: members.filter((_, i) => kept[i]) },
    maxLineBytes: options.maxRecordBytes + 1,
    slack: shape.literalBytes + (shape.leaves.length + 1) * NUMBER_BYTES,
  };
}
