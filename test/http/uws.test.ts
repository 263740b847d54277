import { describe, expect, it } from 'vitest';
import { MokaError } from '../../src/base/errors.ts';
import { loadUws } from '../../src/http/uws.ts';

describe('loadUws', () => {
  it('loads the binary of this platform', () => {
    expect(typeof loadUws().App).toBe('function');
  });

  it('says in one line what was looked for and what would do', () => {
    const load = (): never => {
      throw new Error("/lib/libc.so.6: version `GLIBC_2.38' not found");
    };
    let error: unknown;
    try {
      loadUws(load);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(MokaError);
    const { code, message } = error as MokaError;
    expect(code).toBe('ERR_NATIVE_MISSING');
    expect(message).not.toContain('\n');
    const major = process.versions.node.split('.')[0];
    expect(message).toContain(`package=@uwsjs/${process.platform}-${process.arch}-${major}`);
    expect(message).toContain(`node=${process.versions.node}`);
    expect(message).toContain('needed=GLIBC_2.38');
    expect(message).toContain('Node 20 runs with glibc');
  });
});
