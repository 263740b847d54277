import { Type } from 'typebox';

/** A small order, enough to write topologies about. */
export const Order = Type.Object({
  orderId: Type.String(),
  storeId: Type.String(),
  totalCents: Type.Integer(),
});

export const order = (
  orderId: string,
  totalCents = 100,
  storeId = 'kiosk-7',
): { orderId: string; storeId: string; totalCents: number } => ({
  orderId,
  storeId,
  totalCents,
});
