/** Helpers of the transport tests: every leg that can be built, collecting sinks, scripted handlers, certificates. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CONNECTIONS,
  ENVELOPES,
  type EndEvent,
  type Handler,
  type Running,
  type Sink,
  TRANSPORTS,
  type Turn,
  type TurnEvent,
} from '../contract.ts';
import { legProblem } from '../registry.ts';
import type { Leg } from '../wire.ts';

export const VALID_LEGS: readonly Leg[] = TRANSPORTS.flatMap((transport) =>
  ENVELOPES.flatMap((envelope) => CONNECTIONS.map((connection) => ({ transport, envelope, connection }))),
).filter((leg) => legProblem(leg) === undefined);

export function legName(leg: Leg): string {
  return `${leg.transport}/${leg.envelope}/${leg.connection}`;
}

export function turn(over: Partial<Turn> = {}): Turn {
  return { key: 'k', model: 'm', input: [{ role: 'user', content: 'hello' }], want: { phases: false }, ...over };
}

/** Keeps what is pushed, and says when the end is there. */
export class Collector implements Sink {
  readonly events: TurnEvent[] = [];
  readonly readAtNs: number[] = [];
  takes = true;
  readonly done: Promise<EndEvent>;
  onEvent: (event: TurnEvent) => void = () => {};
  #settle!: (end: EndEvent) => void;

  constructor() {
    this.done = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    this.events.push(event);
    this.readAtNs.push(readAtNs);
    if (event.type === 'end') this.#settle(event);
    this.onEvent(event);
    return this.takes;
  }

  get text(): string {
    return this.events.map((event) => (event.type === 'text' ? event.text : '')).join('');
  }

  get ends(): number {
    return this.events.filter((event) => event.type === 'end').length;
  }
}

export function run(handler: Handler, over: Partial<Turn> = {}): { sink: Collector; running: Running } {
  const sink = new Collector();
  return { sink, running: handler(turn(over), sink) };
}

export const COMPLETED: EndEvent = {
  type: 'end',
  outcome: { kind: 'completed', finish: 'stop' },
  usage: { inputTokens: 3, outputTokens: 2 },
  responseId: 'r1',
};

/** A handler that pushes these events at once. */
export function says(...events: TurnEvent[]): Handler {
  return (_turn, sink) => {
    for (const event of events) sink.push(event, 0);
    return { resume() {}, cancel() {} };
  };
}

/** A turn that its test drives by hand. */
export interface Driven {
  turn: Turn;
  sink: Sink;
  cancels: number;
  resumes: number;
}

/** A handler whose turns wait for the test; a cancelled one ends as the contract says. */
export function driven(): { handler: Handler; turns: Driven[]; next: () => Promise<Driven> } {
  const turns: Driven[] = [];
  const waiting: ((turn: Driven) => void)[] = [];
  let handed = 0;
  const handler: Handler = (turn, sink) => {
    const one: Driven = { turn, sink, cancels: 0, resumes: 0 };
    turns.push(one);
    const waiter = waiting.shift();
    if (waiter) {
      handed += 1;
      waiter(one);
    }
    return {
      resume() {
        one.resumes += 1;
      },
      cancel() {
        one.cancels += 1;
        sink.push({ type: 'end', outcome: { kind: 'cancelled' } }, 0);
      },
    };
  };
  const next = () => {
    const there = turns[handed];
    if (there) {
      handed += 1;
      return Promise.resolve(there);
    }
    return new Promise<Driven>((resolve) => waiting.push(resolve));
  };
  return { handler, turns, next };
}

/** Polls until the condition holds; the test's own timeout is the bound. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

let certificate: { key: string; cert: string } | undefined;

/** A certificate for localhost, made once a process. */
export function testCertificate(): { key: string; cert: string } {
  if (certificate) return certificate;
  const folder = mkdtempSync(join(tmpdir(), 'gatebench-cert-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        '-days',
        '2',
        ...subject,
      ],
      {
        stdio: 'ignore',
      },
    );
    certificate = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
    return certificate;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
