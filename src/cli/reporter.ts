/** How a command shows a run. One of: live view, plain lines, JSON lines. */

import type { DecisionRecord } from '../control/decision-record.ts';
import type { Notice, RunSummary } from '../flow/run.ts';
import type { FlowSnapshot, RunState } from '../metrics/snapshot.ts';
import type { Targets } from '../metrics/targets.ts';
import type { Failure } from './failure.ts';
import type { DeadLetterFile } from './plane/protocol.ts';

export interface Reporter {
  /** Also of each further thread that takes a run on. */
  started(flow: string, targets: Targets | null): void;
  snapshot(snapshot: FlowSnapshot): void;
  state(state: RunState): void;
  notice(notice: Notice): void;
  decision(decision: DecisionRecord): void;
  /** What came of a decision that was told before. */
  outcome(decision: DecisionRecord): void;
  /** Called about four times a second while the data plane is silent for longer than a second. */
  silent(ms: number): void;
  /** What the flow's own code printed. */
  output(stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
  summary(summary: RunSummary, letters: DeadLetterFile | null): void;
  failed(failure: Failure, letters: DeadLetterFile | null): void;
  /** Always called last, exactly once: the terminal is given back. */
  close(): void;
}
