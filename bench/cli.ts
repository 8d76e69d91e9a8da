/**
 * The command line, and the composition root: the one place that knows which parts there are. Each command loads
 * what it needs when it is called, so that `--help` does not wait for a load generator.
 */
import { benchCommand } from './command/bench.ts';
import { type Command, processIo } from './command/command.ts';
import { gatewayCommand } from './command/gateway.ts';
import { runCommand } from './command/main.ts';
import { reportCommand } from './command/report.ts';
import { schemaCommand } from './command/schema.ts';

const bench = benchCommand({
  async catalogue() {
    const { DEFAULT_SCENARIOS, SCENARIOS } = await import('../scenarios/index.ts');
    return { scenarios: SCENARIOS, defaults: DEFAULT_SCENARIOS };
  },
  async run(options) {
    const { runBench } = await import('./orchestrator/run.ts');
    return runBench(options);
  },
});

const status: Command = {
  name: 'status',
  summary: 'show how a running gateway is, its threads, or what is wrong with it',
  async run(argv, io) {
    const { runStatus } = await import('./command/status.ts');
    return runStatus(argv, io);
  },
};

const run: Command = {
  name: 'run',
  summary: 'run one command by an agent in a thread of its own',
  async run(argv, io) {
    const { runByAgent } = await import('./command/run.ts');
    return runByAgent(argv, io);
  },
};

const profile: Command = {
  name: 'profile',
  summary: 'show where a gateway’s time goes: flame graphs of every thread, under a scenario’s load',
  async run(argv, io) {
    const [{ runProfile }, { SCENARIOS }] = await Promise.all([import('./command/profile.ts'), import('../scenarios/index.ts')]);
    return runProfile(argv, io, SCENARIOS);
  },
};

const upstream: Command = {
  name: 'upstream',
  summary: 'run the mock LLM alone, for other people’s gateways',
  async run(argv) {
    const { runUpstream } = await import('./upstream/cli.ts');
    return runUpstream(argv);
  },
};

process.exitCode = await runCommand(
  [bench, profile, reportCommand, gatewayCommand, status, run, upstream, schemaCommand],
  process.argv.slice(2),
  processIo(),
);
