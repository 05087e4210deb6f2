/**
 * What the main thread (commands, signals, view) and the data plane (a worker isolate that runs the
 * flow) say to each other. Plain data only; every message is small and sent at most about ten times a second.
 */

import type { DecisionRecord } from '../../control/decision-record.ts';
import type { Return } from '../../flow/guarantee.ts';
import type { Notice, RunSummary, TuningMode } from '../../flow/run.ts';
import type { FlowSnapshot, RunState } from '../../metrics/snapshot.ts';
import type { Targets } from '../../metrics/targets.ts';
import type { Suspicion } from '../../runtime/supervision.ts';
import type { DemoLoad } from '../demo/flow.ts';
import type { Failure } from '../failure.ts';

/** Where dead letters go. */
export interface DeadLetterTask {
  /** Absolute. */
  readonly path: string;
  /** The user named it: it goes before a flow's own sink. */
  readonly isForced: boolean;
  /** What is there is kept: an earlier thread of this run wrote it. */
  readonly isContinued: boolean;
}

/** What a thread is told that may be replaced, and where it notes what it does. */
export interface SupervisionTask {
  readonly notes: SharedArrayBuffer;
  /** What the threads before it died of. */
  readonly suspicion: Suspicion | undefined;
}

/** What the data plane is started with. */
export type PlaneTask =
  | {
      readonly kind: 'flow';
      /** Absolute path of the module. */
      readonly path: string;
      readonly deadLetters: DeadLetterTask;
      readonly generateCode: boolean;
      readonly drainTimeoutMs: number | undefined;
      readonly tuning: TuningMode;
      /** Absolute path of what earlier runs learned. */
      readonly learned: string;
      /** Undefined: the thread is not replaced when it dies. */
      readonly supervision: SupervisionTask | undefined;
    }
  | { readonly kind: 'demo'; readonly load: DemoLoad; readonly generateCode: boolean };

export type ToPlane =
  | { readonly type: 'drain'; readonly timeoutMs?: number | undefined }
  | { readonly type: 'stop' }
  /** Demo only: the load to offer from now on, and how the made-up database is. */
  | { readonly type: 'load'; readonly load: DemoLoad };

/** What is known once the flow has started. */
export interface Start {
  readonly flow: string;
  readonly targets: Targets | null;
  /** The flow itself writes to stdout: status must not go there, nor a live view beside it. */
  readonly writesToStdout: boolean;
  /** It takes checkpoints: another thread can go on where this one was. */
  readonly hasCheckpoints: boolean;
  /** In the order of the plan: what they do when another thread goes on. */
  readonly sources: readonly { readonly name: string; readonly returns: Return }[];
  /** The user's own files that were loaded, absolute: what `dev` watches. */
  readonly modules: readonly string[];
}

export type FromPlane =
  | ({ readonly type: 'started' } & Start)
  | { readonly type: 'snapshot'; readonly snapshot: FlowSnapshot }
  | { readonly type: 'state'; readonly state: RunState }
  | { readonly type: 'notice'; readonly notice: Notice }
  /** As it was made, and again once its outcome is known. */
  | { readonly type: 'decision' | 'outcome'; readonly decision: DecisionRecord }
  | { readonly type: 'summary'; readonly summary: RunSummary; readonly letters: DeadLetterFile | null }
  | {
      readonly type: 'failed';
      readonly failure: Failure;
      /** It came from code that nobody waits for: the run itself had not failed. */
      readonly isStray: boolean;
      readonly modules: readonly string[];
      readonly letters: DeadLetterFile | null;
    };

/** Where the dead letters of the run were written. */
export interface DeadLetterFile {
  readonly path: string;
  readonly count: number;
}

/** How often the data plane reports, ms: fluent for the eye, and no load (a snapshot costs about 50 us). */
export const SNAPSHOT_MS = 125;
