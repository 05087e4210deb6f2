/** Standard input. How it is read is loaded when a flow reads it (read-descriptor.ts). */

import { knownOptions } from '../../errors/declared.ts';
import { FORMATS, type ByteSource, type Format } from '../../event/source.ts';
import { headerOption, integerOption, nameOption, wordOption } from '../options.ts';
import { RecordEnd } from '../record-end.ts';
import { systemFailure } from '../system-failure.ts';

export interface StdinOptions {
  readonly name?: string;
  /** Default `ndjson`. */
  readonly format?: Format;
  /** CSV and TSV: names of the columns, where the input does not begin with them. */
  readonly header?: readonly string[];
  /** Longer events are dead-lettered. Default 1 MiB. */
  readonly maxEventBytes?: number;
  /** Read this descriptor instead of 0. For descriptors that a parent process hands over. */
  readonly fd?: number;
}

const MAX_EVENT_BYTES = { min: 16, max: 256 * 1024 * 1024, default: 1024 * 1024 };
const FD = { min: 0, max: 2 ** 31 - 1, default: 0 };

/**
 * What is piped into the program, until its end. An abort ends after the record that is open then, or,
 * when nothing more comes, at once.
 *
 * @throws ConfigError for an unknown format
 * @example
 * // cat events.ndjson | npx daoflow run flow.ts
 * flow('piped').from(stdin()).map(clean).to(stdout())
 */
export function stdin(options: StdinOptions = {}): ByteSource {
  knownOptions(options, 'stdin()', ['name', 'format', 'header', 'maxEventBytes', 'fd']);
  const format = wordOption(options.format, 'stdin().format', FORMATS, 'ndjson');
  const maxEventBytes = integerOption(options.maxEventBytes, 'stdin().maxEventBytes', MAX_EVENT_BYTES);
  const fd = integerOption(options.fd, 'stdin().fd', FD);
  const name = nameOption(options.name, 'stdin().name', 'stdin');
  return {
    kind: 'bytes',
    name,
    format,
    header: headerOption(options.header, 'stdin().header'),
    maxEventBytes,
    run: async (output, context) => {
      const record = new RecordEnd(output.channel(name), format);
      let why: string | undefined;
      try {
        const { readDescriptor } = await import('./read-descriptor.ts');
        await readDescriptor({ fd, name, record, context });
        if (context.signal.aborted) why = 'the run was stopped in the middle of this record';
      } catch (error) {
        why = 'reading failed';
        throw systemFailure(name, 'cannot read standard input', error);
      } finally {
        record.end(why);
        output.endPartition(name);
      }
    },
  };
}
