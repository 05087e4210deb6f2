/** What other dialects of MATCH_RECOGNIZE have and this one does not, and what to write instead. */

const HINTS: Readonly<Record<string, string>> = {
  ALL: 'ALL ROWS PER MATCH is not supported: without MEASURES a match gives the events of each step',
  CLASSIFIER: 'CLASSIFIER is not supported: without MEASURES a match gives the events of each step by its name',
  MATCH_NUMBER: 'MATCH_NUMBER is not supported: count the matches where they arrive',
  PREV: 'PREV is not supported: LAST(step.field, 1) is the event of the step before this one',
  NEXT: 'NEXT is not supported: put the condition on the step that comes next',
  SUBSET: 'SUBSET is not supported: write an alternative (a | b), and ask for a and b',
  FINAL: 'FINAL is what MEASURES are: leave it out',
  RUNNING: 'RUNNING is what conditions are: leave it out',
  CASE: 'CASE is not supported: write AND, OR and NOT',
};

export function hintFor(text: string): string | undefined {
  const key = text.toUpperCase();
  return Object.hasOwn(HINTS, key) ? HINTS[key] : undefined;
}
