import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../src/base/assert.ts';
import { MokaError } from '../../src/base/errors.ts';
import { exitReasonOf } from '../../src/main/failure.ts';

describe('exitReasonOf', () => {
  it('tells apart what a supervisor must tell apart', () => {
    expect(exitReasonOf(new MokaError('ERR_CONFIG_INVALID', ''))).toBe('usage');
    expect(exitReasonOf(new MokaError('ERR_TOPOLOGY_LOAD', ''))).toBe('usage');
    expect(exitReasonOf(new MokaError('ERR_DATA_OCCUPIED', ''))).toBe('occupied');
    expect(exitReasonOf(new MokaError('ERR_PORT_OCCUPIED', ''))).toBe('occupied');
    expect(exitReasonOf(new MokaError('ERR_LOG_DAMAGED', ''))).toBe('damaged');
    expect(exitReasonOf(new MokaError('ERR_NATIVE_MISSING', ''))).toBe('platform');
    expect(exitReasonOf(new MokaError('ERR_DATA_UNUSABLE', ''))).toBe('environment');
  });

  it('calls a broken assertion a bug and anything else a failure', () => {
    expect(exitReasonOf(new AssertionError('x'))).toBe('bug');
    expect(exitReasonOf(new Error('x'))).toBe('runtime');
    expect(exitReasonOf('x')).toBe('runtime');
  });
});
