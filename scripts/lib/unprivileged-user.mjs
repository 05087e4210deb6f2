/** Who may run a server that refuses root. */
import { spawnSync } from 'node:child_process';

/**
 * @param preferred - a user name that may not exist
 * @returns ids for `spawn` when we are root, undefined when we may run it ourselves
 */
export function unprivilegedUser(preferred) {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of [preferred, 'nobody']) {
    const uid = idOf('-u', name);
    const gid = idOf('-g', name);
    if (uid > 0 && gid > 0) return { uid, gid };
  }
  throw new Error(`root may not run it, and there is no user ${preferred}. Fix: useradd --system ${preferred}`);
}

function idOf(option, name) {
  const { status, stdout } = spawnSync('id', [option, name], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : 0;
}
