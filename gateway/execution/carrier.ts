/** What a unit is carried by: a thread or a process, seen from the main thread. */
import type { FromHost, HostSettings, ToHost, TurnTask } from './messages.ts';
import type { UnitSample } from './unit.ts';

export interface CarrierEvents {
  message(message: FromHost): void;
  /** The turn could not be handed to it. */
  refused(turn: number, error: Error): void;
  /** It ended, asked or not; nothing comes from it any more. */
  gone(error: Error): void;
}

export interface Carrier {
  readonly kind: 'thread' | 'process';
  /** As Node and the operating system number it; `null` where that is not known, or there is no such thing. */
  readonly threadId: number | null;
  readonly osThreadId: number | null;
  /** 0 until it is known. */
  readonly pid: number;
  /** Resolves when it can take turns. Called once. */
  begin(settings: HostSettings, events: CarrierEvents): Promise<void>;
  run(task: TurnTask): void;
  post(message: ToHost): void;
  /** A batch of its events has been delivered. */
  delivered(): void;
  /** From here on it belongs to one agent. */
  becomeOwn(): void;
  /** The turn whose code it entered last; 0: none. */
  lastEntered(): number;
  /** Whether it has been computing for a while, and so is no place for a turn that could go elsewhere. */
  computing(): boolean;
  /** As `Unit` has it. */
  osCpuNs(): number | null;
  sample(timeoutMs: number): Promise<UnitSample | undefined>;
  /** Ends it, whatever it does. Resolves when it is gone, which may take as long as a native call does. */
  end(): Promise<void>;
}
