import { expect } from 'vitest';

const PATIENCE = { timeout: 10_000, interval: 50 };

/** Views follow an ack within moments: what they will show is waited for, what they show wrongly stays wrong. */
export async function settled(look: () => unknown, wanted: unknown): Promise<void> {
  await expect.poll(look, PATIENCE).toEqual(wanted);
}
