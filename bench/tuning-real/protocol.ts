/** What crosses between the bench, the engine, the load and the server with slots: plain data. */

import type { DecisionRecord, StageSettings } from 'daoflow';
import type { HttpSinkOptions } from 'daoflow/http';
import type { PostgresOptions } from 'daoflow/postgres';
import type { Recording } from './recording.ts';
import type { Row } from './row.ts';

/** What somebody would have set by hand. */
export interface Fixed {
  readonly batch: number;
  readonly concurrency: number;
}

/** A sink of the package, in words. */
export type SinkSpec =
  | { readonly kind: 'http'; readonly options: HttpSinkOptions }
  | { readonly kind: 'postgres'; readonly options: PostgresOptions<Row> };

export interface RunSpec {
  readonly sink: SinkSpec;
  readonly p95Ms: number;
  /** Undefined: it tunes itself, from nothing. */
  readonly fixed?: Fixed | undefined;
}

export type ToEngine =
  | { readonly kind: 'begin'; readonly run: RunSpec }
  | { readonly kind: 'end' }
  | { readonly kind: 'callMs'; readonly fromMs: number; readonly toMs: number };

/** What a run leaves. */
export interface Ended {
  readonly recording: Recording;
  readonly decisions: readonly (Pick<DecisionRecord, 'sentence' | 'kind'> & { readonly atMs: number })[];
  /** As they were when the source ended. */
  readonly settings: StageSettings;
  /** Rows: asked for by the flow, accepted, confirmed. */
  readonly made: number;
  readonly accepted: number;
  readonly confirmed: number;
}

export type FromEngine =
  | { readonly kind: 'begun' }
  | { readonly kind: 'ended'; readonly ended: Ended }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'callMs'; readonly ms: number };

/** Rows that are to be made, by the number of the first. */
export interface ToLoad {
  readonly from: number;
  readonly count: number;
}

export type ToSlots =
  | { readonly kind: 'slow'; readonly callMs?: number }
  | { readonly kind: 'hold'; readonly forMs: number }
  | { readonly kind: 'count' }
  | { readonly kind: 'reset' };

export interface Counted {
  readonly rows: number;
  readonly distinct: number;
}
