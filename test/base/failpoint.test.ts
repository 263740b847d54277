import { afterEach, describe, expect, it } from 'vitest';
import { failpoint, handlerFromEnvironment, setFailpointHandler } from '../../src/base/failpoint.ts';

afterEach(() => {
  setFailpointHandler(null);
});

describe('failpoint', () => {
  it('does nothing without a handler', () => {
    expect(() => failpoint('log.before-write')).not.toThrow();
  });

  it('calls the handler that is installed, which may throw, until another takes its place', () => {
    const passed: string[] = [];
    const first = (name: string): void => void passed.push(name);
    expect(setFailpointHandler(first)).toBeNull();
    failpoint('a');
    expect(
      setFailpointHandler(() => {
        throw new Error('crash');
      }),
    ).toBe(first);
    expect(() => failpoint('b')).toThrow('crash');
    expect(passed).toEqual(['a']);
  });
});

describe('handlerFromEnvironment', () => {
  const killsAt = (text: string, names: readonly string[]): number => {
    let killedAt = -1;
    let index = 0;
    const handler = handlerFromEnvironment(text, () => {
      killedAt = index;
    });
    for (const name of names) {
      handler?.(name);
      index += 1;
    }
    return killedAt;
  };

  it('kills at the nth passing of the named point, and no other', () => {
    const names = ['ack.before', 'log.before-write', 'ack.before', 'ack.before'];
    expect(killsAt('ack.before:2', names)).toBe(2);
    expect(killsAt('ack.before:1', names)).toBe(0);
    expect(killsAt('ack.before', names)).toBe(0);
    expect(killsAt('ack.before:4', names)).toBe(-1);
    expect(killsAt('ack', names)).toBe(-1);
  });

  it('is null when nothing is asked for', () => {
    expect(handlerFromEnvironment(undefined)).toBeNull();
    expect(handlerFromEnvironment('')).toBeNull();
  });
});
