import { describe, expect, it } from 'vitest';
import { v8Codec } from '../host/checkpoint-codec.ts';
import { LogLockedError } from '../log/errors.ts';
import { logWorld } from '../testing/storage/log-fixtures.ts';
import { mountDisk } from '../testing/storage/simulated-file-system.ts';
import type { Checkpoint } from './checkpoint.ts';
import { CheckpointFiles } from './checkpoint-files.ts';

type World = ReturnType<typeof logWorld>;

function numbered(at: number): Checkpoint {
  const sources = new Map([['s', new Map([['__proto__', at]])]]);
  const segments = new Map([['g', { text: 'x'.repeat(at % 5000), float: new Float64Array([at]) }]]);
  return { flow: 'f', at, sources, segments, sinks: new Map() };
}

const filesOf = ({ disk }: World): CheckpointFiles => new CheckpointFiles('/d', () => mountDisk(disk), v8Codec);
const ignore = (): void => undefined;

describe('checkpoint files', () => {
  it('give back what was written last, whole', async () => {
    const world = logWorld();
    const files = filesOf(world);
    expect(await world.run(files.open(ignore))).toBeUndefined();
    for (const at of [1, 2, 3]) await world.run(files.write(numbered(at)));
    await world.run(files.close());
    expect(await world.run(filesOf(world).open(ignore))).toEqual(numbered(3));
    expect(world.disk.paths.filter((path) => path.includes('checkpoint-'))).toHaveLength(2);
  });

  it.each(['kill', 'power'] as const)(
    'lose nothing that was durable, at whatever call a crash strikes (%s)',
    async (how) => {
      for (let seed = 1; seed <= 150; seed += 1) {
        const world = logWorld({ seed });
        const files = filesOf(world);
        await world.run(files.open(ignore));
        let [durable, begun] = [0, 0];
        world.disk.crashAfter(1 + (seed % 40), how);
        void (async () => {
          for (let at = 1; at < 100; at += 1) {
            begun = at;
            await files.write(numbered(at));
            durable = at;
          }
        })();
        await world.scheduler.advance(60_000);
        const found = await world.run(filesOf(world).open(ignore));
        const at = found?.at ?? 0;
        expect(at, `seed ${seed}`).toBeGreaterThanOrEqual(durable);
        expect(at, `seed ${seed}`).toBeLessThanOrEqual(begun);
        if (found !== undefined) expect(found).toEqual(numbered(at));
      }
    },
  );

  it('use the one before where the newest is damaged, and refuse where none is whole', async () => {
    const world = logWorld();
    const files = filesOf(world);
    await world.run(files.open(ignore));
    for (const at of [1, 2]) await world.run(files.write(numbered(at)));
    await world.run(files.close());
    const warnings: string[] = [];
    const open = async (): Promise<Checkpoint | undefined> => {
      const again = filesOf(world);
      try {
        return await world.run(again.open((message) => warnings.push(message)));
      } finally {
        await world.run(again.close());
      }
    };
    await damage(world, '/d/checkpoint-000000000002');
    expect((await open())?.at).toBe(1);
    expect(warnings).toEqual(['/d/checkpoint-000000000002 is damaged: the checkpoint before it is used']);
    await damage(world, '/d/checkpoint-000000000001');
    await expect(open()).rejects.toThrow('no checkpoint in /d is whole');
  });

  it('belong to one run at a time', async () => {
    const world = logWorld();
    await world.run(filesOf(world).open(ignore));
    await expect(world.run(filesOf(world).open(ignore))).rejects.toBeInstanceOf(LogLockedError);
  });
});

async function damage({ disk, run }: World, path: string): Promise<void> {
  const file = await run(mountDisk(disk).open(path, 'update'));
  await run(file.write(new Uint8Array([0xff]), 60));
  await run(file.close());
}
