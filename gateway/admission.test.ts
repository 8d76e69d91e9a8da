import { describe, expect, it } from 'vitest';
import type { Turn } from '../transports/contract.ts';
import { COMPLETED, run, says } from '../transports/testing/legs.ts';
import { type AdmissionPolicy, admission } from './admission.ts';

const POLICY: AdmissionPolicy = { defaultAgent: 'codex', allowedAgents: ['codex'], execution: 'inline', executions: ['inline'] };

async function admit(policy: Partial<AdmissionPolicy>, turn: Partial<Turn>) {
  const passed: Turn[] = [];
  const handler = admission({ ...POLICY, ...policy }, (inner, sink) => {
    passed.push(inner);
    return says(COMPLETED)(inner, sink);
  });
  const { outcome } = await run(handler, turn).sink.done;
  return { outcome, passed: passed[0] };
}

describe('admission', () => {
  it('settles agent and execution', async () => {
    expect((await admit({}, {})).passed).toMatchObject({ agent: 'codex', execution: 'inline', model: 'm' });
    const both = await admit({ executions: ['inline', 'thread'] }, { agent: 'codex', execution: 'thread' });
    expect(both.passed).toMatchObject({ agent: 'codex', execution: 'thread' });
  });

  it.each([
    ['agents that are not allowed', {}, { agent: 'subagent' }, 404, 'model_not_found', 'agent'],
    ['models that are not served', { models: ['a'] }, { model: 'b' }, 404, 'model_not_found', 'model'],
    ['executions without override', {}, { execution: 'thread' }, 400, 'execution_not_allowed', 'execution'],
  ] as const)('refuses %s', async (_what, policy, turn, status, code, param) => {
    const { outcome, passed } = await admit(policy, turn);
    expect(outcome).toMatchObject({ kind: 'refused', status, code, param });
    expect(passed).toBeUndefined();
  });

  it('lets every model pass where none is listed', async () => {
    expect((await admit({}, { model: 'any/thing' })).outcome.kind).toBe('completed');
  });
});
