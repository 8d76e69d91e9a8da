/** What a run tells while it goes on, on standard error: one line redrawn on a terminal, a line an event elsewhere. */
export interface Progress {
  /** Under way: shown until the next; in lines mode only when `what` is a new step. */
  step(done: number, total: number, what: string): void;
  /** Something that a reader should not miss. */
  note(text: string): void;
  end(): void;
}

export function makeProgress(
  mode: 'live' | 'lines' | 'none',
  write: (text: string) => void = (text) => void process.stderr.write(text),
  clock: () => number = () => performance.now(),
): Progress {
  const startMs = clock();
  const seconds = () => `${((clock() - startMs) / 1_000).toFixed(0)} s`;
  if (mode === 'none') return { step() {}, note() {}, end() {} };
  if (mode === 'lines') {
    return {
      step: (done, total, what) => write(`[${seconds()}] ${done}/${total} ${what}\n`),
      note: (text) => write(`[${seconds()}] ${text}\n`),
      end() {},
    };
  }
  const clear = '\r\x1b[2K';
  return {
    step(done, total, what) {
      const width = 20;
      const filled = Math.round((width * done) / Math.max(1, total));
      const room = Math.max(20, (process.stderr.columns ?? 80) - width - 18);
      write(`${clear}${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${seconds().padStart(6)}  ${what.slice(0, room)}`);
    },
    note: (text) => write(`${clear}${text}\n`),
    end: () => write(clear),
  };
}
