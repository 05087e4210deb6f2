/** SIGINT and SIGTERM as people expect: the first drains, the second stops. */

export interface Interruption {
  readonly signal: NodeJS.Signals;
  readonly count: number;
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];

/** @returns a function that ends the watch */
export function watchSignals(listener: (interruption: Interruption) => void): () => void {
  let count = 0;
  const heard = (signal: NodeJS.Signals): void => {
    count += 1;
    listener({ signal, count });
  };
  for (const signal of SIGNALS) process.on(signal, heard);
  return () => {
    for (const signal of SIGNALS) process.off(signal, heard);
  };
}
