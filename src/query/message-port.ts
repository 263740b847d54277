import type { MessagePort } from 'node:worker_threads';
import type { QueryPort } from './protocol.ts';

/** The main thread's end of a message channel to a lane. The owner of the channel closes it. */
export function portOf(port: MessagePort): QueryPort {
  const end: QueryPort = { post: (message) => port.postMessage(message), onMessage: () => {} };
  port.on('message', (message: unknown) => end.onMessage(message));
  return end;
}
