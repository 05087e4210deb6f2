/** Finds the programs of PostgreSQL, or installs them where that can be done without asking. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { say } from './say.mjs';

/** Debian, Ubuntu; Homebrew; Fedora and others have them in PATH. */
const PLACES = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'];
const APT = { DEBIAN_FRONTEND: 'noninteractive' };
/** Debian's package makes and starts a server of its own unless this file says otherwise. */
const CLUSTER_SETTINGS = '/etc/postgresql-common/createcluster.conf';

/** @throws Error with the fix */
export function postgresPrograms() {
  const found = findPrograms();
  if (found) return found;
  const why = whyNotInstallable();
  if (why !== undefined)
    throw new Error(`PostgreSQL is not installed, and ${why}. Fix: ${INSTALL}, or set DATABASE_URL`);
  install();
  const installed = findPrograms();
  if (!installed) throw new Error(`PostgreSQL was installed, but its programs are not in ${PLACES[0]}`);
  return installed;
}

const INSTALL =
  process.platform === 'darwin' ? 'brew install postgresql' : 'install it (Debian, Ubuntu: apt-get install postgresql)';

function findPrograms() {
  const folders = [...PLACES.flatMap(versionsIn), ...(process.env.PATH ?? '').split(delimiter).filter(Boolean)];
  const folder = folders.find((each) => existsSync(join(each, 'initdb')) && existsSync(join(each, 'postgres')));
  return folder && { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
}

/** `bin` folders of all versions in a place, the newest first. */
function versionsIn(place) {
  if (!existsSync(place)) return [];
  return readdirSync(place)
    .filter((name) => /^(postgresql(@\d+)?|\d+)$/.test(name))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((name) => join(place, name, 'bin'));
}

function whyNotInstallable() {
  if (spawnSync('apt-get', ['--version']).status !== 0) return 'there is no apt-get to install it with';
  return process.getuid?.() === 0 ? undefined : 'only root may install it';
}

function install() {
  say('installing PostgreSQL with apt-get (Debian package postgresql); needed once');
  if (!existsSync(CLUSTER_SETTINGS)) {
    mkdirSync('/etc/postgresql-common', { recursive: true });
    writeFileSync(CLUSTER_SETTINGS, 'create_main_cluster = false\n');
  }
  aptGet('update', '-qq');
  aptGet('install', '-y', '-qq', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-confold', 'postgresql');
}

function aptGet(...args) {
  const { status } = spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], env: { ...process.env, ...APT } });
  if (status !== 0) throw new Error(`apt-get ${args[0]} ended with ${status}; see its message above`);
}
