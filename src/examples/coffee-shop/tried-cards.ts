import type { Stream } from '../../topology/stream.ts';
import type { Payment } from './payments.ts';

/** Nothing on the menu costs so little. */
export const LITTLE_CENTS = 100;
/** Nobody drinks so much. */
export const MUCH_CENTS = 5000;

/** A card that somebody found out to work, and used. */
export interface TriedCard {
  readonly cardId: string;
  readonly triedBy: string;
  readonly usedBy: string;
  readonly usedAt: number;
}

/**
 * Cards that pay next to nothing, and within five minutes a lot. A card is shown at several tills, and some of them are
 * slower than others: what counts is when a payment was made, not when the shop heard of it. It is told when some card has
 * paid a minute later, since by then no till has anything to add.
 */
export function triedCards(payments: Stream<Payment>): void {
  payments
    .keyBy('tried-by-card', ({ cardId }) => cardId ?? null)
    .pattern('tried-card', {
      steps: [
        { name: 'little', when: ({ amountCents }) => amountCents <= LITTLE_CENTS },
        { name: 'much', when: ({ amountCents }) => amountCents >= MUCH_CENTS },
      ],
      within: '5m',
      time: 'event',
      grace: '1m',
    })
    .map('tried-card-told', ({ little, much }, { key }): TriedCard => {
      return { cardId: key, triedBy: little.paymentId, usedBy: much.paymentId, usedAt: much.paidAt };
    })
    .toJournal('tried-cards', {
      keep: 1000,
      description: 'Cards that paid very little, and within five minutes very much, the latest at the end.',
    });
}
