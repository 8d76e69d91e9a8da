/**
 * A gateway that was started with `--cpu-prof` has its threads and processes profiled too: they start with arguments
 * of their own, so what its command line asks for does not reach them by itself.
 *
 * V8's profiler is driven through the inspector, which Node's permission model closes, and whoever has the inspector
 * can undo the model. So agents of a profiled gateway are not contained at all: the gateway says so when it starts,
 * and nobody who serves strangers profiles like this.
 */

/** `--cpu-prof`, `--cpu-prof-dir=…`, `--cpu-prof-interval=…`, `--cpu-prof-name=…`. */
const PROFILING = /^--cpu-prof(?:-|$)/;

/**
 * For the arguments of a thread or process; none where the gateway is not profiled.
 * @param own what this process was started with.
 */
export function profilingArguments(own: readonly string[] = process.execArgv): string[] {
  if (!isProfiled(own)) return [];
  const inspector = ['--allow-inspector'].filter((flag) => process.allowedNodeEnvironmentFlags.has(flag));
  return [...own.filter((word) => PROFILING.test(word)), ...inspector, '--disable-warning=SecurityWarning'];
}

export function isProfiled(own: readonly string[] = process.execArgv): boolean {
  return own.includes('--cpu-prof');
}
