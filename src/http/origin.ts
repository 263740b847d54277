/**
 * Browsers let any page open a WebSocket to any host and send the cookies along; only the server can refuse. A client
 * that is no browser sends no Origin. A page may come from this very host or from a listed origin; `*` lists all.
 */
export function isOriginAllowed(origin: string, host: string, allowed: readonly string[]): boolean {
  if (origin === '' || allowed.includes('*') || allowed.includes(origin)) return true;
  try {
    return new URL(origin).host === host.toLowerCase();
  } catch {
    return false;
  }
}
