/**
 * What the mock LLM says: prose, code and a little of other scripts, in the proportions of a coding agent's replies.
 * It is real text, since bytes a token, JSON escapes and compressibility decide what a token costs on a wire;
 * a repeated word would flatter compression and hide every multi-byte character.
 */
export const CORPUS = `The gateway sits between the client and the model, and most of what it does is wait. A request comes in, its token is checked, a place in the queue is found, and then nothing happens for half a second while the model reads the prompt. After that the words arrive one at a time. Each of them is a handful of bytes, yet each is read from one socket, parsed, renamed, and written to another, and those two system calls are most of what the machine is paid for.

It helps to follow a single token. The engine finishes a step and hands the token to its own server, which wraps it in a few hundred bytes of JSON. The kernel copies the result into a segment, sends it across the loopback or the network, and wakes whoever sleeps at the other end. If sixty streams finish the same step, sixty small segments leave together; a reader that shares one connection among them sees a single large read instead, and is woken once. That is the whole secret of multiplexing, and it only works when the arrivals line up.

Suppose we want to know how long the queue was. The honest way is to write the time down when the turn goes in and again when it comes out, on the same clock, and to keep every sample. An average would hide the one request in a hundred that waited behind a long job, and that is the request somebody will complain about.

\`\`\`ts
interface Waiting<T> {
  readonly item: T;
  readonly sinceMs: number;
}

export class BoundedQueue<T> {
  readonly #items: Waiting<T>[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new RangeError(\`limit must be a positive integer, got \${limit}\`);
    }
    this.#limit = limit;
  }

  /** Returns false when the queue is full; the caller decides what that means. */
  offer(item: T, nowMs: number): boolean {
    if (this.#items.length >= this.#limit) return false;
    this.#items.push({ item, sinceMs: nowMs });
    return true;
  }

  take(nowMs: number): { item: T; waitedMs: number } | undefined {
    const first = this.#items.shift();
    return first && { item: first.item, waitedMs: nowMs - first.sinceMs };
  }
}
\`\`\`

Two details matter here. First, \`offer\` never throws: a full queue is an ordinary answer, and the caller turns it into a 429 with a \`Retry-After\` header. Second, the clock is an argument, so the test can say exactly what time it is:

\`\`\`ts
test('reports how long an item waited', () => {
  const queue = new BoundedQueue<string>(2);
  assert.equal(queue.offer("first", 1_000), true);
  assert.equal(queue.offer("second", 1_250), true);
  assert.equal(queue.offer("third", 1_300), false);
  assert.deepEqual(queue.take(1_500), { item: "first", waitedMs: 500 });
});
\`\`\`

I ran the suite after the change: 214 passed, 0 failed, in 3.8 s. The only file that changed is \`src/queue.ts\`; nothing imports its internals, so the public interface stays as it was. Here is what I would look at next, in this order:

1. **Measure before tuning.** Record the queue's length once a second for ten minutes under the usual load, then again at twice the load.
2. **Separate the causes.** A long queue may come from slow workers, from too few of them, or from one client that sends everything at once.
3. **Set the limit from the deadline.** If a turn may take at most 30 seconds and a worker finishes 4 a second, more than 120 waiting turns can only end in time-outs.

The log from last night shows the third case quite clearly:

\`\`\`
2026-11-03T02:14:07.331Z WARN  queue depth=118 limit=120 oldest_ms=29140
2026-11-03T02:14:07.902Z ERROR turn 5f2c91 timed out after 30000 ms (waited 29702, ran 298)
2026-11-03T02:14:08.015Z INFO  worker 3 took turn a81d07 {"agent":"codex","tokens":412}
\`\`\`

Nearly all of the time went into waiting, hardly any into work. Adding workers would not help on this machine, because both cores were busy already; turning the excess away at once would have. A client that hears "no" after a millisecond can try somewhere else. A client that hears it after thirty seconds has lost thirty seconds.

Names and greetings should survive the journey unharmed, whatever alphabet they are written in. Zoë, François and Jürgen meet in a café in Malmö; the bill is 27,50 € each, the naïve résumé of the evening is "très agréable", and the señora at the next table asks whether the piñata is already empty. In Tokyo the same message reads 「こんにちは、世界」, in Beijing 你好，世界, in Seoul 안녕하세요, in Athens Καλημέρα κόσμε, and in Kyiv Привіт, світе. The deployment channel adds its own vocabulary: 🚀 for a release, ✅ when the checks are green, 🔥 when they are not, 👩‍💻 for whoever is on call, 🪿 for a silly mistake and 🧯 for the one who repaired it. A few family names need rarer characters, such as 𠮷野 or 龘, and so does a formula like 𝛼 ≤ 𝛽. A decoder that cuts a character in the middle shows a black diamond in its place, so the pieces have to be joined before they are shown.

Here is the same idea as a shell script, for machines that have no runtime installed:

\`\`\`sh
#!/bin/sh
set -eu
threshold=\${1:-100}
while sleep 5; do
  depth=$(curl -fsS "http://127.0.0.1:9464/metrics" | awk '/^queue_depth/ { print $2 }')
  if [ "\${depth%.*}" -ge "$threshold" ]; then
    printf '%s\\tdepth=%s\\n' "$(date -u +%FT%TZ)" "$depth" >> /var/log/queue-alerts.tsv
  fi
done
\`\`\`

And as a query, if the samples already are in a table:

\`\`\`sql
SELECT date_trunc('minute', at) AS minute,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY waited_ms) AS p99_ms,
       count(*) FILTER (WHERE outcome = 'timed_out') AS timed_out
FROM turns
WHERE at >= now() - interval '1 hour'
GROUP BY 1
ORDER BY 1;
\`\`\`

One more remark about fairness. When a single client may fill the whole queue, everybody else pays for it, and no percentile over all clients will show who did. Give each client a share, say a quarter of the places, and count what was turned away under the client's name. The code for it is ten lines; the discussion about whose share should be larger usually takes longer than that.

To sum up: the wait is now visible, the limit follows from the deadline, and a full queue answers immediately. I left the worker pool alone. If you want, I can prepare the load test for the staging environment next, with the traffic of the busiest hour of the last week played back at double speed.

`;
