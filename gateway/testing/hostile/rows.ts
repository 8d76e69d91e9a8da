/**
 * The table of `docs/containment.md`, row by row: what an agent does, what is claimed of it in each mode, and how a stage
 * shows what is true. `gateway/containment.test.ts` compares the three.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Execution } from '../../../transports/contract.ts';
import { API_KEY, CONFIDED, type Deeds, type Limits, SECRET, type Stage } from './stage.ts';

/** `held`: the attempt fails. `ended`: it has its effect until its thread or process is ended. */
export type Held = 'held' | 'ended' | 'not held';

export interface Claim {
  held: Held;
  /** What its own turn ends with. */
  turn: string;
  /** What becomes of other turns in its thread, or in the process of its session. */
  beside: string;
  /** Every claim but these includes that turns elsewhere go on, as does the gateway. */
  gatewayEnds?: true;
}

export interface Shown extends Deeds {
  held: Held;
  /** Turns that the watchdog has stopped, by the status page. */
  stopped?: number;
}

export interface Row {
  does: string;
  /** In the modes in which it is tried. */
  claims: Readonly<Partial<Record<Execution, Claim>>>;
  /** Of a gateway for this row alone. */
  limits?: Partial<Limits>;
  play(stage: Stage): Promise<Shown>;
}

const goesOn: Claim = { held: 'held', turn: 'completed', beside: 'goes on' };
const notHeld: Claim = { ...goesOn, held: 'not held' };
const overQuota: Claim = { held: 'ended', turn: 'quota_exceeded', beside: 'agent_died' };
const died: Claim = { ...overQuota, turn: 'agent_died' };
const gatewayEnds: Claim = { held: 'not held', turn: 'connection_lost', beside: 'connection_lost', gatewayEnds: true };

const both = (claim: Claim) => ({ thread: claim, process: claim });

/** A turn that is completed has had its way, unless what it says is that it was denied. */
function judged(deeds: Deeds): Shown {
  const { ended, gateway } = deeds;
  if (gateway === 'ends') return { ...deeds, held: 'not held' };
  if (ended.code !== 'completed') return { ...deeds, held: 'ended' };
  return { ...deeds, held: /^ERR_/.test(ended.text) ? 'held' : 'not held' };
}

const plainly = (deed: string) => async (stage: Stage) => judged(await stage.perform(deed));

/** The argument is a file that is there, or would be. */
const onFile = (deed: string, name: string) => async (stage: Stage) => {
  writeFileSync(join(stage.folder, 'secret.txt'), 'secret');
  return judged(await stage.perform(`${deed} ${join(stage.folder, name)}`));
};

const heldIf = (held: boolean, deeds: Deeds): Shown => ({ ...deeds, held: held ? 'held' : 'not held' });

/** One socket after the other: of a service on a port, and of one on a path beside the workspaces. */
async function connects(stage: Stage): Promise<Shown> {
  const path = join(stage.folder, 'service.sock');
  const service = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => service.listen(path, resolve));
  const deeds = [await stage.perform(`connect ${stage.upstreamPort}`), await stage.perform(`connect ${path}`)];
  await new Promise((resolve) => service.close(resolve));
  return heldIf(!deeds.every(({ ended }) => ended.text === 'connected'), deeds[1]!);
}

async function goesOnAfterItsEnd(stage: Stage): Promise<Shown> {
  const deeds = await stage.perform('go-on');
  const died = deeds.neighbour === 'agent_died';
  return { ...deeds, held: died ? 'ended' : 'not held' };
}

async function pollutes(stage: Stage): Promise<Shown> {
  const deeds = await stage.perform('pollute');
  const [own, other, elsewhere] = [
    await stage.turn('polluted'),
    await stage.turn('polluted', { session: 'other' }),
    await stage.turn('polluted', { session: 'other', agent: 'subagent' }),
  ];
  await stage.turn('clean');
  if (own.text !== 'true' || elsewhere.text !== 'false') throw new Error(`polluted: own ${own.text}, elsewhere ${elsewhere.text}`);
  return heldIf(other.text === 'false', deeds);
}

export const ROWS: readonly Row[] = [
  {
    does: 'computes without end',
    claims: both(overQuota),
    play: async (stage) => {
      const deeds = await stage.perform('loop');
      const { quotas } = await stage.page<{ quotas: { stopped: number } }>('status');
      return { ...judged(deeds), stopped: quotas.stopped };
    },
  },
  { does: 'matches a catastrophic regular expression', claims: both(overQuota), play: plainly('regex') },
  {
    does: 'makes a native call that cannot be interrupted',
    claims: both(overQuota),
    play: async (stage) => {
      const deeds = await stage.perform('native');
      const { threads } = await stage.page<{ threads: { state: string }[] }>('threads');
      // The turns are over at once; the thread itself, when the call returns.
      if (stage.execution === 'thread' && !threads.some(({ state }) => state === 'stopping')) throw new Error('the call was interrupted');
      return judged(deeds);
    },
  },
  {
    does: 'blocks without computing',
    claims: both({ held: 'ended', turn: 'timedOut', beside: 'timedOut' }),
    limits: { turnTimeoutMs: 6_000 },
    play: async (stage) => {
      // Starting takes no time of the neighbour's then, which is to time out with the hostile turn.
      await stage.turn('where');
      return judged(await stage.perform('wait'));
    },
  },
  {
    does: 'computes on after the end of its turn',
    claims: both({ ...overQuota, turn: 'completed' }),
    play: goesOnAfterItsEnd,
  },
  { does: 'leaks small objects', claims: both(overQuota), play: plainly('objects') },
  { does: 'grows one array', claims: both(overQuota), play: plainly('array') },
  { does: 'fills buffers outside the heap', claims: both(overQuota), play: plainly('buffers') },
  { does: 'fills shared memory and WebAssembly’s', claims: { thread: notHeld, process: overQuota }, play: plainly('outside') },
  {
    does: 'floods its client with events',
    claims: both({ held: 'ended', turn: 'slow_consumer', beside: 'goes on' }),
    play: plainly('flood 5000'),
  },
  {
    does: 'makes V8 give up, by 300 MB of text as JSON',
    claims: { thread: gatewayEnds, process: died },
    // Else a quota may come first.
    limits: { memoryMb: 4_096, cpuMs: 10_000 },
    play: plainly('give-up'),
  },
  { does: 'fills the disk with its workspace', claims: both(notHeld), play: plainly('fill 20') },
  { does: 'reads a file outside the workspaces', claims: both(goesOn), play: onFile('read', 'secret.txt') },
  { does: 'writes a file outside the workspaces', claims: both(goesOn), play: onFile('write', 'written.txt') },
  { does: 'opens a database outside the workspaces', claims: both(goesOn), play: onFile('database', 'written.db') },
  {
    does: 'reads a file of another session',
    claims: { thread: notHeld, process: goesOn },
    play: async (stage) => {
      const { text: path } = await stage.turn('leave secret', { session: 'other' });
      return judged(await stage.perform(`read ${path}`));
    },
  },
  { does: 'starts a program', claims: both(goesOn), play: plainly('spawn') },
  { does: 'starts a thread without a sandbox', claims: both(goesOn), play: plainly('worker') },
  { does: 'loads a native addon', claims: both(goesOn), play: plainly('addon') },
  { does: 'makes a WASI', claims: both(goesOn), play: plainly('wasi') },
  { does: 'attaches a debugger', claims: both(goesOn), play: plainly('inspector') },
  { does: 'opens a socket', claims: both(notHeld), play: connects },
  {
    does: 'reads the environment of the gateway',
    claims: both(goesOn),
    play: async (stage) => {
      const deeds = await stage.perform('environment');
      return heldIf(deeds.ended.text === '{}' && !deeds.ended.text.includes(SECRET.value), deeds);
    },
  },
  {
    does: 'keeps what another session brought in its environment',
    claims: { thread: notHeld, process: goesOn },
    play: async (stage) => {
      const { text } = await stage.confide('confide');
      if (text !== 'kept') throw new Error(`nothing was confided: ${text}`);
      const deeds = await stage.perform('overhear');
      return heldIf(!deeds.ended.text.includes(CONFIDED.value), deeds);
    },
  },
  { does: 'changes built-ins for another session', claims: { thread: notHeld, process: goesOn }, play: pollutes },
  {
    does: 'reads the key of the LLM',
    claims: both(notHeld),
    play: async (stage) => {
      const deeds = await stage.perform('key');
      return heldIf(!deeds.ended.text.includes(API_KEY), deeds);
    },
  },
  {
    does: 'writes to an open file of the gateway',
    claims: { thread: notHeld, process: goesOn },
    play: async (stage) => {
      const deeds = await stage.perform('descriptor written by an agent');
      return heldIf(!stage.output.includes('written by an agent'), deeds);
    },
  },
  {
    does: 'speaks in a turn of another session',
    claims: { thread: notHeld, process: goesOn },
    play: async (stage) => {
      const deeds = await stage.perform('forge forged');
      const { neighbour, elsewhere } = deeds.said;
      // In a process, the neighbour is of the same session.
      const others = stage.execution === 'thread' ? neighbour + elsewhere : elsewhere;
      return heldIf(!others.includes('forged'), deeds);
    },
  },
  { does: 'throws', claims: both({ held: 'ended', turn: 'agent_error', beside: 'goes on' }), play: plainly('throw') },
  { does: 'throws where nobody catches', claims: both(died), play: plainly('throw-later') },
  { does: 'leaves a rejected promise alone', claims: both(died), play: plainly('reject') },
  { does: 'exits', claims: both(died), play: plainly('exit') },
  { does: 'aborts', claims: { thread: goesOn, process: died }, play: plainly('abort') },
  { does: 'says nonsense on its channel to the gateway', claims: both(died), play: plainly('nonsense') },
  { does: 'kills its own process', claims: { thread: gatewayEnds, process: died }, play: plainly('kill-own') },
  {
    does: 'kills the gateway',
    claims: both(gatewayEnds),
    play: async (stage) => judged(await stage.perform(`kill-gateway ${await stage.pid()}`)),
  },
];

/** Of agents on the main thread, where there is no sandbox and no watchdog. */
export const INLINE_ROWS: readonly Row[] = [
  {
    does: 'computes for a second',
    claims: { inline: notHeld },
    play: async (stage) => {
      const deeds = await stage.perform('loop-for-a-second');
      const { window } = await stage.page<{ window: { loopDelayMs: { max: number } } }>('status');
      return heldIf(window.loopDelayMs.max < 900, deeds);
    },
  },
  { does: 'reads a file outside the workspaces', claims: { inline: notHeld }, play: onFile('read', 'secret.txt') },
  {
    does: 'reads the environment of the gateway',
    claims: { inline: notHeld },
    play: async (stage) => {
      const deeds = await stage.perform('environment');
      return heldIf(!deeds.ended.text.includes(SECRET.value), deeds);
    },
  },
  { does: 'starts a program', claims: { inline: notHeld }, play: plainly('spawn') },
  { does: 'throws', claims: { inline: { held: 'ended', turn: 'agent_error', beside: 'goes on' } }, play: plainly('throw') },
  { does: 'throws where nobody catches', claims: { inline: gatewayEnds }, play: plainly('throw-later') },
];

/** As people say it; codes as they are. */
const WORDS: Readonly<Record<string, string>> = { completed: 'completed', timedOut: '`timed_out`', 'goes on': 'goes on' };

function cells({ held, turn, beside, gatewayEnds: ends }: Claim): string[] {
  if (ends) return ['**not held**: the gateway ends', '', ''];
  const said = (fate: string) => WORDS[fate] ?? `\`${fate}\``;
  return [held === 'not held' ? '**not held**' : held, said(turn), said(beside)];
}

/** As lines of the document. */
export function tableOf(rows: readonly Row[], modes: readonly Execution[]): string[] {
  return rows.map(({ does, claims }) => `| ${[does, ...modes.flatMap((mode) => cells(claims[mode]!))].join(' | ')} |`);
}

/** The lines of the document's table of this heading, without its head. */
export function tableIn(document: URL, heading: string): string[] {
  const text = readFileSync(document, 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2);
}
