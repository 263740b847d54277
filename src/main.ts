import { run } from './main/cli.ts';

/** The program behind the command `moka`; `moka.cts` starts it. */
run(process.argv);
