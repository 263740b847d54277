import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/base/error-catalogue.ts';
import { openApiOf } from '../../src/query/openapi.ts';
import { defineTopology } from '../../src/topology/builder.ts';

const Order = Type.Object({ orderId: Type.String(), totalCents: Type.Integer({ minimum: 0 }) });

const topology = defineTopology('shop', (t) => {
  t.stream('orders', { schema: Order, key: 'orderId', id: 'orderId', description: 'Orders as they come in.' })
    .toTable('order-table', (_, order) => order)
    .toView('orders', { schema: Order });
});

interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; required?: boolean; schema: unknown }[];
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>;
  requestBody?: { content: Record<string, { schema: unknown }> };
}

/** As a client reads it: what does not survive JSON is not there. */
const document = JSON.parse(JSON.stringify(openApiOf(topology))) as {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
  'x-problems': { code: string; status: number; retryable: boolean }[];
};

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

function referencesIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) => (name === '$ref' ? [value as string] : referencesIn(value)));
}

describe('openApiOf', () => {
  it('says which API it describes', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: 'shop', version: topology.version });
  });

  it('has a path for everything that can be asked', () => {
    expect(operations.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'post /v1/streams/orders',
      'post /v1/streams/orders/batch',
      'get /v1/streams/orders/ws',
      'get /v1/views/orders',
      'get /v1/views/orders/{key}',
      'get /v1/views/orders/changes',
      'get /v1/views/orders/ws',
      'get /v1/streams',
      'get /v1/views',
      'get /openapi.json',
      'get /livez',
      'get /readyz',
      'get /metrics',
    ]);
  });

  it('has the schemas that events are checked against', () => {
    const [stream] = topology.streams;
    expect(document.components.schemas['Event.orders']).toEqual(JSON.parse(JSON.stringify(stream?.schema)));
    expect(document.components.schemas['Row.orders']).toMatchObject({ properties: { totalCents: { minimum: 0 } } });
    const post = document.paths['/v1/streams/orders']?.['post'];
    expect(post?.requestBody?.content['application/json']?.schema).toEqual({
      $ref: '#/components/schemas/Event.orders',
    });
  });

  it('refers to nothing that is not there', () => {
    const names = new Set(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`));
    expect(referencesIn(document).filter((reference) => !names.has(reference))).toEqual([]);
  });

  it('gives every operation a name of its own and every response a description', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of operations) {
      const statuses = Object.keys(operation.responses);
      expect(statuses.some((status) => ['101', '200', '201'].includes(status))).toBe(true);
      for (const status of statuses) {
        expect(status).toMatch(/^[1-5]\d\d$/);
        expect(operation.responses[status]?.description).not.toBe('');
      }
    }
  });

  it('declares the parameters in its paths, and each once', () => {
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const parameters = operation.parameters ?? [];
      const declared = parameters.filter((parameter) => parameter.in === 'path');
      expect(declared.map(({ name }) => name)).toEqual(inPath);
      expect(declared.every(({ required }) => required)).toBe(true);
      expect(new Set(parameters.map(({ name }) => name)).size).toBe(parameters.length);
    }
  });

  it('lists every problem with the status it has', () => {
    expect(document['x-problems'].map(({ code }) => code)).toEqual(Object.keys(ERRORS));
    for (const { operation } of operations) {
      for (const [status, response] of Object.entries(operation.responses)) {
        const schema = response.content?.['application/problem+json']?.schema as
          | { allOf: [unknown, { properties: { code: { enum: (keyof typeof ERRORS)[] } } }] }
          | undefined;
        for (const code of schema?.allOf[1].properties.code.enum ?? [])
          expect(String(ERRORS[code].status)).toBe(status);
      }
    }
  });
});
