/**
 * autocannon as a second opinion on whole replies in a closed loop, which is what it is good at: no rate is asked of it,
 * so nothing is corrected for one. Its times come one by one from its `response` event.
 */
import autocannon from 'autocannon';
import { ENVELOPE_BY_NAME } from '../../transports/envelopes/index.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import { type Ran, serveTrials } from './generator-process.ts';

await serveTrials(async (spec, task): Promise<Ran> => {
  const { host, port, leg } = spec.client;
  const envelope = ENVELOPE_BY_NAME[leg.envelope];
  const turn = {
    key: '',
    model: spec.workload.model,
    input: [{ role: 'user' as const, content: task.message(0, 0) }],
    want: { phases: false },
  };
  const turnTimes = new LatencyHistogram();
  let failed = 0;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const cannon = autocannon(
      {
        url: `http://${host}:${port}${envelope.path}`,
        method: 'POST',
        headers: { 'content-type': envelope.requestType },
        body: envelope.writeRequest(turn, { stream: false, websocket: false }),
        connections: task.users,
        duration: (task.untilMs - performance.now()) / 1e3,
      },
      (error, value) => (error ? reject(error) : resolve(value)),
    );
    cannon.on('response', (_client, status, _bytes, timeMs) => {
      if (status === 200) turnTimes.recordUs(timeMs * 1e3);
      else failed += 1;
    });
  });
  if (failed > 0 || result.errors > 0) throw new Error(`autocannon saw ${failed} replies that were not 200 and ${result.errors} errors`);
  return { turns: result.requests.total, bytesRead: result.throughput.total, bytesWritten: 0, turnTimes };
});
