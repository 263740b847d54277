import { describe, expect, it } from 'vitest';
import { parseAfter } from '../../src/query/position.ts';

describe('parseAfter', () => {
  it('reads partition, offset and epoch', () => {
    expect(parseAfter('1:42', 2)).toEqual([{ partition: 1, offset: 42, epoch: -1 }]);
    expect(parseAfter('1:42:3', 2)).toEqual([{ partition: 1, offset: 42, epoch: 3 }]);
    expect(parseAfter('0:9007199254740991', 1)).toEqual([{ partition: 0, offset: Number.MAX_SAFE_INTEGER, epoch: -1 }]);
  });

  it('reads positions of several partitions', () => {
    expect(parseAfter('0:1,1:2:5', 2)).toEqual([
      { partition: 0, offset: 1, epoch: -1 },
      { partition: 1, offset: 2, epoch: 5 },
    ]);
  });

  const form = 'after is not <partition>:<offset> or <partition>:<offset>:<epoch>';
  it.each([
    ['', form],
    ['1', form],
    ['1:', form],
    ['1:-1', form],
    ['1:1.5', form],
    ['1:1:1:1', form],
    [' 1:1', form],
    ['1:1,', form],
    ['1e1:1', form],
    ['2:1', 'after names no partition: partition=2 partitions=2'],
    ['0:1,0:2', 'after names a partition twice: partition=0'],
    ['0:9007199254740992', 'after offset=9007199254740992 is not an offset'],
  ])('refuses %j', (text, message) => {
    expect(() => parseAfter(text, 2)).toThrow(expect.objectContaining({ code: 'ERR_VIEW_QUERY', message }));
  });
});
