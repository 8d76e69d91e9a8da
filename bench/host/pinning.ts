/**
 * Which process of a run gets which cores.
 *
 * A gateway that shares its core with the load generator is measured together with it. So the gateway's cores are
 * its own wherever there are two: on two cores mock LLM and generator share the other one (and yield to each other,
 * since two that spin on one core made tokens 4.8 ms late at p99, one alone 0.23 ms); from three on each has its own,
 * and the gateway all that is left. Emulated links, where a run has some, are one more process of that kind. Hyperthreads
 * of one core are not two cores to a benchmark: neighbours go to the same side where they can.
 */
import { execFileSync } from 'node:child_process';
import type { Environment } from '../../reports/report.ts';
import { allowedCores, effectiveCores, formatCoreList, parseCoreList } from './cores.ts';
import { HOST_FILES, type HostFiles } from './files.ts';

export type Role = 'gateway' | 'upstream' | 'generator' | 'links';

export interface Pinning {
  /** Some of mock LLM, generator and links are on one core: they must leave it to each other between tokens. */
  readonly shared: boolean;
  /** Words to put before a command so that it runs on its role's cores; none where nothing is pinned. */
  prefix(role: Role): readonly string[];
  /** For the environment card; empty where nothing is pinned. */
  readonly card: Environment['pinning'];
  /** What a reader should know of it: why nothing is pinned, what is shared. */
  readonly notes: readonly string[];
}

export interface PinningFacts {
  /** In the order in which they are handed out; `undefined` where the system does not say. */
  cores: readonly number[] | undefined;
  /** Of which only so many can be used at once. */
  coresEffective: number;
  /** There is a `taskset`. */
  taskset: boolean;
  /** Cores that are hyperthreads of the same one, by core. */
  siblings: ReadonlyMap<number, readonly number[]>;
}

/** @param links whether the run has emulated links. */
export function planPinning(facts: PinningFacts, links = false): Pinning {
  const { cores, coresEffective } = facts;
  const instruments = INSTRUMENTS.filter(({ role }) => links || role !== 'links');
  const shared = Math.floor(Math.min(coresEffective, cores?.length ?? coresEffective)) <= instruments.length;
  if (cores === undefined) return unpinned(shared, 'processes are not pinned: this system has no affinity to set');
  if (cores.length < 2) return unpinned(true, `processes are not pinned: gateway, ${namesOf(instruments)} share the one core`);
  if (!facts.taskset) return unpinned(shared, 'processes are not pinned: there is no taskset');
  const ordered = neighboursTogether(cores, facts.siblings);
  // The first core also serves most interrupts: not the gateway's.
  const others = Math.min(instruments.length, ordered.length - 1);
  const byRole = new Map<Role, readonly number[]>(
    instruments.map(({ role }, index) => [role, [ordered[Math.min(index, others - 1)]!]] as const),
  );
  byRole.set('gateway', ordered.slice(others));
  const coresOf = (role: Role) => byRole.get(role) ?? [];
  return {
    shared,
    prefix: (role) => ['taskset', '-c', formatCoreList(coresOf(role))],
    card: [
      { process: 'gateway', cores: coresOf('gateway') },
      ...instruments.toReversed().map(({ role, name }) => ({ process: name, cores: coresOf(role) })),
    ],
    notes: notesOf(coresOf, instruments, facts, shared),
  };
}

/** In the order in which they get cores; the last ones share where there are too few. */
const INSTRUMENTS = [
  { role: 'generator', name: 'generator' },
  { role: 'upstream', name: 'mock LLM' },
  { role: 'links', name: 'emulated links' },
] as const satisfies readonly { role: Role; name: string }[];
type Instrument = (typeof INSTRUMENTS)[number];

export function readPinningFacts(files: HostFiles = HOST_FILES): PinningFacts {
  const cores = allowedCores(files);
  const siblings = new Map<number, readonly number[]>();
  for (const core of cores ?? []) {
    const list = files.text(`/sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`);
    siblings.set(core, (list === undefined ? undefined : parseCoreList(list)) ?? [core]);
  }
  return { cores, coresEffective: effectiveCores(files), taskset: cores !== undefined && hasTaskset(), siblings };
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['-c', '-p', String(process.pid)], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function unpinned(shared: boolean, note: string): Pinning {
  return { shared, prefix: () => [], card: [], notes: [note] };
}

function neighboursTogether(cores: readonly number[], siblings: PinningFacts['siblings']): number[] {
  const ordered = new Set<number>();
  for (const core of cores) {
    for (const neighbour of siblings.get(core) ?? [core]) if (cores.includes(neighbour)) ordered.add(neighbour);
  }
  return [...ordered];
}

function notesOf(
  coresOf: (role: Role) => readonly number[],
  instruments: readonly Instrument[],
  facts: PinningFacts,
  shared: boolean,
): string[] {
  const notes: string[] = [];
  const together = Map.groupBy(instruments, ({ role }) => coresOf(role)[0]);
  for (const group of together.values()) if (group.length > 1) notes.push(`${namesOf(group)} share a core`);
  if (shared && notes.length === 0)
    notes.push(
      `a quota of ${Number(facts.coresEffective.toFixed(2))} cores is shared by all processes: ${namesOf(instruments)} do not spin`,
    );
  const others = instruments.flatMap(({ role }) => coresOf(role));
  const mixed = coresOf('gateway').some((core) => facts.siblings.get(core)?.some((neighbour) => others.includes(neighbour)));
  if (mixed) notes.push(`the gateway shares a physical core with ${namesOf(instruments, 'or')}, as its hyperthread`);
  return notes;
}

/** `mock LLM and generator`, as they stand on the card. */
function namesOf(instruments: readonly Instrument[], word: 'and' | 'or' = 'and'): string {
  const names = instruments.toReversed().map(({ name }) => name);
  return `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)}`;
}
