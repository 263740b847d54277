/** Decodes `bytes[start, end)`, or returns NOT_PLANNED: the body is not laid out as the schema's plan has it. */
export type PlannedDecode = (bytes: Buffer, start: number, end: number) => unknown;

export const NOT_PLANNED: unique symbol = Symbol('not planned');

/** Where a step of a planned decode stopped. A decode is synchronous, so one cursor serves all of a thread. */
export const cursor = { at: 0 };
