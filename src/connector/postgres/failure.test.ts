import { describe, expect, it } from 'vitest';
import { failureOf, isAboutData } from './failure.ts';

function said(code: string): Error {
  return Object.assign(new Error('as the server says'), { code, severity: 'ERROR' });
}

describe('failureOf', () => {
  it.each([
    '08006',
    '40001',
    '40P01',
    '53100',
    '53200',
    '53300',
    '55P03',
    '55006',
    '57014',
    '57P01',
    '57P02',
    '57P03',
    '25006',
  ])('%s may pass', (code) => {
    expect(failureOf('pg', 'cannot write', said(code))).toMatchObject({ retryable: true });
  });

  it.each(['08P01', '28P01', '3D000', '42P01', '42703', '42501', '57P04', '22P02', '23505', 'XX000'])(
    '%s lasts',
    (code) => {
      expect(failureOf('pg', 'cannot write', said(code))).toMatchObject({ retryable: false, backPressure: false });
    },
  );

  it('takes only too many connections as being asked for less', () => {
    expect(failureOf('pg', 'cannot write', said('53300')).backPressure).toBe(true);
    expect(failureOf('pg', 'cannot write', said('53100')).backPressure).toBe(false);
  });

  it('says what was tried, what came, and what can be done', () => {
    expect(failureOf('pg', 'cannot write to "t"', said('28P01')).message).toBe(
      'pg: cannot write to "t": as the server says (SQLSTATE 28P01). Check user and password.',
    );
  });

  it.each(['CONNECTION_CLOSED', 'CONNECTION_DESTROYED', 'CONNECT_TIMEOUT', 'ECONNRESET', 'ECONNREFUSED', 'ENOTFOUND'])(
    'takes %s as a lost connection',
    (code) => {
      const lost = Object.assign(new Error('write'), { code });
      expect(failureOf('pg', 'cannot write', lost)).toMatchObject({ retryable: true, backPressure: false });
    },
  );

  it('does not take anything unknown as passing', () => {
    expect(failureOf('pg', 'cannot write', new TypeError('odd')).retryable).toBe(false);
  });
});

describe('isAboutData', () => {
  it('is true for values, constraints, limits, and what a trigger raises', () => {
    expect(
      ['21000', '22001', '22P02', '23502', '23503', '23505', '44000', '54000', 'P0001'].map((code) =>
        isAboutData(said(code)),
      ),
    ).not.toContain(false);
  });

  it('is false for the statement, the connection, and errors of our own', () => {
    expect(['42P01', '42804', '57014', '08006', 'XX000'].map((code) => isAboutData(said(code)))).not.toContain(true);
    expect(isAboutData(Object.assign(new Error(), { code: '22001' }))).toBe(false);
    expect(isAboutData(undefined)).toBe(false);
  });
});
