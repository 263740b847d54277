// data plane

/** What the rows that a query emits go to; one at a time per thread. */
let take: (row: unknown) => void = () => {};

/** @param receiver is given every row from now on */
export function sendRowsTo(receiver: (row: unknown) => void): void {
  take = receiver;
}

/** Where queries end. @returns false: the row goes no further */
export function receive(row: unknown): boolean {
  take(row);
  return false;
}
