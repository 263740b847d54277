import { Packr } from 'msgpackr/pack';

/**
 * For the kinds of values that rows rarely have: each is self-contained, with no structures shared between them. Without
 * the native part of msgpackr, which is slower for short texts in large memory.
 */
export const MSGPACK = new Packr({ moreTypes: true, copyBuffers: true, useBigIntExtension: true });
