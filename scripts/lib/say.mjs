/** Messages of the scripts go to stderr, so that stdout carries only what was asked for. */
export function say(message) {
  process.stderr.write(`daoflow: ${message}\n`);
}

/** Ends with a message and the fix, never with a stack trace. */
export function fail(message, code = 1) {
  say(message);
  process.exit(code);
}

export const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
