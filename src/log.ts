/** The public door `daoflow/log`: records on disk that survive whatever ends the process, alone and in flows. */

export { durableLog } from './engine/durable-log.ts';
export { log } from './connector/log/log.ts';
export type { LogConnector, LogConnectorOptions } from './connector/log/log.ts';
export type { Log } from './log/log.ts';
export type { LogStats } from './log/stats.ts';
export type { LogOptions } from './log/options.ts';
export type { ReadOptions } from './log/reader.ts';
export { RecordBatch } from './log/record-batch.ts';
export type { LogEvent } from './log/log-event.ts';
export type { Damage } from './log/damage.ts';
export { LogDamagedError, LogError, LogLockedError } from './log/errors.ts';
