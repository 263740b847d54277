/** Decodes `bytes[start, end)`, or returns NOT_PLANNED: the body is not laid out as the schema's plan has it. */
export type PlannedDecode = (bytes: Buffer, start: number, end: number) => unknown;

/** A decoder that was compiled for a schema. */
export interface Plan {
  readonly decode: PlannedDecode;
  /** Whether every value that it gives fits the schema. */
  readonly isComplete: boolean;
}

export const NOT_PLANNED: unique symbol = Symbol('not planned');

/** Where a step of a planned decode stopped. A decode is synchronous, so one cursor serves all of a thread. */
export const cursor = { at: 0 };
