export interface Event {
  readonly key: string;
  readonly at: number;
  readonly n: number;
}

export interface NaiveWindow {
  readonly key: string;
  start: number;
  end: number;
  state: string;
  isTold: boolean;
}

/** Where an event goes among the windows there are; false: nowhere. */
export type Take = (windows: NaiveWindow[], event: Event, isClosed: (end: number) => boolean) => boolean;

export const joinState = (state: string, event: Event): string => `${state}${event.n},`;

export const windowText = (key: string, start: number, end: number, state: string): string =>
  `${key}[${start},${end}] ${state}`;

/** Windows that are told once, when they have closed, by remembering all of them and looking at all of them. */
export class NaiveWindows {
  readonly told: string[] = [];
  readonly late: number[] = [];
  readonly #windows: NaiveWindow[] = [];
  readonly #closeAfter: number;
  readonly #take: Take;

  /** @param closeAfter how long after its end a window is closed */
  constructor(closeAfter: number, take: Take) {
    this.#closeAfter = closeAfter;
    this.#take = take;
  }

  /** @param reached how far time has come without the event */
  send(event: Event, reached: number): void {
    if (!this.#take(this.#windows, event, (end) => end + this.#closeAfter <= reached)) this.late.push(event.n);
  }

  close(reached: number): void {
    const closed = this.#windows.filter(({ end, isTold }) => !isTold && end + this.#closeAfter <= reached);
    closed.sort((a, b) => a.end - b.end || compare(a.key, b.key) || a.start - b.start);
    for (const one of closed) {
      one.isTold = true;
      this.told.push(windowText(one.key, one.start, one.end, one.state));
    }
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const intoHops =
  (size: number, advance: number): Take =>
  (windows, event, isClosed) => {
    let isTaken = false;
    const last = Math.floor(event.at / advance) * advance;
    for (let start = last; start > event.at - size && start >= 0; start -= advance) {
      if (isClosed(start + size)) continue;
      isTaken = true;
      const known = windows.find((one) => one.key === event.key && one.start === start);
      const window = known ?? { key: event.key, start, end: start + size, state: '', isTold: false };
      if (known === undefined) windows.push(window);
      window.state = joinState(window.state, event);
    }
    return isTaken;
  };

export const intoSessions =
  (gap: number): Take =>
  (windows, event, isClosed) => {
    const near = windows
      .filter((one) => one.key === event.key && !one.isTold)
      .filter((one) => one.start <= event.at + gap && one.end >= event.at - gap)
      .sort((a, b) => a.start - b.start);
    const start = Math.min(event.at, ...near.map((one) => one.start));
    const end = Math.max(event.at, ...near.map((one) => one.end));
    if (isClosed(end)) return false;
    for (const one of near) windows.splice(windows.indexOf(one), 1);
    const state = joinState(near.map((one) => one.state).join(''), event);
    windows.push({ key: event.key, start, end, state, isTold: false });
    return true;
  };

/** Sessions of a fixed length. */
export const intoTimeouts =
  (timeout: number): Take =>
  (windows, event, isClosed) => {
    const own = windows.filter((one) => one.key === event.key);
    const open = own.find((one) => one.start <= event.at && event.at < one.end);
    const later = own.filter((one) => one.start > event.at).map((one) => one.start);
    const end = open?.end ?? Math.min(event.at + timeout, ...later);
    if (isClosed(end)) return false;
    const window = open ?? { key: event.key, start: event.at, end, state: '', isTold: false };
    if (open === undefined) windows.push(window);
    window.state = joinState(window.state, event);
    return true;
  };
