/**
 * The data plane: a worker isolate that runs one flow, so that commands, signals and the view in the
 * main thread stay alive whatever the flow does. Started by `DataPlane` with a `PlaneTask`.
 */

import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { SupervisedThread, superviseNext } from '../host/supervised-thread.ts';
import { doors } from './plane/doors.ts';
import { DeadLetterFileSink } from './plane/dead-letter-file.ts';
import { explainLoad, explainRun } from './plane/explain.ts';
import { runFlow } from './plane/flow-runner.ts';
import { loadedModules, loadFlow, type LoadedFlow } from './plane/load-flow.ts';
import type { Failure } from './failure.ts';
import type { FromPlane, PlaneTask } from './plane/protocol.ts';

if (parentPort !== null) await main(workerData as PlaneTask, parentPort);

async function main(task: PlaneTask, port: MessagePort): Promise<void> {
  const letters = task.kind === 'flow' ? new DeadLetterFileSink(task.deadLetters) : undefined;
  const say = (message: FromPlane): void => port.postMessage(message);
  const fail = (failure: Failure, isStray = false): void =>
    say({ type: 'failed', failure, isStray, modules: loadedModules(), letters: letters?.written ?? null });
  // A stray error of the user's code (a timer, a promise that nobody awaits): nothing in this thread is certain any more.
  process.on('uncaughtException', (error: unknown) => fail(explainRun(error, process.cwd()), true));
  try {
    const summary = task.kind === 'flow' ? await runUsersFlow(task, port, letters, fail) : await runDemo(task, port);
    if (summary !== undefined) say({ type: 'summary', summary, letters: letters?.written ?? null });
  } catch (error) {
    fail(explainRun(error, process.cwd()));
  }
}

async function runUsersFlow(
  task: Extract<PlaneTask, { kind: 'flow' }>,
  port: MessagePort,
  letters: DeadLetterFileSink | undefined,
  fail: (failure: Failure) => void,
): ReturnType<typeof runDemo> {
  const loaded = await load(task.path, fail);
  if (loaded === undefined) return undefined;
  const { flow, modules } = loaded;
  const hasOwn = !task.deadLetters.isForced && (flow.deadLetterSink !== undefined || flow.data !== undefined);
  if (task.supervision !== undefined) {
    superviseNext(new SupervisedThread(task.supervision.notes, task.supervision.suspicion));
  }
  return await runFlow(flow, port, {
    modules,
    run: {
      generateCode: task.generateCode,
      tuning: task.tuning,
      learned: task.learned,
      ...(task.drainTimeoutMs === undefined ? {} : { drainTimeout: task.drainTimeoutMs }),
      ...(hasOwn || letters === undefined ? {} : { deadLetters: letters }),
    },
  });
}

async function load(path: string, fail: (failure: Failure) => void): Promise<LoadedFlow | undefined> {
  const available = await doors();
  try {
    return await loadFlow(path, available);
  } catch (error) {
    fail(explainLoad(error, { path, cwd: process.cwd(), doors: Object.keys(available) }));
    return undefined;
  }
}

async function runDemo(
  task: Extract<PlaneTask, { kind: 'demo' }>,
  port: MessagePort,
): Promise<Awaited<ReturnType<typeof runFlow>> | undefined> {
  const { demoFlow } = await import('./demo/flow.ts');
  let load = task.load;
  return await runFlow(
    demoFlow(() => load),
    port,
    {
      modules: [],
      run: { generateCode: task.generateCode },
      other: (message) => {
        if (message.type === 'load') ({ load } = message);
      },
    },
  );
}
