/**
 * Numbers for people, the same in every face: terminal, dashboard, reports, messages. Plain ASCII, no
 * locale. At most one decimal, none from 100 on. `null` (not measured, not measurable) is `-`, and so is
 * what is no finite number.
 */

const UNKNOWN = '-';

/** Events per second: `412/s`, `12.4K/s`, `1.2M/s`. */
export function formatRate(perSecond: number | null): string {
  return isKnown(perSecond) ? `${scaled(perSecond, RATE_UNITS)}/s` : UNKNOWN;
}

/** A duration in ms: `412 us`, `8.4 ms`, `1.5 s`, `12.0 min`, `3.2 h`. */
export function formatMs(ms: number | null): string {
  return isKnown(ms) ? scaled(ms * 1000, TIME_UNITS) : UNKNOWN;
}

/** Decimal units: `812 B`, `1.3 GB`. */
export function formatBytes(bytes: number | null): string {
  return isKnown(bytes) ? scaled(bytes, BYTE_UNITS) : UNKNOWN;
}

/** A ratio 0..1 as per cent: `0.4 %`, `97 %`. */
export function formatRatio(ratio: number | null): string {
  if (!isKnown(ratio)) return UNKNOWN;
  const perCent = ratio * 100;
  return `${perCent >= 9.95 || perCent === 0 ? perCent.toFixed(0) : perCent.toFixed(1)} %`;
}

/** A whole number with separators: `12,400`. */
export function formatCount(count: number | null): string {
  return isKnown(count)
    ? Math.round(count)
        .toFixed(0)
        .replace(/\B(?=(\d{3})+$)/g, ',')
    : UNKNOWN;
}

function isKnown(value: number | null): value is number {
  return value !== null && Number.isFinite(value);
}

/** Size in the base unit, and what to write behind the number. The first has no decimals. */
type Unit = readonly [size: number, name: string];

const RATE_UNITS: readonly Unit[] = [
  [1, ''],
  [1e3, 'K'],
  [1e6, 'M'],
  [1e9, 'G'],
];

const TIME_UNITS: readonly Unit[] = [
  [1, ' us'],
  [1e3, ' ms'],
  [1e6, ' s'],
  [60e6, ' min'],
  [3600e6, ' h'],
];

const BYTE_UNITS: readonly Unit[] = [
  [1, ' B'],
  [1e3, ' KB'],
  [1e6, ' MB'],
  [1e9, ' GB'],
  [1e12, ' TB'],
];

/** In the largest unit in which the number, as it will be printed, is at least 1. */
function scaled(value: number, units: readonly Unit[]): string {
  let chosen = units[0] as Unit;
  for (const unit of units) {
    const [size] = chosen;
    if (Number(printed(value / size, size === 1)) * size < unit[0]) break;
    chosen = unit;
  }
  const [size, name] = chosen;
  return `${printed(value / size, size === 1)}${name}`;
}

function printed(value: number, isWhole: boolean): string {
  return value.toFixed(isWhole || value >= 99.95 ? 0 : 1);
}
