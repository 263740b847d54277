import { keyOfWindowKey, windowOfKey } from '../../operators/window-key.ts';

/** Key of a view of windows that people read: `kiosk-7/2026-11-20T06:00:00.000Z`, the beginning of the window. */
export function keyAndStart(_: unknown, key: string): string {
  return `${keyOfWindowKey(key)}/${new Date(windowOfKey(key).start).toISOString()}`;
}
