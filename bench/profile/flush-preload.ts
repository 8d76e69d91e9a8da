/**
 * Loaded into a gateway under clinic's doctor or bubbleprof, before anything else of it. Both write down the rest of
 * what they saw when a process is about to end by itself, never when it calls `process.exit`, as a gateway does that
 * has drained: bubbleprof then makes a page of nothing. So the first call gives them the time to write.
 */

/** They call `process.exit` themselves when they have written. */
const FLUSH_LIMIT_MS = 10_000;

// In clinic's own process, which has the same NODE_OPTIONS, there is nothing to do.
if (process.env.NODE_CLINIC_BUBBLEPROF_DATA_PATH || process.env.NODE_CLINIC_DOCTOR_DATA_PATH) {
  const exit = process.exit;
  process.exit = (code) => {
    process.exit = exit;
    if (code !== undefined) process.exitCode = code;
    process.emit('beforeExit', Number(process.exitCode ?? 0));
    setTimeout(exit, FLUSH_LIMIT_MS);
    // Nothing may go on as if the process were gone; what called gets no answer.
    return undefined as never;
  };
}
