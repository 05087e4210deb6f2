/**
 * Says clearly what to do on a Node.js that is too old, before anything else is loaded.
 * Plain syntax on purpose: an old Node.js must be able to parse this file.
 */
const OLDEST = [20, 19];

const current = process.versions.node.split('.').map(Number);
if (current[0] < OLDEST[0] || (current[0] === OLDEST[0] && current[1] < OLDEST[1])) {
  console.error(
    'daoflow needs Node.js ' +
      OLDEST.join('.') +
      ' or later; this is ' +
      process.versions.node +
      '.\n' +
      'Fix: install a current Node.js (for example: nvm install 22) and run the same command again.',
  );
  process.exit(1);
}
