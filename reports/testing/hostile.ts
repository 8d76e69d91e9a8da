/** A report in which every free text tries to break out of whatever it is put into. */
import type { Report } from '../report.ts';
import { exampleReport } from './example.ts';

export const HOSTILE =
  '<script>alert(1)</script><img src=x onerror=alert(2)> "\'&amp; ]]> | `x` **b** [l](http://evil.example) @here #1 \u0000\u001b[31m\u202e\nnext\ud800';

/** Fields that are no free text: the schema allows only certain values, or others refer to them. */
const FIXED = new Set(['verdict', 'unit', 'statistic', 'bound', 'among', 'startedAt', 'schemaVersion', 'histograms']);

/** Ids of arms, conditions and measures stay equal among themselves, since all texts get the same tail. */
export function hostileReport(): Report {
  return spoil(exampleReport()) as Report;
}

function spoil(value: unknown, key = ''): unknown {
  if (FIXED.has(key)) return value;
  if (typeof value === 'string') return `${value} ${HOSTILE}`;
  if (Array.isArray(value)) return value.map((item) => spoil(item, key));
  if (typeof value !== 'object' || value === null) return value;
  const spoilKeys = key === 'codes' || key === 'parameters' || key === 'meanMs';
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [spoilKeys ? `${name}${HOSTILE}` : name, spoil(child, name)]));
}
