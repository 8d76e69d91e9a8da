/**
 * Reads a `.cpuprofile` as V8 writes it, one for each thread: which functions were running, sample by sample.
 *
 * A sample says what ran from then until the next one. Their times are microseconds of CLOCK_MONOTONIC, as are the
 * edges of a measured window, so that start-up and warm-up can be left out of what is told.
 */
import { z } from 'zod';

const callFrame = z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number(), columnNumber: z.number() });
const profileSchema = z.object({
  nodes: z.array(z.object({ id: z.number(), callFrame, children: z.array(z.number()).optional() })).min(1),
  startTime: z.number(),
  endTime: z.number(),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

export type CpuProfile = z.infer<typeof profileSchema>;

/** What a profile cannot be read for, in words. */
export class ProfileError extends Error {}

/** A function, by where it stands. Lines and columns count from 1; 0 where there are none. */
export interface Frame {
  name: string;
  url: string;
  line: number;
  column: number;
}

export interface CallNode {
  readonly frame: Frame;
  selfMicros: number;
  /** With all that it called. */
  totalMicros: number;
  readonly children: CallNode[];
}

export interface Micros {
  start: number;
  end: number;
}

/** What a thread did within a window. */
export interface ThreadTime {
  /** Of the window, as far as the profile covers it. */
  spanMicros: number;
  samples: number;
  /** Waiting for events. */
  idleMicros: number;
  /** Everything else: `root` without what was idle, which is taken out of the tree. */
  activeMicros: number;
  root: CallNode;
}

/** What V8 calls a thread that waits. */
const IDLE = '(idle)';

/** @throws ProfileError for what is no profile: a file that a killed process left half, say. */
export function parseCpuProfile(text: string): CpuProfile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProfileError(text === '' ? 'the file is empty' : 'the file is no JSON: cut off, or something else');
  }
  const parsed = profileSchema.safeParse(value);
  if (!parsed.success) {
    const [first] = parsed.error.issues;
    throw new ProfileError(`the file is no CPU profile: ${first?.path.join('.')} (${first?.message})`);
  }
  if (parsed.data.samples.length !== parsed.data.timeDeltas.length) {
    throw new ProfileError(`the file has ${parsed.data.samples.length} samples and ${parsed.data.timeDeltas.length} times`);
  }
  return parsed.data;
}

/** @param window microseconds of CLOCK_MONOTONIC; absent: all of the profile. */
export function timeSpent(profile: CpuProfile, window?: Micros): ThreadTime {
  const from = Math.max(profile.startTime, window?.start ?? Number.NEGATIVE_INFINITY);
  const to = Math.min(profile.endTime, window?.end ?? Number.POSITIVE_INFINITY);
  const nodes = new Map(profile.nodes.map(({ id, callFrame: frame }) => [id, emptyNode(frame)] as const));
  let samples = 0;
  for (const { id, atMicros, untilMicros } of timed(profile)) {
    const micros = Math.min(untilMicros, to) - Math.max(atMicros, from);
    const node = nodes.get(id);
    if (!node) throw new ProfileError(`the file has a sample of node ${id}, which it does not describe`);
    if (micros <= 0) continue;
    samples += 1;
    node.selfMicros += micros;
  }
  const idleMicros = sum([...nodes.values()].filter(({ frame }) => frame.name === IDLE));
  for (const { id, children = [] } of profile.nodes) {
    const called = children.map((child) => nodes.get(child)).filter((node) => node !== undefined && node.frame.name !== IDLE);
    nodes.get(id)!.children.push(...(called as CallNode[]));
  }
  const root = nodes.get(profile.nodes[0]!.id)!;
  addUp(root);
  return { spanMicros: Math.max(0, to - from), samples, idleMicros, activeMicros: root.totalMicros, root };
}

/** A function's own time, wherever it was called from. */
export interface FunctionTime {
  frame: Frame;
  selfMicros: number;
  /** With what it called; once for each moment, however often it calls itself. */
  totalMicros: number;
}

/** Those with the most time of their own, the most first. */
export function topFunctions(root: CallNode, count: number): FunctionTime[] {
  const byPlace = new Map<string, FunctionTime>();
  const running = new Set<string>();
  const visit = (node: CallNode) => {
    const place = placeOf(node.frame);
    let time = byPlace.get(place);
    if (!time) {
      time = { frame: node.frame, selfMicros: 0, totalMicros: 0 };
      byPlace.set(place, time);
    }
    const outermost = !running.has(place);
    time.selfMicros += node.selfMicros;
    if (outermost) {
      time.totalMicros += node.totalMicros;
      running.add(place);
    }
    for (const child of node.children) visit(child);
    if (outermost) running.delete(place);
  };
  for (const child of root.children) visit(child);
  return [...byPlace.values()]
    .filter(({ selfMicros }) => selfMicros > 0)
    .sort((a, b) => b.selfMicros - a.selfMicros)
    .slice(0, count);
}

/** Each sample with the time until the next; in order of time, which V8 does not promise. */
function timed({ samples, timeDeltas, startTime, endTime }: CpuProfile) {
  let atMicros = startTime;
  const points = samples.map((id, index) => {
    atMicros += timeDeltas[index]!;
    return { id, atMicros };
  });
  points.sort((a, b) => a.atMicros - b.atMicros);
  return points.map((point, index) => ({ ...point, untilMicros: points[index + 1]?.atMicros ?? Math.max(endTime, point.atMicros) }));
}

function emptyNode({ functionName, url, lineNumber, columnNumber }: z.infer<typeof callFrame>): CallNode {
  const frame = { name: functionName || '(anonymous)', url, line: lineNumber + 1, column: columnNumber + 1 };
  return { frame, selfMicros: 0, totalMicros: 0, children: [] };
}

function addUp(node: CallNode): number {
  node.totalMicros = node.selfMicros;
  for (const child of node.children) node.totalMicros += addUp(child);
  return node.totalMicros;
}

function sum(nodes: readonly CallNode[]): number {
  return nodes.reduce((total, { selfMicros }) => total + selfMicros, 0);
}

function placeOf({ name, url, line, column }: Frame): string {
  return `${url}:${line}:${column} ${name}`;
}
