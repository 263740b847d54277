import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { EXIT_CODES } from '../base/exit-codes.ts';
import { endProcess } from '../engine/end-process.ts';
import type { Engine } from '../engine/engine.ts';
import { exitReasonOf } from '../engine/failure-cell.ts';
import { banner } from './banner.ts';
import { type ConfigFlags, configOf, withEngineFlags } from './config-options.ts';
import { checkThreadPool } from './doctor-checks.ts';
import { fail } from './failure.ts';
import { painter, paragraphs, printJson, printLine } from './output.ts';

const DESCRIPTION = `start the engine: take orders in, process them, answer questions

Without flags it runs the coffee shop example with its data in ./data, on loopback: port 8080 takes events
and answers queries, port 8081 shows health and metrics.
Ctrl-C (SIGINT) or SIGTERM drains: nothing new is taken in, what was taken in is answered, state is saved,
then it ends with 0. A second one stops at once; nothing acknowledged is lost by that either.`;

export function addServe(program: Command): void {
  withEngineFlags(program.command('serve'))
    .description(paragraphs(DESCRIPTION))
    .summary('start the engine; without flags the coffee shop example')
    .option('--json', 'print one line of JSON when orders can be taken, instead of the hints')
    .action(serve);
}

async function serve(flags: ConfigFlags): Promise<void> {
  const config = configOf(flags);
  const stop = stopSignals();
  // here and not on top: the other commands work, and explain, where a native binary does not load
  const { createEngine } = await import('../engine/engine.ts');
  const engine = await createEngine(config.topology || coffeeShop(), config).catch(endStillborn);
  if (flags.json) printJson({ event: 'ready', url: engine.url, adminUrl: engine.adminUrl, pid: process.pid });
  else printBanner(engine);
  const signal = await stop;
  if (!flags.json) printLine(`${signal}: draining; once more stops at once`);
  await end(engine);
}

/** Some of an engine that did not come up may still be there; a supervisor waits for the process to end. */
function endStillborn(error: unknown): never {
  fail(error);
  endProcess(exitReasonOf(error));
  throw error;
}

function coffeeShop(): string {
  return fileURLToPath(new URL('../examples/coffee-shop/topology.js', import.meta.url));
}

/** The first SIGTERM or SIGINT, also one that comes while the engine starts; the second ends the process. */
function stopSignals(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isStopping = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        // Not process.exit: that waits for threads, and one of them may be the reason for the second signal.
        if (isStopping) process.kill(process.pid, 'SIGKILL');
        isStopping = true;
        resolve(signal);
      });
    }
  });
}

/** A clean end is an end: whatever would still hold the event loop is not waited for. */
async function end(engine: Engine): Promise<void> {
  try {
    await engine.close();
    process.exitCode = EXIT_CODES.ok;
  } catch (error) {
    fail(error);
  }
  if (process.stdout.writableLength > 0) await once(process.stdout, 'drain');
  process.exit();
}

function printBanner(engine: Engine): void {
  const paint = painter(process.stdout);
  for (const line of banner(engine, paint)) printLine(line);
  const { verdict, found, advice } = checkThreadPool(engine.config.partitions);
  if (verdict !== 'ok') printLine(paint('yellow', `${found}: ${advice}`));
}
