/**
 * The claims that are put to the test, as they were published: the blog post "WebSocket Codex & Thread-Bound Agents: The
 * Future of OpenClaw 2026" of 2026-03-01 (in Chinese) has this table, said to come from the release event. It gives no
 * method: neither what was measured nor where, under which load, or with which lengths.
 *
 * What is measured for each, and under which condition, was declared here before anything was. Latency is `turn`, with
 * `ttft` beside it. Overhead is divided by the wire, which keeps it below 100 % as the published figures suggest. CPU
 * utilisation is the gateway's share of its cores at one load offered to all arms; beside it stands CPU per token, which
 * at one load has the same ratio, and is not moved by how many tokens happen to fall into the window.
 */
import type { Claim } from '../../reports/report.ts';
import { CLAIM_GRID } from '../../scenarios/claims.ts';
import type { CellConditions } from './cells.ts';

export interface PublishedClaim {
  /** What decides. */
  measure: string;
  claimed: Claim['claimed'];
  /** All that it is read by, what decides first. */
  measures: readonly string[];
  /** By which the ladder tells the factors apart; `undefined` where it cannot. */
  ladderMeasure?: string;
  headline: CellConditions;
}

const HEADLINE: CellConditions = { link: 'mixed', roundTripsMs: [20], tls: true, tpotMs: 20, tokensPerChunk: 1, others: {} };
/** Sessions share the gateway's processor: what it does is of all round-trip times together. */
const SHARED: CellConditions = { ...HEADLINE, roundTripsMs: CLAIM_GRID.roundTripsMs };
/** A link would give out before the gateway, and what it delays is taken off the lag that is looked at. */
const STRAIGHT: CellConditions = { ...HEADLINE, link: 'none', roundTripsMs: [0] };

export const PUBLISHED: readonly PublishedClaim[] = [
  {
    measure: 'turn',
    claimed: { unit: 'ms', http: 850, websocket: 320, improvement: 0.62 },
    measures: ['turn', 'ttft'],
    ladderMeasure: 'turn',
    headline: HEADLINE,
  },
  {
    measure: 'tokenOverhead',
    claimed: { unit: 'fraction', http: 0.15, websocket: 0.03, improvement: 0.8 },
    measures: ['tokenOverhead', 'tokenOverheadOfContent'],
    ladderMeasure: 'bytesPerToken',
    headline: HEADLINE,
  },
  {
    measure: 'concurrency',
    claimed: { unit: 'streams', http: 50, websocket: 200, improvement: 3 },
    measures: ['concurrency'],
    headline: STRAIGHT,
  },
  {
    measure: 'cpuShare',
    claimed: { unit: 'fraction', http: 0.78, websocket: 0.45, improvement: 0.42 },
    measures: ['cpuShare', 'cpuPerToken'],
    ladderMeasure: 'cpuPerToken',
    headline: SHARED,
  },
];
