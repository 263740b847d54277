import { q15, q16, q17, q18, q19 } from './queries/groups.ts';
import { q3, q8, q13, q20 } from './queries/joins.ts';
import { q0, q1, q2, q10, q14, q21, q22 } from './queries/stateless.ts';
import { q5, q7, q11, q12 } from './queries/windows.ts';
import { q4, q6, q9 } from './queries/winners.ts';
import type { NexmarkQuery } from './query.ts';

/** In the order of their numbers. */
export const QUERIES: readonly NexmarkQuery[] = [
  q0,
  q1,
  q2,
  q3,
  q4,
  q5,
  q6,
  q7,
  q8,
  q9,
  q10,
  q11,
  q12,
  q13,
  q14,
  q15,
  q16,
  q17,
  q18,
  q19,
  q20,
  q21,
  q22,
];
