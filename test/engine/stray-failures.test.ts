import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { AssertionError, assert } from '../../src/base/assert.ts';
import { MokaError } from '../../src/base/errors.ts';
import { StrayFailures } from '../../src/engine/stray-failures.ts';

/** A lane as it stands when it is open: replayed through `processedOffset`, saved through `savedOffset`. */
function lane(processedOffset: number, savedOffset: number) {
  const checkpointer = {
    savedOffset,
    forced: 0,
    force: () => {
      checkpointer.forced += 1;
    },
  };
  return { partition: { processedOffset, checkpointer } };
}

function failures(...lanes: ReturnType<typeof lane>[]) {
  const reports: string[] = [];
  const failed: unknown[] = [];
  const strays = new StrayFailures(
    lanes,
    (text) => reports.push(text),
    (error) => failed.push(error),
  );
  return { strays, reports, failed };
}

/** As it is thrown at this line of a file. */
function thrownAt(path: string, message = 'too late'): Error {
  const error = new Error(message);
  error.stack = `Error: ${message}\n    at node:internal/timers:1:1\n    at bite (file://${path}:3:5)\n    at listOnTimeout (node:internal/timers:573:17)`;
  return error;
}

const ours = (file: string): string => fileURLToPath(new URL(`../../src/${file}`, import.meta.url));

describe('StrayFailures.onUncaught', () => {
  it('fails with what was thrown and where when nothing was replayed', () => {
    const { strays, reports, failed } = failures(lane(-1, -1), lane(7, 7));
    strays.onUncaught(thrownAt('/shop/topology.js'));
    expect(reports).toEqual([]);
    expect(failed[0]).toBeInstanceOf(MokaError);
    const { code, message } = failed[0] as MokaError;
    expect(code).toBe('ERR_OPERATOR_STRAY');
    expect(message).toMatch(/^user code failed outside of an event; .*too late[\s\S]*\/shop\/topology\.js:3:5/);
  });

  it('reports once, and asks for a checkpoint of what was replayed, until that is saved', () => {
    const replayed = lane(9, 4);
    const saved = lane(7, 7);
    const { strays, reports, failed } = failures(saved, replayed);
    strays.onUncaught(thrownAt('/shop/topology.js'));
    strays.onUncaught(thrownAt('/shop/topology.js'));
    expect([reports.length, failed.length]).toEqual([1, 0]);
    expect(reports[0]).toContain('/shop/topology.js:3:5');
    expect([saved, replayed].map(({ partition }) => partition.checkpointer.forced)).toEqual([0, 2]);
    // what came in since the start does not have to be saved
    replayed.partition.processedOffset = 12;
    replayed.partition.checkpointer.savedOffset = 8;
    strays.onUncaught(thrownAt('/shop/topology.js'));
    expect(failed).toEqual([]);
    replayed.partition.checkpointer.savedOffset = 9;
    strays.onUncaught(thrownAt('/shop/topology.js'));
    expect(failed.map((error) => (error as MokaError).code)).toEqual(['ERR_OPERATOR_STRAY']);
  });

  it.each([
    ['our own code', thrownAt(ours('log/node-file.ts'))],
    [
      'a package that our own code called',
      thrownAt(`/app/node_modules/lmdb/index.js:1:1)\n    at put (${ours('store/lmdb.ts')}`),
    ],
    ['a failed assertion', assertion()],
  ])('fails with it as it is when it was thrown by %s', (_, error) => {
    const { strays, failed } = failures(lane(9, 4));
    strays.onUncaught(error);
    expect(failed).toEqual([error]);
  });

  it.each([
    ['an example', thrownAt(ours('examples/coffee-shop/topology.ts'))],
    ['a package that a topology called', thrownAt('/app/node_modules/dayjs/index.js')],
    ['user code that an operator called', thrownAt(`/shop/topology.js:1:1)\n    at push (${ours('operators/map.ts')}`)],
    ['nobody, with text', 'text'],
    ['nobody, with nothing', undefined],
    ['nobody, with an object of no class', Object.create(null)],
  ])('takes for user code what was thrown by %s', (_, error) => {
    const { strays, reports } = failures(lane(9, 4));
    strays.onUncaught(error);
    expect(reports).toHaveLength(1);
  });
});

function assertion(): unknown {
  try {
    assert(false, 'broken');
  } catch (error) {
    expect(error).toBeInstanceOf(AssertionError);
    return error;
  }
  return null;
}
