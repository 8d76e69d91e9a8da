/** Deeds that take memory, up to a bound, and hold it. */
import { type Deed, forTime, MEMORY_MAX_BYTES } from './deed.ts';

const MB = 1024 ** 2;

/** Not among the types that this project compiles with. */
interface WithWebAssembly {
  WebAssembly: { Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer } };
}

/** Holds what is kept here for as long as the thread or process lives. */
const kept: unknown[] = [];

function hold(take: () => unknown): Deed {
  return async () => {
    kept.push(take());
    await forTime();
    return 'was let';
  };
}

function pieces(make: () => unknown): unknown[] {
  return Array.from({ length: MEMORY_MAX_BYTES / MB }, make);
}

export const memory: Readonly<Record<string, Deed>> = {
  array: hold(() => {
    const all: number[] = [];
    while (all.length < MEMORY_MAX_BYTES / 8) all.push(1);
    return all;
  }),
  objects: hold(() => {
    let list: { list: unknown } | undefined;
    for (let count = 0; count < MEMORY_MAX_BYTES / 32; count += 1) list = { list };
    return list;
  }),
  buffers: hold(() => pieces(() => Buffer.alloc(MB, 1))),
  /** Node 26.10 cannot write a string of more than 2^28 characters as JSON, and takes that for being out of memory. */
  'give-up': () => String(JSON.stringify(Buffer.alloc(300_000_000, 'x').toString('latin1')).length),
  /** Half of it shared, half of WebAssembly. Ends by itself: where it is not seen, nobody stops it. */
  outside: () => {
    const { WebAssembly } = globalThis as typeof globalThis & WithWebAssembly;
    const wasm = new WebAssembly.Memory({ initial: (150 * MB) / 65_536 });
    new Uint8Array(wasm.buffer).fill(1);
    kept.push(
      wasm,
      Array.from({ length: 150 }, () => new Uint8Array(new SharedArrayBuffer(MB)).fill(1)),
    );
    return new Promise((resolve) => {
      setTimeout(() => {
        kept.length = 0;
        resolve('300 MB held');
      }, 1_500);
    });
  },
};
