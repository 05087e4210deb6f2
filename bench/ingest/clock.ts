/**
 * Microseconds of the system's monotonic clock, the same in every process of this machine, as a number of
 * 13 digits that begins with 1: events carry it where others carry epoch milliseconds, so it costs a
 * decoder the same. Starts over every eleven days of the machine's uptime.
 */
const PERIOD_US = 1e12;

export function nowUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return PERIOD_US + ((seconds * 1e6 + nanoseconds / 1e3) % PERIOD_US);
}
