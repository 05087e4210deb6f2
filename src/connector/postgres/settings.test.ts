import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConfigError } from '../../errors/errors.ts';
import { postgres } from './postgres.ts';
import { readSettings, type PostgresOptions } from './settings.ts';

const url = 'postgres://me:canary@db.example:6543/shop';
const read = (options: Partial<PostgresOptions>) => readSettings({ url, table: 'orders', ...options });

afterEach(() => void vi.unstubAllEnvs());

describe('options of the PostgreSQL sink', () => {
  it('have defaults', () => {
    expect(read({})).toMatchObject({
      name: 'postgres',
      table: { schema: undefined, table: 'orders' },
      key: [],
      onConflict: undefined,
      mode: 'insert',
      maxConnections: 16,
      statementTimeoutMs: 30_000,
    });
    expect(postgres({ url, table: 'orders', maxConnections: 3 }).limits).toEqual({
      maxBatch: 10_000,
      maxConcurrency: 3,
    });
  });

  it('name a table with and without its schema', () => {
    expect(read({ table: 'sales.orders' }).table).toEqual({ schema: 'sales', table: 'orders' });
    expect(read({ table: ['a.b', 'c.d'] }).table).toEqual({ schema: 'a.b', table: 'c.d' });
  });

  it('update on a conflict when there is a key', () => {
    expect(read({ key: 'id' })).toMatchObject({ key: ['id'], onConflict: 'update' });
    expect(read({ onConflict: 'ignore' })).toMatchObject({ key: [], onConflict: 'ignore' });
  });

  it('take the url from the environment', () => {
    vi.stubEnv('DATABASE_URL', 'postgresql://a@b/c');
    expect(readSettings({ table: 't' }).server).toMatchObject({ host: 'b', port: 5432, address: 'b:5432' });
    vi.stubEnv('DATABASE_URL', undefined);
    expect(() => readSettings({ table: 't' })).toThrow(/postgres\(\)\.url: .* DATABASE_URL/);
  });

  it('read hosts as people write them', () => {
    vi.stubEnv('PGHOST', '10.0.0.7');
    const hosts = ['postgres://[::1]:5433/x', 'postgres:///x', 'postgres:///x?host=/run/pg', 'postgres://u@localhost'];
    expect(hosts.map((one) => read({ url: one }).server.address)).toEqual([
      '[::1]:5433',
      '10.0.0.7:5432',
      '/run/pg',
      'localhost:5432',
    ]);
  });

  it.each([
    [{}, 'none', false],
    [{ tls: true }, 'verified', { host: 'db.example' }],
    [{ tls: { ca: 'x' } }, 'verified', { host: 'db.example', ca: 'x' }],
    [{ tls: { rejectUnauthorized: false } }, 'encrypted', { host: 'db.example', rejectUnauthorized: false }],
    [{ url: `${url}?sslmode=require` }, 'encrypted', { host: 'db.example', rejectUnauthorized: false }],
    [{ url: `${url}?sslmode=prefer` }, 'encrypted', 'prefer'],
    [{ url: `${url}?sslmode=verify-full` }, 'verified', { host: 'db.example' }],
    [{ url: `${url}?sslmode=require`, tls: true }, 'verified', { host: 'db.example' }],
    [{ url: 'postgres://127.0.0.1/x' }, 'local', false],
  ] as const)('%j protect the connection: %s', (options, protection, ssl) => {
    expect(read(options).server).toMatchObject({ protection, ssl });
  });

  it.each([
    [{ tabel: 'x' }, 'postgres().tabel'],
    [{ table: '' }, 'postgres().table'],
    [{ table: 'a.b.c' }, 'postgres().table'],
    [{ table: 'a\0b' }, 'postgres().table'],
    [{ table: 'x'.repeat(64) }, 'postgres().table'],
    [{ columns: [] }, 'postgres().columns'],
    [{ columns: ['a', 'a'] }, 'postgres().columns'],
    [{ columns: { a: 7 } }, 'postgres().columns.a'],
    [{ key: [] }, 'postgres().key'],
    [{ onConflict: 'update' }, 'postgres().key'],
    [{ onConflict: 'merge' }, 'postgres().onConflict'],
    [{ mode: 'binary' }, 'postgres().mode'],
    [{ maxConnections: 0 }, 'postgres().maxConnections'],
    [{ url: 'mysql://me:canary@db/x' }, 'postgres().url'],
    [{ url: 'canary' }, 'postgres().url'],
    [{ url: 'postgres://me:canary@db:x/' }, 'postgres().url'],
    [{ url: `${url}?sslmode=wrong` }, 'postgres().url'],
  ] as const)('%j are refused', (options, path) => {
    let error: unknown;
    try {
      read(options as Partial<PostgresOptions>);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ path });
    expect(inspect(error, { showHidden: true })).not.toContain('canary');
  });

  it('show no password on the sink', () => {
    expect(inspect(postgres({ url, table: 'orders' }), { showHidden: true, depth: 9 })).not.toContain('canary');
  });
});
