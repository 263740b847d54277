import { afterEach, describe, expect, it, vi } from 'vitest';
import { AssertionError } from '../../src/base/assert.ts';
import { MokaError } from '../../src/base/errors.ts';
import { EXIT_CODES } from '../../src/base/exit-codes.ts';
import { fail } from '../../src/main/failure.ts';

/** What `fail` wrote to stderr and which exit code it set. */
function failWith(error: unknown, isJson = false): { code: unknown; text: string } {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  fail(error, isJson);
  const text = String(write.mock.calls[0]?.[0]);
  write.mockRestore();
  return { code: process.exitCode, text };
}

afterEach(() => {
  process.exitCode = undefined;
});

describe('fail', () => {
  it('tells a supervisor by the exit code what happened', () => {
    expect(failWith(new MokaError('ERR_CONFIG_INVALID', '')).code).toBe(EXIT_CODES.usage);
    expect(failWith(new MokaError('ERR_DATA_OCCUPIED', '')).code).toBe(EXIT_CODES.occupied);
    expect(failWith(new MokaError('ERR_LOG_DAMAGED', '')).code).toBe(EXIT_CODES.damaged);
    expect(failWith(new MokaError('ERR_NATIVE_MISSING', '')).code).toBe(EXIT_CODES.platform);
    expect(failWith(new MokaError('ERR_DATA_UNUSABLE', '')).code).toBe(EXIT_CODES.environment);
    expect(failWith(new AssertionError('x')).code).toBe(EXIT_CODES.bug);
    expect(failWith('x').code).toBe(EXIT_CODES.runtime);
  });

  it('shows message and code of a failure we know, the stack of any other', () => {
    const known = failWith(new MokaError('ERR_PORT_OCCUPIED', 'port=8080 is in use')).text;
    expect(known).toBe('moka: port=8080 is in use [ERR_PORT_OCCUPIED]\n');
    expect(failWith(new Error('odd')).text).toMatch(/^Error: odd\n {4}at /);
  });

  it('shows one line of JSON when asked', () => {
    const { text } = failWith(new MokaError('ERR_PORT_OCCUPIED', 'port=8080 is in use'), true);
    expect(JSON.parse(text)).toEqual({ event: 'error', code: 'ERR_PORT_OCCUPIED', message: 'port=8080 is in use' });
  });
});
