/** The public door `daoflow/pattern`: complex event processing. */

export { anyOf, inAnyOrder, type Apart, type Block } from './pattern/builder/block.ts';
export { pattern, type OpenPattern, type PatternBuilder, type PatternStart } from './pattern/builder/builder.ts';
export type { LoopOptions, TimesOptions } from './pattern/builder/loop.ts';
export type { Pattern } from './pattern/builder/pattern.ts';
export {
  fields,
  past,
  type FieldRef,
  type Fields,
  type FieldTest,
  type Operand,
  type PastOptions,
} from './pattern/builder/fields.ts';
export type {
  BindingsOf,
  Bound,
  ConditionOn,
  Count,
  FreeName,
  MatchOf,
  Merged,
  Narrowed,
  NoShapes,
  Optional,
  Repeated,
  SeenOf,
  Shape,
  Shapes,
  With,
} from './pattern/builder/types.ts';
export { explain, type ConditionCost, type ExplainedCondition, type Explanation } from './pattern/explain.ts';
export { patternOf } from './pattern/pattern-of.ts';
export { patternFromJson, predicateFromJson } from './pattern/json.ts';
export { PatternError, SkipTargetError } from './pattern/model/error.ts';
export type {
  ChoiceStep,
  GroupStep,
  Link,
  Only,
  PatternModel,
  PermutationStep,
  Quantifier,
  SingleStep,
  Skip,
  Step,
} from './pattern/model/pattern.ts';
export type {
  AggregateName,
  AggregateTerm,
  Comparison,
  EventTest,
  Literal,
  Predicate,
  Seen,
  SeenEvents,
  SeenTest,
  Term,
} from './pattern/model/predicate.ts';
export type {
  Bindings,
  EventTruth,
  MatcherProgram,
  MatchOutput,
  Opening,
  PartitionSnapshot,
  PatternPartition,
  PredicateTable,
  ShedOrder,
  Threshold,
} from './pattern/matcher.ts';
export { patternToText } from './pattern/text/print.ts';
export { patternFromText, type Measured, type TextPattern } from './pattern/text/text.ts';
export { runProgram } from './pattern/run/program.ts';
export { chooseMatcher, compilePattern } from './pattern/dag/choose.ts';
export type { MatcherChoice, MatcherWishes } from './pattern/dag/choose.ts';
export type { OverflowPolicy, PatternOptimization } from './pattern/network/bounds.ts';
export type { PatternCounts } from './pattern/network/entry.ts';
export { PatternSet } from './pattern/network/pattern-set.ts';
export type { Farewell, PatternSetOptions, PatternSetSnapshot, PatternStatus } from './pattern/network/pattern-set.ts';
export type { PatternSetOutput } from './pattern/network/relay.ts';
