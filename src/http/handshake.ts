import type { ErrorCode } from '../base/error-catalogue.ts';
import type { HeaderPair, RawRequest } from './server.ts';

/** Why a request is no handshake (RFC 6455, 4.2.1); the server itself looks at the length of the key only. */
export interface HandshakeFault {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly headers: readonly HeaderPair[];
}

const VERSION = '13';
/** Sixteen bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

export const UPGRADE_HEADERS = [
  ['Upgrade', 'websocket'],
  ['Sec-WebSocket-Version', VERSION],
] as const;

export function handshakeFault(request: Pick<RawRequest, 'getHeader'>): HandshakeFault | null {
  if (!hasToken(request.getHeader('upgrade'), 'websocket')) return upgradeRequired('this path is a WebSocket');
  if (request.getHeader('sec-websocket-version') !== VERSION) {
    return upgradeRequired(`Sec-WebSocket-Version must be ${VERSION}`);
  }
  if (!hasToken(request.getHeader('connection'), 'upgrade')) return bad('Connection must have Upgrade');
  if (!KEY.test(request.getHeader('sec-websocket-key'))) return bad('Sec-WebSocket-Key must be 16 bytes in base64');
  return null;
}

function hasToken(list: string, token: string): boolean {
  return list.split(',').some((each) => each.trim().toLowerCase() === token);
}

function upgradeRequired(detail: string): HandshakeFault {
  return { code: 'ERR_HTTP_UPGRADE_REQUIRED', detail, headers: UPGRADE_HEADERS };
}

function bad(detail: string): HandshakeFault {
  return { code: 'ERR_HTTP_BAD_REQUEST', detail, headers: [] };
}
