/**
 * Microseconds of the system's monotonic clock, the same in every process of this machine, moved to
 * 13 digits: events carry it where others carry epoch milliseconds, so it costs a decoder the same.
 */
const ORIGIN_US = 1e12;

export function nowUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return ORIGIN_US + seconds * 1e6 + nanoseconds / 1e3;
}
