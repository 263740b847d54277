/**
 * Named places where a crash is worth trying: between write, flush, ack, hand-over and checkpoint commit. In production
 * a fail point is one comparison with null. With `MOKA_FAILPOINT="<name>:<nth>"` in the environment the process kills
 * itself with SIGKILL the nth time (from 1) this thread passes that point; a simulation installs its own handler, which may
 * throw to end the simulated process there.
 */
export type FailpointHandler = (name: string) => void;

let handler: FailpointHandler | null = handlerFromEnvironment(process.env['MOKA_FAILPOINT']);

export function failpoint(name: string): void {
  if (handler !== null) handler(name);
}

/** Installs a handler for this thread, `null` for none; returns the one before it. */
export function setFailpointHandler(next: FailpointHandler | null): FailpointHandler | null {
  const previous = handler;
  handler = next;
  return previous;
}

/** The handler that a `MOKA_FAILPOINT` value asks for; `kill` is replaced in tests. */
export function handlerFromEnvironment(
  text: string | undefined,
  kill: () => void = killProcess,
): FailpointHandler | null {
  if (text === undefined || text === '') return null;
  const separator = text.lastIndexOf(':');
  const name = separator < 0 ? text : text.slice(0, separator);
  const nth = separator < 0 ? 1 : Number(text.slice(separator + 1));
  let passed = 0;
  return (passing) => {
    if (passing === name && ++passed === nth) kill();
  };
}

function killProcess(): void {
  process.kill(process.pid, 'SIGKILL');
}
