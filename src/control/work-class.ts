/** What the work of a stage mostly is; resources are split between these classes under contention. */
export type WorkClass = 'computation' | 'io' | 'network';

export const WORK_CLASSES: readonly WorkClass[] = ['computation', 'io', 'network'];

/** Shares of the classes, 0..1, sum 1. */
export type Weights = Readonly<Record<WorkClass, number>>;
