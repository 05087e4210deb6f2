/** What the flow's thread says, as it may be shown: it quotes events, answers and addresses from outside. */

import type { Notice } from '../flow/run.ts';
import type { Failure } from './failure.ts';
import { maskedMessage } from './mask.ts';
import { printable } from './printable.ts';

export function shownNotice({ level, message }: Notice): Notice {
  return { level, message: shown(message).replaceAll('\n', ' ') };
}

export function shownFailure(failure: Failure): Failure {
  const { message, fix, at } = failure;
  return {
    ...failure,
    message: shown(message),
    fix: fix === undefined ? undefined : shown(fix),
    at: at === undefined ? undefined : { ...at, text: shown(at.text) },
  };
}

function shown(text: string): string {
  return maskedMessage(printable(text));
}
