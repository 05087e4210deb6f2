/** The public door `daoflow`: declare flows, run them, and what they are made of. */

export { flow } from './engine/launch.ts';
export { tuned } from './engine/tuned.ts';
export type { Tuned, TunedEvents, TunedMetrics, TunedOptions } from './engine/tuned-options.ts';
export { CircuitBreaker } from './engine/circuit-breaker.ts';
export type { CircuitBreakerOptions } from './engine/circuit-breaker.ts';
export { failed } from './engine/tuned-call.ts';
export type { Failed } from './engine/tuned-call.ts';
export type { Flow, FlowOptions, SourceOptions } from './flow/flow.ts';
export type { SinkOptions, StageOptions } from './flow/graph.ts';
export type { Guarantee, GuaranteeLevel, PairGuarantee } from './flow/guarantee.ts';
export type {
  LearnedStore,
  Notice,
  Pin,
  Run,
  RunEvents,
  RunnableFlow,
  RunOptions,
  RunPatterns,
  RunSummary,
  TuningMode,
} from './flow/run.ts';
export type { Matched } from './flow/matched.ts';
export type { Stream } from './flow/stream.ts';
export type { Windowed, WindowedOptions } from './flow/windowed.ts';
export type {
  AsyncOptions,
  EventTimeOptions,
  KeyField,
  MatchOptions,
  OperatorOptions,
  PatternOf,
  RateLimitOptions,
} from './flow/stream-options.ts';

export { count, custom, distinct, max, mean, min, percentile, sum } from './operator/aggregate/aggregate.ts';
export type { Aggregate, AggregateResults, Aggregates, CustomAggregate } from './operator/aggregate/aggregate.ts';
export type { StateCell } from './operator/map-with-state.ts';
export type { AnyPattern, NamedPattern } from './pattern/match/live-patterns.ts';
export type { PatternMatch, PatternShed, PatternTimeout } from './pattern/match/match.ts';
export type { Key } from './operator/operator.ts';
export type { SampleOptions } from './operator/sample.ts';
export type { StateOptions } from './operator/step-options.ts';
export type {
  CollectOptions,
  WindowBounds,
  WindowEvents,
  WindowOptions,
  WindowResult,
} from './operator/window/window.ts';
export { global, session, sliding, tumbling } from './operator/window/window-spec.ts';
export type { WindowSpec } from './operator/window/window-spec.ts';

export { file } from './connector/file/file.ts';
export type { FileConnector } from './connector/file/file.ts';
export type { FileOptions, RotateOptions } from './connector/file/settings.ts';
export { generate, generateBytes } from './connector/generate/generate.ts';
export type { GenerateBytesOptions, GenerateOptions, LoadOptions, Rate } from './connector/generate/generate.ts';
export { fromBatches, iterable } from './connector/iterable/iterable.ts';
export type { IterableOptions, Sequence } from './connector/iterable/iterable.ts';
export { outlet } from './connector/iterable/outlet.ts';
export type { Outlet } from './connector/iterable/outlet.ts';
export { callback, memory } from './connector/memory/memory.ts';
export type { CallbackOptions, MemoryOptions, MemorySink } from './connector/memory/memory.ts';
export { stdin } from './connector/stdio/stdin.ts';
export type { StdinOptions } from './connector/stdio/stdin.ts';
export { stdout } from './connector/stdio/stdout.ts';
export type { StdoutOptions } from './connector/stdio/stdout.ts';
export { stream } from './connector/stream/stream.ts';
export type { ByteStreamOptions, StreamOptions, StreamSinkOptions } from './connector/stream/stream.ts';

export type { GivenBatch, KeyColumn, SourceBatch } from './event/batch.ts';
export type { DeadLetter } from './event/dead-letter.ts';
export type { Sink, SinkContext, SinkFunction, SinkWriter, WriteOptions } from './event/sink.ts';
export type { SinkTransaction, TransactionContext, TransactionPlace } from './event/transaction.ts';
export type {
  ByteChannel,
  ByteOutput,
  ByteSource,
  ChannelTotals,
  EventSource,
  Format,
  Source,
  SourceContext,
  SourceOutput,
  TakenRun,
} from './event/source.ts';

export type {
  Bottleneck,
  BreakerChange,
  FlowSnapshot,
  OperatorSnapshot,
  RunState,
  SharedSnapshot,
  SourceSnapshot,
  StageSnapshot,
} from './metrics/snapshot.ts';
export type { SystemMetrics } from './metrics/system-metrics.ts';
export type { Target, TargetName, Targets, TargetsInput, Verdict, Verdicts } from './metrics/targets.ts';
export type { Clock, Random, Scheduler, Timer } from './time/clock.ts';
export type { Duration } from './time/duration.ts';
export type { AllotmentKnob, Decision, DecisionKind, Expectation, KnobChange } from './control/decision.ts';
export type { DecisionFilter, DecisionRecord, Measured, Outcome } from './control/decision-record.ts';
export type { Bound, TuningGoal } from './control/goal.ts';
export type { CallSample, CutReasons, GateState, Pause, StageObservation } from './control/observation.ts';
export type { KnobName, Settings, StageSettings } from './control/settings.ts';

export { BufferManager } from './buffer/buffer-manager.ts';
export type { BufferManagerOptions, EdgeGrant, EdgeLoad, FixedSizes } from './buffer/buffer-manager.ts';
export type { Parallelism } from './buffer/capacity.ts';
export type { EdgeCapacity } from './buffer/edge.ts';
export type { MemoryBand } from './buffer/memory-band.ts';
export type { Energy, EnergyInForce, EnergyPrediction, EnergyResult } from './energy/energy.ts';
export type { EnergyConfig } from './energy/energy-config.ts';
export type { Weights, WorkClass } from './control/work-class.ts';
export { ResourceStrategy } from './resource/resource-strategy.ts';
export type {
  ResourceObservation,
  ResourceStrategyInput,
  ResourceVerdict,
  ScalingPolicyInput,
} from './resource/resource-strategy.ts';
export type { ResourceLimits } from './resource/limit-guard.ts';
export type { ScalingPolicies, ScalingPolicy } from './resource/scaling-policy.ts';

export type { BreakerState } from './resilience/breaker.ts';

export {
  CircuitOpenError,
  ConfigError,
  ConnectorError,
  DaoFlowError,
  FencedError,
  InvariantError,
  isDaoFlowError,
  OperatorError,
  OverloadError,
  RefusedEventsError,
  ShutdownError,
  TimeoutError,
  WorkerError,
} from './errors/errors.ts';
export type { ConnectorErrorOptions, ErrorCode, Takeover } from './errors/errors.ts';
export { StateError } from './state/stored.ts';
