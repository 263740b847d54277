import { describe, expect, it } from 'vitest';
import { ToKeyedViewOperator } from '../../src/operators/to-keyed-view.ts';
import { ToStoredViewOperator } from '../../src/operators/to-stored-view.ts';
import { ToViewOperator } from '../../src/operators/to-view.ts';
import { contextAt, RecordingHost } from './fixtures.ts';

describe('ToViewOperator.push', () => {
  it('tells of a change and stores nothing', () => {
    const host = new RecordingHost();
    new ToViewOperator(host, 3).push('a', 1, undefined, 1);
    expect(host.changes).toEqual([[3, 'a', 1, undefined]]);
    expect(host.rows.size).toBe(0);
  });
});

describe('ToStoredViewOperator.push', () => {
  it('keeps the rows in the store of the view', () => {
    const host = new RecordingHost();
    const view = new ToStoredViewOperator('view:big', contextAt(), host, 0, host.rows);
    view.push('a', 1, undefined, 1);
    view.push('b', 2, undefined, 2);
    view.push('a', undefined, 1, 3);
    expect(host.rows.rows()).toEqual([['b', 2]]);
    expect(host.changes).toEqual([
      [0, 'a', 1, undefined],
      [0, 'b', 2, undefined],
      [0, 'a', undefined, 1],
    ]);
  });
});

describe('ToKeyedViewOperator.push', () => {
  interface Row {
    store: string;
    n: number;
  }
  const keyed = (
    host: RecordingHost,
    key = (row: unknown, id: string) => `${(row as Row).store}/${id}`,
  ): ToKeyedViewOperator => new ToKeyedViewOperator('view:by-store', contextAt(), host, 1, host.rows, key);

  it('shows several rows under keys of their own', () => {
    const host = new RecordingHost();
    const view = keyed(host);
    view.push('1', { store: 'a', n: 1 }, undefined, 1);
    view.push('2', { store: 'a', n: 1 }, undefined, 2);
    view.push('1', { store: 'a', n: 2 }, { store: 'a', n: 1 }, 3);
    view.push('2', undefined, { store: 'a', n: 1 }, 4);
    expect(host.rows.rows()).toEqual([['a/1', { store: 'a', n: 2 }]]);
    expect(host.changes).toEqual([
      [1, 'a/1', { store: 'a', n: 1 }, undefined],
      [1, 'a/2', { store: 'a', n: 1 }, undefined],
      [1, 'a/1', { store: 'a', n: 2 }, { store: 'a', n: 1 }],
      [1, 'a/2', undefined, { store: 'a', n: 1 }],
    ]);
  });

  it('moves a row whose key changes: deletes it under the old key and inserts it under the new one', () => {
    const host = new RecordingHost();
    const view = keyed(host);
    view.push('1', { store: 'a', n: 1 }, undefined, 1);
    view.push('1', { store: 'b', n: 1 }, { store: 'a', n: 1 }, 2);
    expect(host.rows.rows()).toEqual([['b/1', { store: 'b', n: 1 }]]);
    expect(host.changes.slice(1)).toEqual([
      [1, 'a/1', undefined, { store: 'a', n: 1 }],
      [1, 'b/1', { store: 'b', n: 1 }, undefined],
    ]);
  });

  it('refuses a key under which another row is shown', () => {
    const host = new RecordingHost();
    const view = keyed(host, (row) => (row as Row).store);
    view.push('1', { store: 'a', n: 1 }, undefined, 1);
    expect(() => view.push('2', { store: 'a', n: 1 }, undefined, 2)).toThrow('view key=a shows another row');
  });

  it.each([
    ['', 'returned a value of type string; expected a view key: a non-empty string'],
    [undefined, 'returned undefined; expected a view key'],
    ['x'.repeat(513), 'view key bytes=513 max=512'],
    ['ü'.repeat(257), 'view key bytes=514 max=512'],
    ['\ud800', 'view key holds half a surrogate pair'],
  ])('refuses the key %j', (key, reason) => {
    const host = new RecordingHost();
    expect(() => keyed(host, () => key as string).push('1', {}, undefined, 1)).toThrow(reason);
    expect(host.rows.size).toBe(0);
  });

  it.each([['x'.repeat(512)], ['ü'.repeat(256)]])('takes a key of exactly 512 bytes', (key) => {
    const host = new RecordingHost();
    keyed(host, () => key).push('1', {}, undefined, 1);
    expect(host.rows.rows()).toEqual([[key, {}]]);
  });
});
