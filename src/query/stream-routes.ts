import type { HttpServer } from '../http/server.ts';
import { mergedObject, type PlanNode, planOf } from '../record/schema-plan.ts';
import type { StreamSpec } from '../topology/compiled.ts';

export const STREAMS_PATH = '/v1/streams';

/** What streams there are and how to send to them; fixed for the life of the process. */
export function registerStreamRoutes(server: HttpServer, streams: readonly StreamSpec[]): void {
  const body = { streams: streams.map(describeStream) };
  server.route('get', STREAMS_PATH, (exchange) => exchange.sendJson(200, body));
}

export function describeStream(stream: StreamSpec): object {
  const path = `${STREAMS_PATH}/${encodeURIComponent(stream.name)}`;
  return {
    name: stream.name,
    ...(stream.description !== undefined && { description: stream.description }),
    key: stream.keyField,
    guarantee: stream.guarantee,
    durability: stream.durability,
    identities: stream.identities.map(({ field, appliesTo }) => ({
      field,
      appliesTo: appliesTo === null ? 'all' : 'some',
    })),
    eventTime: stream.eventTimeField,
    maxFutureSkewMs: stream.maxFutureSkewMs,
    schema: stream.schema,
    recordFields: recordFields(stream),
    links: { event: path, batch: `${path}/batch`, ws: `${path}/ws` },
  };
}

/**
 * The order of the members in a msgpack record, for every object in it, by path: `''` is the event, `/items/*` an
 * element of its items. Empty for a stream that takes no records.
 */
export function recordFields(stream: StreamSpec): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  collectFields(planOf(stream.schema), '', fields);
  return fields[''] === undefined ? {} : fields;
}

function collectFields(node: PlanNode, path: string, into: Record<string, string[]>): void {
  if (node.kind === 'array') collectFields(node.item, `${path}/*`, into);
  if (node.kind !== 'object' && node.kind !== 'variants') return;
  const { members } = mergedObject(node);
  into[path] = members.map((member) => member.name);
  for (const member of members) collectFields(member.node, `${path}/${pointerPart(member.name)}`, into);
}

/** RFC 6901. */
function pointerPart(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
