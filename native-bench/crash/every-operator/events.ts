import type { Stream } from 'moka';
import { type Static, Type } from 'moka';

/** What enters; the scenario makes such events, the parts of the topology work on them. */
export const Order = Type.Object({
  id: Type.String(),
  customer: Type.String(),
  kind: Type.Union([Type.Literal('placed'), Type.Literal('changed'), Type.Literal('cancelled')]),
  /** Which part of the topology it is for: each event costs a part of all operators. */
  topic: Type.Union([Type.Literal('folds'), Type.Literal('windows'), Type.Literal('joins'), Type.Literal('waits')]),
  sku: Type.String(),
  shop: Type.String(),
  cents: Type.Integer({ minimum: 0 }),
  at: Type.Integer({ minimum: 0 }),
});
export type Order = Static<typeof Order>;

export const Payment = Type.Object({
  id: Type.String(),
  customer: Type.String(),
  cents: Type.Integer({ minimum: 0 }),
  at: Type.Integer({ minimum: 0 }),
});
export type Payment = Static<typeof Payment>;

export const Price = Type.Object({
  id: Type.String(),
  sku: Type.String(),
  cents: Type.Integer({ minimum: 0 }),
  at: Type.Integer({ minimum: 0 }),
});
export type Price = Static<typeof Price>;

export const Region = Type.Object({
  id: Type.String(),
  shop: Type.String(),
  region: Type.String(),
  at: Type.Integer({ minimum: 0 }),
});

export type Region = Static<typeof Region>;

/** As of what had another form once. */
export const SECOND_FORM = { version: 2, upcast: { 1: (value: never) => value } } as const;

/** Some events fail: they leave a dead letter and nothing else. */
export const FAILING_CENTS = 499;

/** Of the orders that are folded, those whose cents are a multiple of it have the outside asked. */
export const ASKED_CENTS = 10;

export type Orders = Stream<Order>;
export type Payments = Stream<Payment>;
