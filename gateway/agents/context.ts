/** What one turn's agent is given. Made for every turn, so it holds references and makes nothing before it is asked to. */
import type { Turn } from '../../transports/contract.ts';
import type { AgentContext, JsonObject, SessionData, StartCommand } from './agent.ts';
import { AgentClock } from './clock.ts';
import type { AgentServices } from './index.ts';
import { copyState } from './state.ts';

export class TurnContext implements AgentContext {
  readonly session: SessionData;
  readonly #services: AgentServices;
  readonly #turn: Turn;
  readonly #clock: AgentClock;

  constructor(services: AgentServices, turn: Turn, session: SessionData, clock = new AgentClock()) {
    this.session = session;
    this.#clock = clock;
    this.#services = services;
    this.#turn = turn;
  }

  get upstream(): AgentContext['upstream'] {
    return (turn, sink) => this.#services.upstream(turn, this.#clock.inference(sink), this.#turn);
  }

  /** In the turn's own workspace and environment, whatever the agent asks for. */
  get startCommand(): StartCommand {
    const { workspace, env } = this.session;
    return (request, onEvent) => this.#services.startCommand({ ...request, workspace, env }, onEvent, this.#turn);
  }

  /** A function of its own, so that an agent may take it apart from its context. */
  get remember(): (state: JsonObject) => void {
    return (state) => {
      const copy = copyState(state);
      // A turn that stands alone has nobody to remember for.
      if (this.session.key !== undefined) this.#services.remember(this.session.key, copy);
    };
  }

  get report(): (error: unknown) => void {
    return (error) => {
      const { key, agent = '' } = this.#turn;
      this.#services.onAgentError(key, agent, error instanceof Error ? error : new Error(`thrown: ${String(error)}`));
    };
  }
}
