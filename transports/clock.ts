/**
 * The one clock: CLOCK_MONOTONIC in nanoseconds, comparable across the threads and processes of a host.
 * A double holds nanoseconds exactly up to 2^53 (104 days of uptime); beyond that it is off by 1 ns.
 */
export function nowNs(): number {
  return Number(process.hrtime.bigint());
}
