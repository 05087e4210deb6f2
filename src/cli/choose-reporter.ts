import type { Start } from './plane/protocol.ts';
import type { Reporter } from './reporter.ts';
import { colorsFor } from './view/colors.ts';
import { JsonReporter } from './view/json-lines.ts';
import { LiveReporter } from './view/live.ts';
import { PlainReporter } from './view/plain.ts';

/** Live view on a terminal, plain lines elsewhere or when asked for, JSON when asked for. */
export function chooseReporter(
  options: { readonly plain?: boolean; readonly json?: boolean },
  start: Start | null,
): Reporter {
  const { stdout, stderr, env } = process;
  const colors = colorsFor(stderr, env);
  const writesToStdout = start?.writesToStdout === true;
  if (options.json === true) return new JsonReporter({ data: writesToStdout ? stderr : stdout, status: stderr });
  // The flow's own lines on the same terminal would tear the view.
  const isTorn = writesToStdout && stdout.isTTY;
  const isLive = options.plain !== true && stderr.isTTY && !isTorn && env['TERM'] !== 'dumb';
  return isLive
    ? new LiveReporter({ screen: stderr, data: stdout, colors })
    : new PlainReporter({ status: stderr, data: stdout, colors });
}
