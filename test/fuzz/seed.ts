/** The first seed of a fuzz suite: FUZZ_SEED, else a new one each time; printed, so that a failure can be repeated. */
export function seedOf(suite: string): number {
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
  process.stdout.write(`${suite}: FUZZ_SEED=${seed}\n`);
  return seed;
}
