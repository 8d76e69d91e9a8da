/** The cells of a run in which published claims can be read: conditions under which both published ends were measured. */
import { BEST_HTTP, HTTP_MODE, WEBSOCKET_MODE } from '../../scenarios/ends.ts';
import type { Arm } from '../arms.ts';
import { isLinked, otherConditions, roundTripsOf, roundTripWords } from '../conditions.ts';
import type { ArmData } from '../orchestrator/arm-data.ts';
import type { Gathered } from '../orchestrator/summarise.ts';
import type { Scenario } from '../scenario.ts';

export interface CellConditions {
  /** Over an emulated link of the cell's own, over one of several that a trial mixes, or straight to the gateway. */
  link: 'own' | 'mixed' | 'none';
  /** Several where sessions of all of them are read together. */
  roundTripsMs: readonly number[];
  tls: boolean;
  /** `null` where the scenario leaves it to a profile. */
  tpotMs: number | null;
  tokensPerChunk: number;
  /** Whatever else an arm may have. */
  others: Readonly<Record<string, string | number | boolean>>;
}

export interface Cell {
  scenario: Scenario;
  conditions: CellConditions;
  http: ArmData;
  /** HTTP that streams on kept connections, where it was measured too. */
  best: ArmData | undefined;
  websocket: ArmData;
}

export function cellsOf(run: readonly Gathered[]): Cell[] {
  return run
    .filter(({ data }) => data.scenario.claims)
    .flatMap(({ data: { scenario }, byArm }) => {
      const ends = groupEnds([...byArm.values()], ({ arm }) => arm);
      return ends.map(({ http, best, websocket }): Cell => {
        return { scenario, conditions: conditionsOf(http.arm, http.role !== 'plain', scenario), http, best, websocket };
      });
    });
}

/** Both ends, and the best HTTP where it is there, for each set of conditions that has both. */
export function groupEnds<T>(all: readonly T[], armOf: (one: T) => Arm): { http: T; best: T | undefined; websocket: T }[] {
  const alike = Map.groupBy(all, (one) => JSON.stringify(otherConditions(armOf(one).conditions)));
  return [...alike.values()].flatMap((arms) => {
    const find = (path: string) => arms.find((one) => pathOf(armOf(one)) === path);
    const [http, best, websocket] = [HTTP_MODE, BEST_HTTP, WEBSOCKET_MODE].map(find);
    return http && websocket ? [{ http, best, websocket }] : [];
  });
}

/** An arm's id without its conditions. */
export function pathOf({ id }: Pick<Arm, 'id'>): string {
  return id.split('@', 1)[0]!;
}

/** @param mixed whether the arm is a mix of round-trip times, or part of one. */
export function conditionsOf({ conditions }: Pick<Arm, 'conditions'>, mixed: boolean, { model }: Pick<Scenario, 'model'>): CellConditions {
  const { tls: _tls, rttMs: _rtt, tokensPerChunk: _chunk, ...others } = otherConditions(conditions);
  const roundTripsMs = roundTripsOf(conditions);
  return {
    link: mixed || roundTripsMs.length > 1 ? 'mixed' : isLinked(conditions) ? 'own' : 'none',
    roundTripsMs,
    tls: conditions.tls,
    tpotMs: model.tpotMs ?? null,
    tokensPerChunk: conditions.tokensPerChunk,
    others,
  };
}

/** `round trip 20 ms, TLS, 20 ms a token, 1 token a chunk`. */
export function conditionWords({ link, roundTripsMs, tls, tpotMs, tokensPerChunk, others }: CellConditions): string {
  const parts = [
    link === 'none' ? 'no link' : `${roundTripWords(roundTripsMs)}${roundTripsMs.length > 1 ? ' mixed' : ''}`,
    ...unlinkedWords({ tls, tpotMs, tokensPerChunk, others }),
  ];
  return parts.join(', ');
}

/** The same without the link. */
export function unlinkedWords({ tls, tpotMs, tokensPerChunk, others }: Omit<CellConditions, 'link' | 'roundTripsMs'>): string[] {
  return [
    tls ? 'TLS' : 'no TLS',
    ...(tpotMs === null ? [] : [`${tpotMs} ms a token`]),
    tokensPerChunk === 1 ? '1 token a chunk' : `${tokensPerChunk} tokens a chunk`,
    ...Object.entries(others).map(([name, value]) => `${name}=${value}`),
  ];
}

/** What the model takes for a reply whose times are not drawn, and how many tokens that is. */
export function replyOf({ model, workload }: Pick<Scenario, 'model' | 'workload'>): { ms: number; tokens: number } | undefined {
  const { ttftMs, tpotMs, jitter, stalls } = model;
  const { outputTokens } = workload;
  if (ttftMs === undefined || tpotMs === undefined || jitter !== 'off' || stalls !== 'off' || outputTokens.kind !== 'fixed')
    return undefined;
  return { ms: ttftMs + (outputTokens.value - 1) * tpotMs, tokens: outputTokens.value };
}
