import { ERRORS, type ErrorCode } from '../base/error-catalogue.ts';
import type { StreamSpec, ViewSpec } from '../topology/compiled.ts';
import { operationalPaths } from './openapi-operational.ts';
import { componentSchemas, eventSchemaName, rowSchemaName } from './openapi-schemas.ts';
import { streamPaths } from './openapi-streams.ts';
import { viewPaths } from './openapi-views.ts';

export interface ApiSource {
  readonly name: string;
  readonly version: string;
  readonly streams: readonly StreamSpec[];
  readonly views: readonly ViewSpec[];
}

/** Any part of an OpenAPI document. */
export type ApiNode = { readonly [member: string]: unknown };

/**
 * The OpenAPI 3.1 description of the HTTP API, from the very schemas that events are checked against. Every stream and
 * view has paths of its own, so that a generated client has types of its own.
 */
export function openApiOf(source: ApiSource): ApiNode {
  const { streams, views } = source;
  return {
    openapi: '3.1.0',
    info: {
      title: source.name,
      version: source.version,
      description: 'Durable order intake and stream processing: events go in, views are read and watched.',
    },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    tags: [{ name: 'streams' }, { name: 'views' }, { name: 'operation' }],
    paths: {
      ...merged(streams.map((stream) => streamPaths(stream, eventSchemaName(stream)))),
      ...merged(views.map((view) => viewPaths(view, rowSchemaName(view)))),
      ...operationalPaths(),
    },
    components: { schemas: componentSchemas(streams, views) },
    'x-problems': problemCatalogue(),
  };
}

/** Every `code` a problem can bear. */
function problemCatalogue(): ApiNode[] {
  return (Object.keys(ERRORS) as ErrorCode[]).map((code) => {
    const { status, title, isRetryable } = ERRORS[code];
    return { code, status, title, retryable: isRetryable };
  });
}

function merged(parts: readonly ApiNode[]): ApiNode {
  return Object.assign({}, ...parts) as ApiNode;
}
