/**
 * ```
 *            commit                  written              flushed
 *   IDLE ──────────► (HEADER) ─► WRITING ─────► FLUSHING ───────► IDLE ──close──► CLOSED
 *     └─confirmTail─► NOTING ─► IDLE                 │ any error                    ▲
 *                                                    └──────────► FAILED ──close────┘
 * ```
 * HEADER is passed when the block begins a segment. A file whose writes are durable skips FLUSHING. Nothing is written
 * after FAILED.
 */
export const WRITER_IDLE = 0;
export const WRITER_HEADER = 1;
export const WRITER_WRITING = 2;
export const WRITER_FLUSHING = 3;
export const WRITER_NOTING = 4;
export const WRITER_FAILED = 5;
export const WRITER_CLOSED = 6;

/** Legal successors, by state. */
export const WRITER_TRANSITIONS: readonly (readonly number[])[] = [
  [WRITER_HEADER, WRITER_WRITING, WRITER_NOTING, WRITER_FAILED, WRITER_CLOSED],
  [WRITER_WRITING, WRITER_FAILED],
  [WRITER_FLUSHING, WRITER_IDLE, WRITER_FAILED],
  [WRITER_IDLE, WRITER_FAILED],
  [WRITER_IDLE, WRITER_FAILED],
  [WRITER_CLOSED],
  [],
];
