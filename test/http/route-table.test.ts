import { describe, expect, it } from 'vitest';
import { parameterCount, RouteTable } from '../../src/http/route-table.ts';

function table(): RouteTable {
  const routes = new RouteTable();
  routes.add('get', '/v1/views/:view');
  routes.add('post', '/v1/streams/orders');
  routes.add('post', '/v1/streams/:stream');
  routes.add('get', '/files/*');
  routes.addWebSocket('/v1/streams/orders/ws');
  return routes;
}

describe('RouteTable', () => {
  it('knows the methods of a path over all patterns that match it', () => {
    expect(table().methodsOf('/v1/views/orders')).toEqual(['GET', 'HEAD']);
    expect(table().methodsOf('/v1/streams/orders')).toEqual(['POST']);
    expect(table().methodsOf('/files/a/b')).toEqual(['GET', 'HEAD']);
    expect(table().methodsOf('/v1/streams/orders/ws')).toEqual(['GET']);
  });

  it('knows no method of an unknown path', () => {
    for (const path of ['/', '/v1/views', '/v1/views/', '/v1/views/a/b', '/nope']) {
      expect(table().methodsOf(path)).toEqual([]);
    }
  });

  it('tells WebSockets apart', () => {
    expect(table().isWebSocket('/v1/streams/orders/ws')).toBe(true);
    expect(table().isWebSocket('/v1/views/orders')).toBe(false);
  });
});

describe('parameterCount', () => {
  it('counts named segments', () => {
    expect(parameterCount('/a/:b/c/:d')).toBe(2);
    expect(parameterCount('/a')).toBe(0);
  });
});
