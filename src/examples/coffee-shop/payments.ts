import { type Static, Type } from '../../base/typebox.ts';
import { orderMembers } from './order-events.ts';

/** Money taken for an order; several may pay for one. */
export const Payment = Type.Object(
  {
    paymentId: Type.String({ minLength: 1, maxLength: 100 }),
    orderId: orderMembers.orderId,
    amountCents: Type.Integer({ minimum: 1 }),
    currency: orderMembers.currency,
    method: Type.Union([Type.Literal('card'), Type.Literal('cash'), Type.Literal('voucher')]),
    paidAt: Type.Integer({ minimum: 0, description: 'Milliseconds since 1970.' }),
    cardId: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9._-]{1,64}$',
        description: "What the terminal calls the card: the same text every time, never the card's number.",
      }),
    ),
  },
  { additionalProperties: false },
);
export type Payment = Static<typeof Payment>;
