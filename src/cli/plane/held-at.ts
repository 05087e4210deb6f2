/**
 * Which line of the user's code holds a thread: asked of V8 from outside, within the process (no port is opened). Its
 * profiler also sees into a regular expression, its debugger also into an endless loop that was optimised.
 */

import type { Debugger, Profiler, Session } from 'node:inspector';
import type { SourceExcerpt } from '../failure.ts';
import { excerptOf, userFile } from './stack-frame.ts';

/** How long samples are taken, and how long an answer is waited for, ms. */
const SAMPLE_MS = 200;
const LIMIT_MS = 1000;

type Node = Profiler.ProfileNode;

/** What V8 says to us: an answer, or an event. */
interface Said {
  readonly id?: number;
  readonly result?: { readonly profile?: Profiler.Profile };
  readonly params?: {
    readonly callFrames?: readonly Debugger.CallFrame[];
    /** Of a script that is there. */
    readonly scriptId?: string;
    readonly url?: string;
  };
}

/** Undefined where the thread is in no code of the user's, or does not answer. Never rejects. */
export async function heldAt(threadId: number, cwd: string): Promise<SourceExcerpt | undefined> {
  try {
    return placeIn((await profileOf(threadId))?.nodes ?? [], cwd) ?? placeOn(await framesOf(threadId), cwd);
  } catch {
    return undefined; // a Node.js that was built without an inspector
  }
}

/** The user's innermost frame on the way to where most samples were taken. */
export function placeIn(nodes: readonly Node[], cwd: string): SourceExcerpt | undefined {
  const callers = new Map(nodes.flatMap((node) => (node.children ?? []).map((id) => [id, node] as const)));
  let at = nodes.reduce<Node | undefined>((most, node) => (hits(node) > hits(most) ? node : most), undefined);
  for (; at !== undefined; at = callers.get(at.id)) {
    const file = userFile(at.callFrame.url);
    if (file !== undefined) return excerptOf(file, lineOf(at), null, cwd);
  }
  return undefined;
}

function hits(node: Node | undefined): number {
  return node?.hitCount ?? 0;
}

/** Where in the function, else where it begins. */
function lineOf({ positionTicks = [], callFrame }: Node): number {
  const [first, ...others] = positionTicks;
  if (first === undefined) return callFrame.lineNumber + 1;
  return others.reduce((most, each) => (each.ticks > most.ticks ? each : most), first).line;
}

function placeOn(frames: readonly Frame[], cwd: string): SourceExcerpt | undefined {
  for (const { url, lineNumber } of frames) {
    const file = userFile(url);
    if (file !== undefined) return excerptOf(file, lineNumber + 1, null, cwd);
  }
  return undefined;
}

async function profileOf(threadId: number): Promise<Profiler.Profile | undefined> {
  return asked(threadId, (ask, said) => {
    ask('Profiler.enable');
    ask('Profiler.start');
    setTimeout(() => ask('Profiler.stop'), SAMPLE_MS);
    return said(({ result }) => result?.profile);
  });
}

interface Frame {
  readonly url: string;
  /** From 0. */
  readonly lineNumber: number;
}

/** Pauses the thread for a moment. One that is left paused cannot even be ended: it is always told to go on, in order. */
async function framesOf(threadId: number): Promise<readonly Frame[]> {
  const frames = await asked(threadId, async (ask, said) => {
    ask('Debugger.enable');
    ask('Debugger.pause');
    const urls = new Map<string | undefined, string>();
    const paused = await said(({ params }) => {
      if (params?.url !== undefined) urls.set(params.scriptId, params.url);
      return params?.callFrames;
    });
    ask('Debugger.resume');
    const last = ask('Debugger.disable');
    await said(({ id }) => (id === last ? true : undefined));
    return paused?.map(({ location }) => ({ url: urls.get(location.scriptId) ?? '', lineNumber: location.lineNumber }));
  });
  return frames ?? [];
}

type Ask = (method: string) => number;
/** The first that `read` makes something of; undefined when none comes in time. */
type Await = <T>(read: (said: Said) => T | undefined) => Promise<T | undefined>;

/** A conversation with a thread. A session whose questions are not all answered stays until the thread ends. */
async function asked<T>(
  threadId: number,
  converse: (ask: Ask, said: Await) => Promise<T | undefined>,
): Promise<T | undefined> {
  const { Session } = await import('node:inspector');
  const session = new Session();
  session.connect();
  let [questions, answers] = [0, 0];
  const listeners = new Set<(said: Said) => void>();
  const sessionId = await attached(session, threadId);
  if (sessionId === undefined) return undefined;
  session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
    if (params.sessionId !== sessionId) return;
    const said = JSON.parse(params.message) as Said;
    if (said.id !== undefined) answers += 1;
    for (const listener of listeners) listener(said);
  });
  const ask: Ask = (method) => {
    questions += 1;
    session.post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id: questions, method }) });
    return questions;
  };
  const result = await converse(
    ask,
    (read) =>
      new Promise((resolve) => {
        setTimeout(() => resolve(undefined), LIMIT_MS);
        listeners.add((said) => {
          const found = read(said);
          if (found !== undefined) resolve(found);
        });
      }),
  );
  if (answers === questions) session.disconnect();
  return result;
}

function attached(session: Session, threadId: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), LIMIT_MS);
    session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
      // Its `workerId` is counted anew by each session.
      if (workerInfo.title.startsWith(`[worker ${threadId}]`)) resolve(sessionId);
    });
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  });
}
