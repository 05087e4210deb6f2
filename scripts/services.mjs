/**
 * `npm run services`: starts a private PostgreSQL and prints its DATABASE_URL; Ctrl-C stops and removes it.
 * `node scripts/services.mjs -- COMMAND...`: runs a command with DATABASE_URL set, then stops everything; the exit code is
 * that of the command. A DATABASE_URL that is set already is used as it is.
 */
import './lib/node-version.mjs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { startPostgres } from './lib/postgres.mjs';
import { fail, say } from './lib/say.mjs';

const [dashes, ...command] = process.argv.slice(2);
if (dashes !== undefined && (dashes !== '--' || command.length === 0)) {
  fail('usage: node scripts/services.mjs [-- COMMAND...]', 2);
}

const postgres = await startPostgres().catch((error) => fail(error.message));
const code = command.length === 0 ? await untilSignalled() : await runCommand();
await postgres.stop();
process.exit(code);

/** The address goes to stdout alone, so that a program can read it. */
async function untilSignalled() {
  const signalled = Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
  const idle = setInterval(() => undefined, 2 ** 30);
  console.log(`DATABASE_URL=${postgres.url}`);
  say(postgres.isOwn ? 'Ctrl-C stops the server and removes its data' : 'nothing was started');
  if (postgres.isOwn) await signalled;
  clearInterval(idle);
  return 0;
}

async function runCommand() {
  const [program, ...args] = command;
  const env = { ...process.env, DATABASE_URL: postgres.url };
  const child = spawn(program, args, { stdio: 'inherit', env });
  // A terminal sends Ctrl-C to the command too: passed on once more, it would be a second one.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  try {
    const [exitCode, signal] = await once(child, 'close');
    return exitCode ?? 128 + constants.signals[signal];
  } catch (error) {
    say(`cannot run ${program}: ${error.message}`);
    return 127;
  }
}
