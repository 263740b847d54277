import type { LoggedEvent, SentEvent, Violation } from './ledger.ts';
import type { Target } from './producer.ts';
import type { Scenario } from './scenario.ts';

/**
 * Sends acknowledged events once more over HTTP: each must be answered with its first position, as a duplicate.
 *
 * @param placeOf where the log holds them
 */
export async function probeDuplicates(
  target: Target,
  scenario: Scenario,
  events: readonly SentEvent[],
  placeOf: ReadonlyMap<number, LoggedEvent>,
): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const event of events) {
    const place = placeOf.get(event.number);
    const isByHeader = !scenario.hasNaturalIdentity(event.value);
    // Without an id of its own only what was sent with a header can be sent with the same identity again.
    if (place === undefined || (isByHeader && !event.producer.startsWith('http'))) continue;
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (isByHeader) headers['idempotency-key'] = `"event-${event.number}"`;
    const url = `http://${target.host}:${target.port}/v1/streams/${event.stream}`;
    const response = await fetch(url, { method: 'POST', headers, body: Buffer.from(event.content, 'latin1') });
    const text = await response.text();
    const answer = response.ok ? (JSON.parse(text) as { duplicate: boolean; partition: number; offset: number }) : null;
    if (answer?.duplicate && answer.partition === place.partition && answer.offset === place.offset) continue;
    const detail = `event=${event.number} at=${place.partition}:${place.offset} sent again: ${response.status} ${text}`;
    violations.push({ kind: answer?.duplicate === false ? 'duplicated' : 'answer', detail });
  }
  return violations;
}
