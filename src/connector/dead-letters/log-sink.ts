import type { DeadLetter } from '../../event/dead-letter.ts';
import type { Sink } from '../../event/sink.ts';

/**
 * Dead letters in a durable log: a letter is confirmed once it would survive a power loss, so that its event can be
 * acknowledged. `daoflow dlq` shows it and plays it back. Opened with the first letter: no letter, no directory.
 */
export function deadLetterLog(directory: string): Sink<DeadLetter> {
  return {
    name: 'dead-letters',
    deadline: false,
    open: async (context) => {
      // Not among what every flow loads.
      const { LetterWriter } = await import('./letter-writer.ts');
      return new LetterWriter(directory, context);
    },
  };
}
