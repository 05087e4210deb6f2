import { parseArgs } from 'node:util';

/**
 * The options of a script. `--help` prints its usage and ends; one that it does not know, or that `check` throws for, ends it with 2.
 *
 * @param options - as for `parseArgs`
 */
export function optionsOf(usage, options, check = () => undefined) {
  const values = parsed(usage, { ...options, help: { type: 'boolean' } }, check);
  if (!values.help) return values;
  console.log(usage);
  process.exit(0);
}

function parsed(usage, options, check) {
  try {
    const { values } = parseArgs({ options });
    check(values);
    return values;
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}
