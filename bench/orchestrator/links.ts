/**
 * The run's emulated links, as its trials use them: aimed at the arm's gateway before each, asked afterwards how late
 * they were. One process has one link for every round-trip time that some arm of the run has.
 */
import { type LinkControl, LinkControlError, type LinksReady } from '../link/control.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { LinkUse } from '../trial.ts';
import { type Child, ChildError } from './children.ts';

/** What the links of one trial did beside delaying. */
export interface LinkFacts {
  roundTripsMs: readonly number[];
  /** Actual − due time of every delivery, of all the trial's links, both ways. */
  lateness: LatencyHistogram;
  /** Connections that did not reach the gateway. */
  refused: number;
}

export class Links {
  readonly child: Child<LinksReady>;
  readonly #control: LinkControl;
  readonly #uses: readonly LinkUse[];

  constructor(child: Child<LinksReady>, control: LinkControl, uses: readonly LinkUse[]) {
    this.child = child;
    this.#control = control;
    this.#uses = uses;
  }

  /** The links of these round-trip times, in their order. @throws when there is none of one: a defect of the caller. */
  of(roundTripsMs: readonly number[]): LinkUse[] {
    return roundTripsMs.map((wanted) => {
      const use = this.#uses.find(({ roundTripMs }) => roundTripMs === wanted);
      if (!use) throw new Error(`this run has no link of ${wanted} ms`);
      return use;
    });
  }

  /** They lead to this port from now on, and count anew. @throws ChildError */
  aim(uses: readonly LinkUse[], port: number): Promise<void> {
    return this.#ask(async (control) => {
      for (const { name } of uses) await control.setTarget(name, { host: '127.0.0.1', port });
      await control.clear();
    });
  }

  /** Since they were aimed. @throws ChildError */
  facts(uses: readonly LinkUse[]): Promise<LinkFacts> {
    return this.#ask(async (control) => {
      const { links } = await control.stats();
      const used = links.filter(({ name }) => uses.some((use) => use.name === name));
      const ways = used.flatMap(({ toTarget, toClient }) => [toTarget, toClient]);
      return {
        roundTripsMs: uses.map(({ roundTripMs }) => roundTripMs),
        lateness: LatencyHistogram.merge(ways.map(({ error }) => LatencyHistogram.decode(error.histogram))),
        refused: used.reduce((sum, { connections }) => sum + connections.refused, 0),
      };
    });
  }

  async #ask<T>(what: (control: LinkControl) => Promise<T>): Promise<T> {
    try {
      return await what(this.#control);
    } catch (error) {
      throw error instanceof LinkControlError ? new ChildError(error.message) : error;
    }
  }
}
