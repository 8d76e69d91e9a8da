import { describe, expect, it } from 'vitest';
import { processSample } from './process-sample.ts';

const files = (stat: string, status: string) => (path: string) => ({ '/proc/7/stat': stat, '/proc/7/status': status })[path];

describe('what a process uses', () => {
  it('is read from what Linux tells, whatever the process calls itself', () => {
    const stat = '7 (a ) R 1 (b) S 6 7 7 0 -1 4194304 11893 0 12 0 250 50 3 4 20 0 11 0 1599 1 2 3';
    expect(processSample(7, files(stat, 'Name:\tx\nVmRSS:\t  102400 kB\n'))).toEqual({
      cpuNs: 3e9,
      computing: false,
      heapUsedBytes: 0,
      externalBytes: 0,
      rssBytes: 104_857_600,
    });
    expect(processSample(7, files(stat.replace(') S', ') R'), 'VmRSS:\t1 kB\n'))?.computing).toBe(true);
  });

  it('is nothing where there is no such process, or it has no memory any more', () => {
    expect(processSample(8, files('', ''))).toBeUndefined();
    expect(processSample(7, files('7 (x) Z 1', 'Name:\tx\n'))).toBeUndefined();
  });
});
