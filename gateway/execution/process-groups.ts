/** The process groups that this process has started and must not outlive it, also where it ends without closing anything. */

const alive = new Set<number>();

export const groups = {
  add(leader: number): void {
    if (alive.size === 0) process.on('exit', killAll);
    alive.add(leader);
  },
  delete(leader: number): void {
    alive.delete(leader);
    if (alive.size === 0) process.off('exit', killAll);
  },
};

/** The group lives as long as any member; when none is left, there is nobody to signal. */
export function killGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // Gone.
  }
}

function killAll(): void {
  for (const leader of alive) killGroup(leader, 'SIGKILL');
}
