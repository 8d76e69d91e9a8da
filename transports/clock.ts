/**
 * The one clock: CLOCK_MONOTONIC in nanoseconds, comparable across the threads and processes of a host.
 *
 * `performance.now()` counts the same clock from the thread's own start, a little cheaper than `process.hrtime.bigint()`
 * and without a BigInt to collect for every read of every socket. Where its zero lies is found once, from the closest
 * of many pairs of readings: to within about 0.1 µs. A double holds nanoseconds exactly up to 2^53 (104 days of uptime).
 */
const originNs = findOriginNs();

export function nowNs(): number {
  return originNs + Math.round(performance.now() * 1e6);
}

function findOriginNs(): number {
  let narrowestNs = Number.POSITIVE_INFINITY;
  let foundNs = 0;
  for (let reading = 0; reading < 64; reading += 1) {
    const before = performance.now() * 1e6;
    const monotonicNs = Number(process.hrtime.bigint());
    const after = performance.now() * 1e6;
    if (after - before >= narrowestNs) continue;
    narrowestNs = after - before;
    foundNs = monotonicNs - (before + after) / 2;
  }
  return Math.round(foundNs);
}
