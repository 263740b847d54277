import { pino } from 'pino';

/** The process's log: one JSON line per message on stderr, so that stdout stays what a command answers. */
export type Logger = ReturnType<typeof createLogger>;

export function createLogger(level: string): ReturnType<typeof pino> {
  return pino({ level, base: { pid: process.pid } }, pino.destination({ dest: 2, sync: true }));
}
