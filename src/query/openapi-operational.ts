import type { ApiNode } from './openapi.ts';
import { jsonResponse } from './openapi-responses.ts';

/** Paths that are the same whatever the topology. */
export function operationalPaths(): ApiNode {
  return {
    '/v1/streams': {
      get: listOperation('streams', 'Streams, their schemas, keys, guarantees and the field order of their records'),
    },
    '/v1/views': { get: listOperation('views', 'Views and their schemas') },
    '/openapi.json': { get: operation('openapi', 'This document', jsonResponse('OpenAPI 3.1', { type: 'object' })) },
    '/livez': { get: operation('livez', 'The process answers', TEXT) },
    '/readyz': { get: { ...operation('readyz', 'Orders are taken', TEXT), responses: { 200: TEXT, 503: TEXT } } },
    '/metrics': { get: operation('metrics', 'Prometheus exposition', TEXT) },
  };
}

const TEXT = jsonResponse('Text for a person or a scraper', { type: 'string' }, 'text/plain');

function operation(operationId: string, summary: string, response: ApiNode): ApiNode {
  return { tags: ['operation'], operationId, summary, responses: { 200: response } };
}

function listOperation(what: 'streams' | 'views', summary: string): ApiNode {
  const list = {
    type: 'object',
    properties: { [what]: { type: 'array', items: { type: 'object' } } },
    required: [what],
  };
  return { ...operation(what, summary, jsonResponse(summary, list)), tags: [what] };
}
