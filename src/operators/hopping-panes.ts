// data plane

/**
 * How hopping windows are cut into panes: spans of time that lie in the same windows from end to end. A window begins at a
 * multiple of `advance`; where its size is none, its end cuts in two what lies between two beginnings.
 *
 * ```
 *   windows   ├──────────────┤
 *                   ├──────────────┤         size 25, advance 10
 *                         ├──────────────┤
 *   panes     ├──┼──┼──┼──┼──┼──┼──┼──┼──┤   5 each
 * ```
 *
 * A window that begins before 0 takes nothing that happened from 0 on, and what happened then brings about none that begins
 * before: so it is with windows that every event is folded into.
 */
export class HoppingPanes {
  readonly sizeMs: number;
  readonly advanceMs: number;
  readonly #restMs: number;

  constructor(sizeMs: number, advanceMs: number) {
    this.sizeMs = sizeMs;
    this.advanceMs = advanceMs;
    this.#restMs = sizeMs % advanceMs;
  }

  /** Panes from one beginning of a window to the next. */
  get perAdvance(): number {
    return this.#restMs === 0 ? 1 : 2;
  }

  /** Start of the last window that the time is in. */
  lastWindowOf(time: number): number {
    return Math.floor(time / this.advanceMs) * this.advanceMs;
  }

  paneOf(time: number): number {
    const start = this.lastWindowOf(time);
    return time - start < this.#restMs ? start : start + this.#restMs;
  }

  /** Start of the first window that a pane is in. */
  firstWindowOf(pane: number): number {
    const advance = this.advanceMs;
    const last = this.lastWindowOf(pane);
    const end = pane === last && this.#restMs > 0 ? last + this.#restMs : last + advance;
    const first = Math.ceil((end - this.sizeMs) / advance) * advance;
    return pane >= 0 && first < 0 ? 0 : first;
  }

  /** End of the first window that a pane is in. */
  firstEndOf(pane: number): number {
    return this.firstWindowOf(pane) + this.sizeMs;
  }

  /** Start of the first window that ends after a time. */
  windowEndingAfter(time: number): number {
    return Math.floor((time - this.sizeMs) / this.advanceMs) * this.advanceMs + this.advanceMs;
  }

  /** The panes of a window begin before it. */
  endOfPanes(window: number): number {
    const end = window + this.sizeMs;
    return window < 0 && end > 0 ? 0 : end;
  }
}
