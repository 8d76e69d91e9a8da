import { expect, test } from 'vitest';
import { FAULT_FORMS, parseFault } from './fault.ts';

test('each form has its example', () => {
  const examples: Record<(typeof FAULT_FORMS)[number], [string, object]> = {
    'error-before': ['error-before', { kind: 'error-before' }],
    'status@429': ['status@429', { kind: 'status', status: 429 }],
    'status@503': ['status@503', { kind: 'status', status: 503 }],
    'error-mid@TOKENS': ['error-mid@17', { kind: 'error-mid', afterTokens: 17 }],
    'stall@TOKENS:MS': ['stall@10:2500', { kind: 'stall', afterTokens: 10, ms: 2_500 }],
    'disconnect@TOKENS': ['disconnect@0', { kind: 'disconnect', afterTokens: 0 }],
    'oversize@BYTES': ['oversize@110000000', { kind: 'oversize', bytes: 110_000_000 }],
    'slow@FACTOR': ['slow@2.5', { kind: 'slow', factor: 2.5 }],
    hang: ['hang', { kind: 'hang' }],
  };
  for (const form of FAULT_FORMS) {
    const [text, fault] = examples[form];
    expect(parseFault(text)).toEqual(fault);
  }
});

test.each([
  '',
  'hang@1',
  'error-before@',
  'status',
  'status@500',
  'status@429:1',
  'error-mid',
  'error-mid@',
  'error-mid@-1',
  'error-mid@1.5',
  'stall@5',
  'stall@5:',
  'stall@5:1:2',
  'stall@5:3600001',
  'oversize@0',
  'oversize@200000001',
  'slow@0',
  'slow@0.001',
  'slow@1001',
  'slow@fast',
  'explode',
])('%j is none', (text) => {
  expect(parseFault(text)).toBeUndefined();
});
