/** A single call that lasts far longer than others (a timeout, a lock, a collection of garbage) is no change of what calls cost. */

/** Over others; so much longer one may happen to last. */
const ODD = 5;

/**
 * Whether one odd call of so many explains that their mean is off.
 * @param innovation - logarithm of the mean over what was expected
 */
export function isByOneOf(calls: number, innovation: number): boolean {
  if (innovation > 0) return innovation < Math.log(1 + (ODD - 1) / calls);
  return calls < 2 || innovation > Math.log(1 - 1 / calls);
}
