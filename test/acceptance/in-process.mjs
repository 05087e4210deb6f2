/** `node in-process.mjs FLOW_URL MODE`: runs a flow by `run()` in this thread, as a program of a user's own does. */
const [, , url, mode] = process.argv;
const { default: flow } = await import(url);
const letters = [];
const run = flow.run({
  ...JSON.parse(mode),
  deadLetters: (batch) => {
    for (const { raw } of batch) letters.push(Buffer.from(raw ?? []).toString('base64'));
  },
});
run.on('notice', ({ message }) => process.stderr.write(`${message}\n`));
process.on('message', () => void run.drain());
const summary = await run.done;
process.stdout.write(`${JSON.stringify({ type: 'summary', ...summary, letters })}\n`);
process.disconnect?.();
