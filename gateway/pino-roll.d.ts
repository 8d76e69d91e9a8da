/** pino-roll has no types of its own: the part of it that is used here. */
declare module 'pino-roll' {
  import type { pino } from 'pino';

  interface RollOptions {
    /** Its number goes before the extension: `gateway.log` becomes `gateway.1.log`. */
    file: string;
    /** After this a new file is begun: `20000b`, `64k`, `10m`. */
    size: string;
    mode: number;
    sync: boolean;
    /** Characters held while they cannot be written. */
    maxLength: number;
  }

  export default function roll(options: RollOptions): Promise<ReturnType<typeof pino.destination> & { file: string }>;
}
