import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MokaError } from '../../src/base/errors.ts';
import { loadUws } from '../../src/http/uws.ts';

const BINARY = `@uwsjs/${process.platform}-${process.arch}-${process.versions.node.split('.')[0]}`;

describe('loadUws', () => {
  it('loads the binary of this platform', () => {
    expect(typeof loadUws().App).toBe('function');
  });

  it('says in one line what was looked for and what would do', () => {
    const { code, message } = refusal("/lib/libc.so.6: version `GLIBC_2.38' not found");
    expect(code).toBe('ERR_NATIVE_MISSING');
    expect(message).not.toContain('\n');
    expect(message).toContain(`package=${BINARY}`);
    expect(message).toContain(`node=${process.versions.node}`);
    expect(message).toContain('needed=GLIBC_2.38');
    expect(message).toContain('Node 20 runs with glibc');
    expect(message).not.toContain('installed=');
  });

  it('says that the binary is not installed', () => {
    const { message } = refusal(`Cannot find module '${BINARY}'\nRequire stack:\n- uws.js`);
    expect(message).not.toContain('\n');
    expect(message).toContain('installed=no');
  });

  it('names the override that package.json has', () => {
    const { overrides } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const version = overrides['@uwsjs/linux-x64-22'];
    expect(refusal('').message).toContain(`"overrides": {"@uwsjs/linux-x64-22": "${version}"}`);
  });
});

function refusal(reason: string): MokaError {
  try {
    loadUws(() => {
      throw new Error(reason);
    });
  } catch (error) {
    if (error instanceof MokaError) return error;
    throw error;
  }
  throw new Error('loaded');
}
