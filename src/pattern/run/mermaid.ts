/** The automaton as a Mermaid flowchart: solid takes an event, dotted passes over it, thick goes on for free. */

import { shownPredicate } from '../model/show.ts';
import type { Automaton, Edge, State } from './automaton.ts';
import type { Condition } from './condition.ts';

export function mermaidOf({ states, start }: Automaton<never>): string {
  const reached = reachableFrom(start);
  const lines = states
    .filter((state) => reached.has(state))
    .flatMap((state) => [nodeOf(state, state === start), ...edgesOf(state)]);
  return ['flowchart LR', ...lines.map((line) => `  ${line}`)].join('\n');
}

function reachableFrom(start: State<never>): Set<State<never>> {
  const reached = new Set<State<never>>([start]);
  for (const state of reached) for (const edge of state.edges) if (isPossible(edge)) reached.add(edge.to);
  return reached;
}

/** What suits any event leaves none to pass over. */
function isPossible({ condition }: Edge<never>): boolean {
  return condition.kind !== 'not' || condition.of.kind !== 'true';
}

function nodeOf({ index, label, kind }: State<never>, isStart: boolean): string {
  const text = quoted(kind === 'normal' ? label : `${label} (${kind})`);
  if (kind === 'final') return `s${index}(((${text})))`;
  return isStart ? `s${index}([${text}])` : `s${index}[${text}]`;
}

function edgesOf({ edges }: State<never>): string[] {
  return edges
    .filter((edge) => isPossible(edge) && edge.from.kind !== 'stop')
    .map((edge) => `s${edge.from.index} ${arrowOf(edge)} s${edge.to.index}`);
}

function arrowOf({ action, condition, from }: Edge<never>): string {
  const text = shownCondition(condition);
  if (action === 'take') return `-->|${quoted(`${from.name}: ${text}`)}|`;
  return action === 'ignore' ? `-.->|${quoted(text)}|` : `==>|${quoted(text)}|`;
}

function shownCondition(condition: Condition<never>): string {
  switch (condition.kind) {
    case 'true':
      return 'always';
    case 'event':
    case 'seen':
      return shownPredicate(condition.predicate);
    case 'not':
      return `not (${shownCondition(condition.of)})`;
    case 'and':
    case 'or':
      return `${shownCondition(condition.left)} ${condition.kind} ${shownCondition(condition.right)}`;
  }
}

const quoted = (text: string): string => `"${text.replaceAll('"', '#quot;')}"`;
