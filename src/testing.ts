/** The public door `daoflow/testing`: run a flow in virtual time. */

export { virtualFlow, virtualHost } from './testing/virtual-host.ts';
export type { VirtualFlowOptions, VirtualHost, VirtualHostOptions } from './testing/virtual-host.ts';
export { DiscreteScheduler } from './testing/discrete-scheduler.ts';
export { VirtualScheduler } from './testing/virtual-scheduler.ts';
export { simulateFlow } from './testing/simulation/simulate-flow.ts';
export type { FlowPlant, FlowSecond, FlowSimulationOptions } from './testing/simulation/simulate-flow.ts';
export { simulate, simulateTogether, UNTUNED } from './testing/simulation/simulate.ts';
export type { Simulation, SimulationOptions } from './testing/simulation/simulate.ts';
export type { SimulatedPeriod } from './testing/simulation/tuned-stage.ts';
export { bestFixed } from './testing/simulation/best-fixed.ts';
export type { BestFixed } from './testing/simulation/best-fixed.ts';
export { runFixed, scoredStretch, settingsAt } from './testing/simulation/fixed-run.ts';
export type { FixedPoint, FixedRun } from './testing/simulation/fixed-run.ts';
export { characterOf, fingerprintOf } from './testing/simulation/character.ts';
export type { Character } from './testing/simulation/character.ts';
export {
  convergenceMs,
  measure,
  overshoot,
  restlessness,
  violationShare,
  windowsIn,
} from './testing/simulation/measure.ts';
export type { Measures, Restlessness, Stretch } from './testing/simulation/measure.ts';
export { DEFAULT_DURATION_MS, firstFree, gauss, noise, phasesOf } from './testing/simulation/plant.ts';
export type { Plant, PlantCall, PlantReply } from './testing/simulation/plant.ts';
export { CONTROL_PERIOD_MS } from './tuning/controller.ts';
export { stageSolver } from './tuning/solver/solver.ts';
export type { SolverState } from './tuning/solver/solver.ts';
export type { Controller, Step } from './tuning/controller.ts';
export type { Decision, DecisionKind, Expectation, KnobChange } from './control/decision.ts';
export type { Bound, KnobBounds, StageGoal, TuningGoal } from './control/goal.ts';
export type { GateState, Pause } from './control/observation.ts';
export { SimulatedDisk } from './testing/storage/simulated-disk.ts';
export { mountDisk } from './testing/storage/simulated-file-system.ts';
export type { Crash, SimulatedDiskOptions } from './testing/storage/simulated-disk.ts';
export type { StorageFaults } from './testing/storage/faults.ts';
