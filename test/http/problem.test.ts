import { describe, expect, it } from 'vitest';
import { problemOf } from '../../src/http/problem.ts';

describe('problemOf', () => {
  it('has a stable type, the catalogue entry and a request id of its own', () => {
    const first = problemOf('ERR_HTTP_TOO_LARGE', 'body bytes=2 max=1');
    expect(first).toMatchObject({
      type: 'urn:moka:problem:http-too-large',
      title: 'Body too large',
      status: 413,
      code: 'ERR_HTTP_TOO_LARGE',
      detail: 'body bytes=2 max=1',
      retryable: false,
    });
    expect(problemOf('ERR_HTTP_TOO_LARGE', '').requestId).not.toBe(first.requestId);
  });

  it('adds members and cuts a detail that is too long', () => {
    const problem = problemOf('ERR_OVERLOAD_BOX', 'x'.repeat(2000), { retryAfterMs: 1500 });
    expect(problem).toMatchObject({ retryAfterMs: 1500, retryable: true });
    expect(problem.detail.length).toBe(513);
  });
});
