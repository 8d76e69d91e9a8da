/** Agents on the main thread, with an upstream client of their own. */
import { connect } from '../../transports/client.ts';
import { nowNs } from '../../transports/clock.ts';
import type { Handler, Sink, Turn, TurnEvent } from '../../transports/contract.ts';
import { AgentClock } from '../agents/clock.ts';
import { agentHandler } from '../agents/index.ts';
import { loadAgents } from '../agents/load.ts';
import { marksOf } from '../turn-marks.ts';
import type { Execution, ExecutionServices } from './execution.ts';
import type { HostSettings } from './messages.ts';
import { OwnedCommands } from './owned-commands.ts';

/** Rejects when an agent cannot be loaded. */
export async function inline({ agents, upstream }: HostSettings, services: ExecutionServices): Promise<Execution> {
  const { sessions } = services;
  const loaded = await loadAgents(agents);
  const client = connect(upstream);
  const commands = new OwnedCommands<Turn>(services.startCommand);
  const agent = agentHandler(loaded, {
    upstream: client.handler,
    startCommand: (request, onEvent, of) => commands.start(of, request, onEvent),
    remember: (key, state) => sessions.remember(key, state),
    onAgentError: (turnKey, name, error) => services.onAgentError(turnKey, name, error),
  });
  const handler: Handler = (turn, sink) => {
    const marks = marksOf(turn);
    marks.dispatchedNs = nowNs();
    const session = sessions.open(turn);
    const ended = () => {
      commands.end(turn);
      sessions.done(session);
      marks.returnedNs = nowNs();
    };
    const clock = new AgentClock();
    marks.clock = clock;
    marks.agentStartedNs = clock.startedNs;
    return agent(turn, session, new Ending(sink, ended), clock);
  };
  return { handler, close: () => client.close() };
}

/** Tells of a turn's end. */
class Ending implements Sink {
  readonly #sink: Sink;
  readonly #ended: () => void;

  constructor(sink: Sink, ended: () => void) {
    this.#sink = sink;
    this.#ended = ended;
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (event.type === 'end') this.#ended();
    return this.#sink.push(event, readAtNs);
  }
}
