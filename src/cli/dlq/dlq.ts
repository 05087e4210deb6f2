/** `daoflow dlq ls|show|replay DIR` */

import type { DeadLetter } from '../../event/dead-letter.ts';
import { EXIT } from '../exit-code.ts';
import { usageFailure } from '../failure.ts';
import type { Output } from '../output.ts';
import { doneWith, lettersIn } from './letters.ts';
import { masked, maskedText } from '../mask.ts';
import { printable } from '../printable.ts';

export interface DlqOutput {
  /** What was asked for. */
  readonly data: Pick<NodeJS.WritableStream, 'write'>;
  /** What a person should know about it. */
  readonly status: Output;
}

/** Longest reason in a list. */
const REASON_WIDTH = 100;

/** One line per place and reason: how many, which numbers, since when. @returns the exit code */
export async function list(path: string, { data, status }: DlqOutput): Promise<number> {
  const groups = new Map<string, { count: number; first: number; last: number; time: number; letter: DeadLetter }>();
  for await (const { number, letter } of lettersIn(path)) {
    const id = `${letter.at} ${letter.reason}`;
    const group = groups.get(id) ?? { count: 0, first: number, last: number, time: letter.time, letter };
    groups.set(id, { ...group, count: group.count + 1, last: number });
  }
  const all = [...groups.values()].sort((a, b) => b.count - a.count);
  for (const { count, first, last, time, letter } of all) {
    const numbers = first === last ? `${first}` : `${first}..${last}`;
    const reason = printable(maskedText(letter.reason)).replaceAll('\n', ' ').slice(0, REASON_WIDTH);
    data.write(
      `${String(count).padStart(8)}  ${numbers.padEnd(16)}  ${new Date(time).toISOString()}  ${letter.at}: ${reason}\n`,
    );
  }
  const total = all.reduce((sum, { count }) => sum + count, 0);
  status.write(total === 0 ? 'no dead letters\n' : `${total} dead letters: daoflow dlq show ${path} NUMBER\n`);
  return EXIT.done;
}

/** One letter as JSON, secrets masked unless asked for. @throws CommandFailure when there is none of that number */
export async function show(
  path: string,
  number: number,
  { isOpen }: { readonly isOpen: boolean },
  { data }: DlqOutput,
): Promise<number> {
  for await (const each of lettersIn(path)) {
    if (each.number !== number) continue;
    const { raw, ...rest } = each.letter;
    const shown = raw === undefined ? rest : { ...rest, raw: new TextDecoder().decode(raw) };
    const json = JSON.stringify({ number, ...(isOpen ? shown : (masked(shown) as object)) }, null, 2);
    data.write(`${printable(json)}\n`); // JSON leaves some control characters as they are
    return EXIT.done;
  }
  throw usageFailure(`there is no dead letter ${number} in ${path}`, `daoflow dlq ls ${path}`);
}

/**
 * Writes what could not be processed, one record per line, as it came in or as it was at the operator that failed:
 * input for a flow. Once all is written it is done with, unless it is to be kept.
 */
export async function replay(
  path: string,
  { at, keep }: { readonly at?: string | undefined; readonly keep: boolean },
  { data, status }: DlqOutput,
): Promise<number> {
  let [count, last] = [0, 0];
  for await (const { number, letter } of lettersIn(path)) {
    last = number;
    if (at !== undefined && letter.at !== at) continue;
    await written(data, recordOf(letter));
    await written(data, '\n');
    count += 1;
  }
  const isDone = !keep && at === undefined && last > 0;
  if (isDone) await doneWith(path, last);
  status.write(`${count} records written${isDone ? ', and done with' : ', and kept'}\n`);
  return EXIT.done;
}

/** Whoever reads has it: only then is a letter done with. */
function written(data: DlqOutput['data'], bytes: Uint8Array | string): Promise<void> {
  return new Promise((resolve, reject) => {
    data.write(bytes, (error) => {
      if (error instanceof Error) reject(error);
      else resolve();
    });
  });
}

function recordOf({ raw, event }: DeadLetter): Uint8Array | string {
  return raw ?? JSON.stringify(event ?? null);
}
