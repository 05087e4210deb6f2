/**
 * A process that cleans up after a PostgreSQL server when its starter ends. It notices by the pipe between them, which the
 * operating system closes whatever the end was; in a session of its own, so that Ctrl-C does not reach it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Asks for a fast shutdown, after 10 s for an immediate one. What is still making the folder may need a moment to give up. */
const KEEPER = `
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ]; then
  kill -INT "$pid" 2>/dev/null
  tries=0
  while kill -0 "$pid" 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -eq 100 ]; then kill -QUIT "$pid" 2>/dev/null; fi
    if [ "$tries" -eq 200 ]; then exit 1; fi
    sleep 0.1
  done
fi
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`;

/** @param user - whom the server and its folder belong to; undefined for ourselves */
export function startKeeper(folder, user) {
  const keeper = spawn('sh', ['-c', KEEPER, 'keeper', folder], {
    ...user,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  keeper.unref();
  keeper.stdin.unref();
  return {
    /** Resolves once all is cleaned up. */
    async stop() {
      if (keeper.exitCode !== null) return;
      keeper.ref();
      const ended = once(keeper, 'close');
      keeper.stdin.end();
      await ended;
    },
  };
}
