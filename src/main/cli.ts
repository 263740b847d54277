import { Command, CommanderError } from 'commander';
import { EXIT_CODES } from '../base/exit-codes.ts';
import { addBench } from './bench.ts';
import { addConfig } from './config.ts';
import { addDoctor } from './doctor.ts';
import { fail } from './failure.ts';
import { addInit } from './init.ts';
import { addLog } from './log.ts';
import { endQuietlyOnClosedPipe, paragraphs } from './output.ts';
import { addReplay } from './replay.ts';
import { addServe } from './serve.ts';
import { packageVersion } from './version.ts';

const INTRODUCTION = `moka takes orders in over HTTP and WebSocket, keeps them on disk, processes each exactly once, in order
per key, and answers questions about them. One process, no broker.`;

const EXAMPLES = `
Start here:
  moka serve                        the coffee shop example on http://127.0.0.1:8080, data in ./data
  moka init my-shop                 a topology of your own to begin with
  cd my-shop && moka serve --config moka.json
  moka doctor                       is this machine fit for it?

moka <command> --help explains a command. Settings: moka config --help`;

/** The command line, from words to exit code. */
export async function run(argv: readonly string[]): Promise<void> {
  endQuietlyOnClosedPipe();
  try {
    await program().parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
    else fail(error);
  }
}

function program(): Command {
  const program = new Command('moka')
    .description(paragraphs(INTRODUCTION))
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain')
    .helpCommand('help [command]', 'explain a command')
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError()
    .exitOverride()
    .configureHelp({ showGlobalOptions: false });
  for (const add of [addServe, addInit, addDoctor, addLog, addReplay, addBench, addConfig]) add(program);
  return program;
}
