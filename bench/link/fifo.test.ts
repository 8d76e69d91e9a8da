import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fifo } from './fifo.ts';

test('gives back what it was given, in order, whenever it is asked', () => {
  // Far more is pushed than taken now and then, so that taken places are reused and moved over.
  const action = fc.oneof(
    fc.record({ push: fc.integer({ min: 1, max: 90 }) }),
    fc.record({ shift: fc.integer({ min: 1, max: 90 }) }),
    fc.constant('clear'),
    fc.constant('replace'),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const fifo = new Fifo<number>();
      let model: number[] = [];
      let count = 0;
      for (const action of actions) {
        if (action === 'clear') {
          fifo.clear();
          model = [];
        } else if (action === 'replace') {
          if (model.length > 0) {
            fifo.replaceHead(-1);
            model[0] = -1;
          }
        } else if (typeof action === 'object' && 'push' in action) {
          for (let n = 0; n < action.push; n += 1) {
            fifo.push(count);
            model.push(count);
            count += 1;
          }
        } else if (typeof action === 'object') {
          for (let n = 0; n < action.shift; n += 1) expect(fifo.shift()).toBe(model.shift());
        }
        expect([fifo.length, fifo.head]).toEqual([model.length, model[0]]);
      }
    }),
  );
});
