/**
 * For the last answer of a connection, after which nothing may be read from it as a request: the server goes on with the
 * bytes it has at hand even after an answer that closes, but a second request behind one without an answer makes it
 * close the connection at once. So the answer leaves when those bytes have been gone through, and not if there was one.
 */
export function answerLast(response: { onAborted(callback: () => void): unknown }, answer: () => void): void {
  let isAborted = false;
  response.onAborted(() => {
    isAborted = true;
  });
  setImmediate(() => {
    if (!isAborted) answer();
  });
}
