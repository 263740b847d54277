/**
 * What a scanner found out about a body whose key it looks for. Expected on the hot path, so an int and no exception.
 * A scanner reads no further than the key: what comes after it is for the decoder to judge.
 */
export const SCAN_OK = 0;
/** Not an object in this encoding. */
export const SCAN_NOT_OBJECT = -1;
/** The object has no such member. */
export const SCAN_MISSING = -2;
/** The key's text holds an escape: decode the body to get at it. */
export const SCAN_ESCAPED = -3;
/** The member is neither a string nor an integer. */
export const SCAN_NOT_SCALAR = -4;
/** The bytes end before the key does. */
export const SCAN_TRUNCATED = -5;
/** Nested beyond MAX_BODY_DEPTH. */
export const SCAN_TOO_DEEP = -6;
