#!/usr/bin/env node
/**
 * Starts the command line under a Node that can run it. Plain JavaScript for any Node since 18, because an old Node
 * is exactly what it is for: in a clone it finds the one that `make install` put into tools/node, and runs itself
 * there. In a clone the TypeScript sources run, in an installed package their JavaScript.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** As in package.json's engines. */
const NODE_MIN = { major: 24, minor: 12 };
const PARENT_CHECK_MS = 500;
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

const sources = new URL('../bench/cli.ts', import.meta.url);
const built = new URL('../dist/bench/cli.js', import.meta.url);
const isClone = existsSync(sources);
const ownNode = fileURLToPath(new URL('../tools/node/node_modules/.bin/node', import.meta.url));

if (isClone && !existsSync(new URL('../node_modules', import.meta.url))) {
  fail('nothing is installed yet; run `make install` in the clone');
} else if (isNewEnough(process.versions.node)) {
  endWithNpx(() => process.kill(process.pid, 'SIGTERM'));
  await import((isClone ? sources : built).href);
} else if (isClone && existsSync(ownNode) && process.execPath !== ownNode) {
  runUnder(ownNode);
} else {
  const remedy = isClone ? 'run `make install` in the clone, which brings one' : 'install a newer one';
  fail(`needs Node ${NODE_MIN.major}.${NODE_MIN.minor} or newer, this is ${process.versions.node}; ${remedy}`);
}

/** @param {string} version */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > NODE_MIN.major || (major === NODE_MIN.major && minor >= NODE_MIN.minor);
}

/** @param {string} node */
function runUnder(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  endWithNpx(() => child.kill('SIGTERM'));
  child.once('error', (error) => fail(`${node} could not be started: ${error.message}`));
  // A terminal sends Ctrl-C to the child as well: passed on, it would arrive twice, and twice means "at once".
  const atTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of SIGNALS) process.on(signal, () => (signal === 'SIGINT' && atTerminal) || child.kill(signal));
  child.once('exit', (code, signal) => {
    for (const name of SIGNALS) process.removeAllListeners(name);
    if (signal === null) process.exitCode = code ?? 1;
    // Ends as the child did, so that a shell sees it.
    else process.kill(process.pid, signal);
  });
}

/**
 * npx starts commands through a shell, and a signal ends that shell without reaching the command. So where npx
 * started us, a parent that is gone means that we shall end.
 * @param {() => void} end
 */
function endWithNpx(end) {
  if (process.env.npm_command !== 'exec') return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    end();
  }, PARENT_CHECK_MS);
  timer.unref();
}

/** @param {string} message */
function fail(message) {
  process.stderr.write(`gatebench: ${message}\n`);
  process.exitCode = 1;
}
