/** A command, awaited. */
import type { CommandRequest, CommandResult, RunningCommand, StartCommand } from './agent.ts';

export interface CommandEnd {
  readonly result: CommandResult;
  /** Of its output, beyond the configured bound. */
  readonly droppedBytes: number;
}

export interface CommandCallbacks {
  signal: AbortSignal;
  onOutput(text: string): void;
  /** Unless it was refused at once. @returns what to do when it has ended */
  onStarted?(command: RunningCommand): () => void;
}

/** Resolves when the command is gone, also when `signal` has cancelled it. */
export function runCommand(start: StartCommand, request: CommandRequest, callbacks: CommandCallbacks): Promise<CommandEnd> {
  const { signal, onOutput, onStarted } = callbacks;
  const { promise, resolve } = Promise.withResolvers<CommandEnd>();
  let over = false;
  let onEnded: (() => void) | undefined;
  const command = start(request, (event) => {
    if (event.type === 'output') return onOutput(event.text);
    over = true;
    onEnded?.();
    resolve({ result: event.result, droppedBytes: event.outputDroppedBytes ?? 0 });
  });
  if (over) return promise;
  const cancel = () => command.cancel();
  const forget = onStarted?.(command);
  onEnded = () => {
    signal.removeEventListener('abort', cancel);
    forget?.();
  };
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
  return promise;
}
