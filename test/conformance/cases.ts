/** The case schema `daoflow-cep-case/1`, and reading it. */

import { readFileSync } from 'node:fs';

export interface CaseEvent {
  readonly type: string;
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly volume?: number;
}

export type CaseInput = { readonly ts: number; readonly event: string } | { readonly advanceTo: number };

/** Labels by name of step. */
export type CaseBinding = Readonly<Record<string, readonly string[]>>;

export interface ExpectedMatches {
  /** `after`: index of the input that completes it. */
  readonly matches: readonly { readonly after: number; readonly bind: CaseBinding }[];
  /** When it is there, partial matches that ran out of time are compared too. */
  readonly timeouts?: readonly { readonly after: number; readonly at: number; readonly bind: CaseBinding }[];
}

export type Expected = ExpectedMatches | { readonly error: string };

export interface Case {
  readonly id: string;
  readonly source: string;
  /** As JSON: read by `patternFromJson`. */
  readonly pattern: unknown;
  readonly events: Readonly<Record<string, CaseEvent>>;
  readonly input: readonly CaseInput[];
  readonly expect: Expected;
}

export function readCases(path: string): readonly Case[] {
  const file = JSON.parse(readFileSync(path, 'utf8')) as { readonly schema?: string; readonly cases: readonly Case[] };
  if (file.schema !== 'daoflow-cep-case/1') throw new Error(`${path}: unknown schema ${String(file.schema)}`);
  return file.cases;
}
