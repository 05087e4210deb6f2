import type { DeadLetter } from '../../event/dead-letter.ts';
import type { Sink } from '../../event/sink.ts';
import type { Log } from '../../log/log.ts';
import { letterJson } from './letter-json.ts';

/** The most that a log may be told: a letter keeps what came in, up to 128 MiB of it. */
const RECORD_BYTES = 256 * 1024 * 1024;

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
      const [{ openLog }, { systemFileSystem }] = await Promise.all([
        import('../../log/log.ts'),
        import('../../host/file-system.ts'),
      ]);
      let opening: Promise<Log> | undefined;
      let isSaid = false;
      const encoder = new TextEncoder();
      /** What failed is tried again with the next letters: descriptors or disk may be free by then. */
      const opened = (): Promise<Log> => {
        const log = openLog(
          directory,
          { recordBytes: RECORD_BYTES },
          { fileSystem: systemFileSystem(), scheduler: context.scheduler },
        );
        log.catch(() => (opening = undefined));
        return log;
      };
      return {
        write: async (letters) => {
          if (!isSaid) {
            isSaid = true;
            context.notice('warn', `an event cannot be processed: ${letters[0]?.reason ?? ''}`);
            context.notice('warn', `such events are kept in ${directory}: daoflow dlq ls ${directory}`);
          }
          const log = await (opening ??= opened());
          await log.append(letters.map((letter) => encoder.encode(letterJson(letter))));
        },
        close: async () => (await opening)?.close(),
      };
    },
  };
}
