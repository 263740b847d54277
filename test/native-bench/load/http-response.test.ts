import { describe, expect, it } from 'vitest';
import { INCOMPLETE, ResponseParser } from '../../../native-bench/load/http-response.ts';

const RESPONSE = 'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 12\r\nX: y\r\nCONTENT-LENGTH: 5\r\n\r\nhello';

describe('ResponseParser.parse', () => {
  it('finds status, Retry-After and the body', () => {
    const parser = new ResponseParser();
    const bytes = Buffer.from(`..${RESPONSE}HTTP`);
    expect(parser.parse(bytes, 2, bytes.length)).toBe(2 + RESPONSE.length);
    expect(parser.status).toBe(503);
    expect(parser.retryAfterSeconds).toBe(12);
    expect(parser.isClosing).toBe(false);
    expect(bytes.toString('latin1', parser.bodyStart, parser.bodyEnd)).toBe('hello');
  });

  it('waits for every last byte', () => {
    const parser = new ResponseParser();
    const bytes = Buffer.from(RESPONSE);
    for (let end = 0; end < bytes.length; end++) expect(parser.parse(bytes, 0, end)).toBe(INCOMPLETE);
  });

  it('forgets the headers of the response before', () => {
    const parser = new ResponseParser();
    parser.parse(Buffer.from(RESPONSE), 0, RESPONSE.length);
    const bytes = Buffer.from('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n');
    expect(parser.parse(bytes, 0, bytes.length)).toBe(bytes.length);
    expect(parser.retryAfterSeconds).toBe(0);
    expect(parser.isClosing).toBe(true);
  });
});
