import { type Static, Type } from '../../base/typebox.ts';

/** One line of an order. Money is whole cents. */
export const OrderItem = Type.Object(
  {
    sku: Type.String({ minLength: 1, maxLength: 64 }),
    qty: Type.Integer({ minimum: 1, maximum: 1000 }),
    priceCents: Type.Integer({ minimum: 0 }),
    options: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 32 }),
  },
  { additionalProperties: false },
);

/** What a customer orders: the members of every `placed` event. */
export const orderMembers = {
  orderId: Type.String({
    minLength: 1,
    maxLength: 100,
    description: 'Given by whoever takes the order; never used again.',
  }),
  customerId: Type.String({ minLength: 1, maxLength: 100 }),
  storeId: Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$', description: 'A part of keys, so it has no slash.' }),
  placedAt: Type.Integer({ minimum: 0, description: 'Milliseconds since 1970.' }),
  items: Type.Array(OrderItem, { minItems: 1, maxItems: 100 }),
  totalCents: Type.Integer({ minimum: 0 }),
  currency: Type.String({ minLength: 3, maxLength: 3 }),
};

/** An event without a type is this one. */
export const OrderPlaced = Type.Object(
  { ...orderMembers, type: Type.Optional(Type.Literal('placed')) },
  { additionalProperties: false },
);

/**
 * What happens to an order later. The order's id is enough; a till may send the whole order again. What it does not
 * send stays as it is.
 */
const laterMembers = {
  orderId: orderMembers.orderId,
  customerId: Type.Optional(orderMembers.customerId),
  storeId: Type.Optional(orderMembers.storeId),
  placedAt: Type.Optional(orderMembers.placedAt),
  items: Type.Optional(orderMembers.items),
  totalCents: Type.Optional(orderMembers.totalCents),
  currency: Type.Optional(orderMembers.currency),
};

/** The customer wants something else, or in another store: `items`, `totalCents` and `storeId` count, if sent. */
export const OrderChanged = Type.Object(
  { ...laterMembers, type: Type.Literal('changed') },
  { additionalProperties: false },
);
export const OrderCancelled = Type.Object(
  { ...laterMembers, type: Type.Literal('cancelled') },
  { additionalProperties: false },
);
export const OrderReady = Type.Object(
  { ...laterMembers, type: Type.Literal('ready') },
  { additionalProperties: false },
);
export const OrderCollected = Type.Object(
  { ...laterMembers, type: Type.Literal('collected') },
  { additionalProperties: false },
);

export const OrderEvent = Type.Union([OrderPlaced, OrderChanged, OrderCancelled, OrderReady, OrderCollected]);
export type OrderEvent = Static<typeof OrderEvent>;
export type OrderPlaced = Static<typeof OrderPlaced>;
export type OrderChanged = Static<typeof OrderChanged>;

/** Only these events are identified by their order: an order is placed once, but may change many times. */
export function isPlaced(event: OrderEvent): event is OrderPlaced {
  return event.type === undefined || event.type === 'placed';
}
