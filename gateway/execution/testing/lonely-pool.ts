/** A process with a pool of processes: says the id of one of these, and does nothing more. */
import { units } from './units.ts';

const { act } = await units('process');
const { sink } = act('where', { session: 's' });
await sink.done;
process.stdout.write(`${Number.parseInt(sink.text, 10)}\n`);
setInterval(() => {}, 60_000);
