import { closestName } from '../base/closest-name.ts';
import { MokaError } from '../base/errors.ts';
import { KeyedHash, partitionOf } from '../base/hash.ts';
import type { ViewSpec } from '../topology/compiled.ts';
import { checkKey, type KeyRange, type RangeQuery, rangeOf } from './key-range.ts';
import { LaneQuestions } from './lane-questions.ts';
import { decodeCursor, encodeCursor } from './page-cursor.ts';
import { mergePages } from './page-merge.ts';
import { type AfterPosition, checkAfter, type Position } from './position.ts';
import type { AfterCondition, QueryPort } from './protocol.ts';
import {
  DEFAULT_PAGE_ROWS,
  DEFAULT_QUERY_TIMEOUT_MS,
  MAX_PAGE_ROWS,
  MAX_PENDING_RANGES,
  MAX_QUERY_TIMEOUT_MS,
} from './query-limits.ts';
import { parseToken } from './resume-token.ts';
import type { FeedSink, ViewFeed } from './view-feed.ts';
import { ViewFeeds, type WatchPlan } from './view-feeds.ts';
import { rowWindowOf, windowRangeOf, windowRowKey } from './window-query.ts';

export interface QueryRouterOptions {
  readonly views: readonly ViewSpec[];
  /** One per partition, in order. */
  readonly lanes: readonly QueryPort[];
  /** The secret that the intake chooses partitions with. */
  readonly routingSecret: Uint8Array;
}

export interface ReadOptions {
  /** The answer reflects at least these positions. */
  readonly after?: readonly AfterPosition[] | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface RowOptions extends ReadOptions {
  /** Of a view of windows: the window of the key whose row is asked for. In ms since 1970; text: the digits of it. */
  readonly window?: { readonly start: number | string; readonly end: number | string } | undefined;
}

export interface RangeOptions extends ReadOptions, RangeQuery {
  readonly limit?: number | undefined;
  /** Of the page before. May come with the bounds of that query or without, but not with others. */
  readonly cursor?: string | undefined;
}

export interface RowRead {
  readonly view: string;
  readonly key: string;
  /** The value as JSON text; `null`: no such row. */
  readonly json: string | null;
  /** Of the partition that has the row; of all that were asked if none has. */
  readonly positions: readonly Position[];
}

export interface RangeRead {
  readonly view: string;
  readonly keys: readonly string[];
  /** JSON texts. */
  readonly values: readonly string[];
  readonly cursor: string | null;
  readonly positions: readonly Position[];
}

export interface WatchOptions extends RangeQuery {
  /** The `id` of the last message that had one. */
  readonly resume?: string | undefined;
}

/**
 * The main thread's reads: finds the partitions that can have an answer, asks them, and makes one answer of theirs.
 * Nothing is cached or read here, so an answer is as good as the partitions' own: durable, and at a position.
 */
export class QueryRouter {
  readonly views: readonly ViewSpec[];
  /** Reads since the start, those that failed included. */
  getCount = 0;
  rangeReadCount = 0;
  readonly #viewByName: ReadonlyMap<string, ViewSpec>;
  readonly #questions: LaneQuestions;
  readonly #feeds: ViewFeeds;
  readonly #hash: KeyedHash;
  readonly #allPartitions: readonly number[];
  #rangeCount = 0;

  constructor(options: QueryRouterOptions) {
    this.views = options.views;
    this.#viewByName = new Map(options.views.map((view) => [view.name, view]));
    this.#hash = new KeyedHash(options.routingSecret);
    this.#allPartitions = options.lanes.map((_, partition) => partition);
    this.#questions = new LaneQuestions({
      ports: options.lanes,
      onWatchAnswer: (partition, answer) => this.#feeds.receive(partition, answer),
    });
    this.#feeds = new ViewFeeds(this.#questions);
  }

  get partitionCount(): number {
    return this.#allPartitions.length;
  }

  get watchCount(): number {
    return this.#feeds.count;
  }

  /** @throws MokaError ERR_VIEW_UNKNOWN */
  view(name: string): ViewSpec {
    const view = this.#viewByName.get(name);
    if (view !== undefined) return view;
    const meant = closestName(name, this.#viewByName.keys());
    throw new MokaError('ERR_VIEW_UNKNOWN', `no such view${meant === undefined ? '' : `; did you mean ${meant}`}`);
  }

  /** @throws MokaError ERR_VIEW_UNKNOWN, ERR_VIEW_QUERY, ERR_VIEW_POSITION_LOST, ERR_VIEW_POSITION_TIMEOUT, ERR_HTTP_TIMEOUT, ERR_OVERLOAD_BOX, ERR_ENGINE_CLOSED */
  async get(viewName: string, givenKey: string, options: RowOptions = {}): Promise<RowRead> {
    this.getCount += 1;
    const view = this.view(viewName);
    const key = rowKeyOf(view, givenKey, options.window);
    const { after, timeoutMs } = await this.#settled(view, this.#checked(options));
    const partitions = view.isKeyedByPartitionKey ? [this.#partitionOf(key)] : this.#allPartitions;
    const asked = partitions.map((partition) => {
      const question = {
        kind: 'get',
        id: this.#questions.nextId(),
        viewId: view.id,
        key,
        ...conditionOf(after, partition),
      } as const;
      return this.#questions.ask(partition, question, timeoutMs);
    });
    const [answers] = await Promise.all([Promise.all(asked), this.#reachOthers(after, partitions, timeoutMs)]);
    const positions = positionsOf(partitions, answers);
    const owner = answers.findIndex((answer) => answer.value !== null);
    if (owner < 0) return { view: view.name, key, json: null, positions };
    return {
      view: view.name,
      key,
      json: (answers[owner] as { value: string }).value,
      positions: [positions[owner] as Position],
    };
  }

  /** A page of rows in UTF-8 order of their keys. @throws MokaError as `get` */
  async range(viewName: string, options: RangeOptions = {}): Promise<RangeRead> {
    this.rangeReadCount += 1;
    const view = this.view(viewName);
    const { limit = DEFAULT_PAGE_ROWS } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE_ROWS) {
      throw new MokaError('ERR_VIEW_QUERY', `limit is not a whole number from 1 to ${MAX_PAGE_ROWS}`);
    }
    const { range, past } = startOf(view, options);
    const checked = this.#checked(options);
    if (this.#rangeCount >= MAX_PENDING_RANGES) {
      throw new MokaError('ERR_OVERLOAD_BOX', `too many range reads are waiting: reads=${this.#rangeCount}`);
    }
    this.#rangeCount += 1;
    try {
      const { after, timeoutMs } = await this.#settled(view, checked);
      // One row more than is shown tells whether there is a next page.
      const asked = this.#allPartitions.map((partition) => {
        const scope = { viewId: view.id, from: range.from, to: range.to, past, limit: limit + 1 };
        const question = {
          kind: 'page',
          id: this.#questions.nextId(),
          ...scope,
          ...conditionOf(after, partition),
        } as const;
        return this.#questions.ask(partition, question, timeoutMs);
      });
      const pages = await Promise.all(asked);
      const { keys, values, through } = mergePages(pages, limit);
      const cursor = through === null ? null : encodeCursor({ view: view.name, range, last: through });
      return { view: view.name, keys, values, cursor, positions: positionsOf(this.#allPartitions, pages) };
    } finally {
      this.#rangeCount -= 1;
    }
  }

  /** Says early what `subscribe` would say. @throws MokaError ERR_VIEW_UNKNOWN, ERR_VIEW_QUERY, ERR_OVERLOAD_BOX, ERR_ENGINE_CLOSED */
  planWatch(viewName: string, options: WatchOptions): WatchPlan {
    const view = this.view(viewName);
    const resume = options.resume === undefined ? null : parseToken(options.resume);
    this.#feeds.checkRoom();
    return { viewId: view.id, range: boundsOf(view, options), resume };
  }

  /** Rows and changes go to the sink from now on, until the feed is closed. @throws MokaError ERR_OVERLOAD_BOX, ERR_ENGINE_CLOSED */
  watch(plan: WatchPlan, sink: FeedSink): ViewFeed {
    return this.#feeds.open(plan, sink);
  }

  /** @throws MokaError as `planWatch` */
  subscribe(viewName: string, options: WatchOptions, sink: FeedSink): ViewFeed {
    return this.watch(this.planWatch(viewName, options), sink);
  }

  /** The greatest epoch and sequence that any partition has of a producer; -1, -1 if none knows it. */
  async producerState(low: number, high: number): Promise<{ epoch: number; lastSequence: number }> {
    const answers = await Promise.all(
      this.#allPartitions.map((partition) => {
        const question = { kind: 'producer', id: this.#questions.nextId(), low, high } as const;
        return this.#questions.ask(partition, question, DEFAULT_QUERY_TIMEOUT_MS);
      }),
    );
    const epoch = Math.max(...answers.map((answer) => answer.producerEpoch));
    return { epoch, lastSequence: Math.max(...answers.map((answer) => answer.sequence)) };
  }

  /** Ends every feed and refuses every read, those that wait included. */
  close(): void {
    this.#feeds.close();
    this.#questions.close();
  }

  #partitionOf(key: string): number {
    this.#hash.hashString(key);
    return partitionOf(this.#hash.low, this.#hash.high, this.partitionCount);
  }

  #checked(options: ReadOptions): Condition {
    const { after = [], timeoutMs = DEFAULT_QUERY_TIMEOUT_MS } = options;
    checkAfter(after, this.partitionCount);
    if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > MAX_QUERY_TIMEOUT_MS) {
      throw new MokaError('ERR_VIEW_QUERY', `timeoutMs is not a whole number from 1 to ${MAX_QUERY_TIMEOUT_MS}`);
    }
    return { after, timeoutMs };
  }

  /**
   * Waits until what the events at these positions sent on has come where the view has its rows, hop by hop: first what
   * their own partitions sent, then what all have made of it.
   * @returns what is left of the time
   */
  async #settled(view: ViewSpec, { after, timeoutMs }: Condition): Promise<Condition> {
    if (after.length === 0 || view.hopLevel === 0 || this.partitionCount === 1) return { after, timeoutMs };
    const deadline = performance.now() + timeoutMs;
    let left = timeoutMs;
    for (let level = 1; level <= view.hopLevel; level++) {
      const asked = level === 1 ? after.map(({ partition }) => partition) : this.#allPartitions;
      const settle = (partition: number): Promise<unknown> => {
        const condition = conditionOf(level === 1 ? after : [], partition);
        const question = { kind: 'settle', id: this.#questions.nextId(), ...condition } as const;
        return this.#questions.ask(partition, question, left);
      };
      await Promise.all(asked.map(settle));
      left = Math.max(1, Math.floor(deadline - performance.now()));
    }
    return { after, timeoutMs: left };
  }

  /** Positions of partitions that are not read must be reached all the same. */
  #reachOthers(after: readonly AfterPosition[], read: readonly number[], timeoutMs: number): Promise<unknown> {
    const others = after.filter(({ partition }) => !read.includes(partition));
    return Promise.all(
      others.map(({ partition }) => {
        const question = { kind: 'reach', id: this.#questions.nextId(), ...conditionOf(after, partition) } as const;
        return this.#questions.ask(partition, question, timeoutMs);
      }),
    );
  }
}

interface Condition {
  readonly after: readonly AfterPosition[];
  readonly timeoutMs: number;
}

/** @throws MokaError ERR_VIEW_QUERY */
function boundsOf(view: ViewSpec, query: RangeQuery): KeyRange {
  const { prefix, from, to, key } = query;
  if (key === undefined) return rangeOf(query);
  if (!view.isOfWindows)
    throw new MokaError('ERR_VIEW_QUERY', `the rows of view=${view.name} have no windows; read one by its key`);
  if (prefix !== undefined) throw new MokaError('ERR_VIEW_QUERY', 'key excludes prefix');
  return windowRangeOf({ key, from, to });
}

/** @throws MokaError ERR_VIEW_QUERY */
function rowKeyOf(view: ViewSpec, key: string, window: RowOptions['window']): string {
  if (window !== undefined) {
    if (!view.isOfWindows)
      throw new MokaError('ERR_VIEW_QUERY', `the rows of view=${view.name} have no windows; leave start and end out`);
    return windowRowKey(key, window.start, window.end);
  }
  checkKey(key);
  if (view.isOfWindows && rowWindowOf(key) === null) {
    throw new MokaError(
      'ERR_VIEW_QUERY',
      `the rows of view=${view.name} are of a key and a window; say start and end, or read a range with key`,
    );
  }
  return key;
}

/** @throws MokaError ERR_VIEW_QUERY */
function startOf(view: ViewSpec, options: RangeOptions): { range: KeyRange; past: string | null } {
  const asked = boundsOf(view, options);
  if (options.cursor === undefined) return { range: asked, past: null };
  const { range, last } = decodeCursor(options.cursor, view.name);
  const { prefix, from, to, key } = options;
  const hasBounds = [prefix, from, to, key].some((bound) => bound !== undefined);
  if (hasBounds && (asked.from !== range.from || asked.to !== range.to)) {
    throw new MokaError('ERR_VIEW_QUERY', 'cursor belongs to a query with other bounds');
  }
  return { range, past: last };
}

function conditionOf(after: readonly AfterPosition[], partition: number): AfterCondition {
  const position = after.find((candidate) => candidate.partition === partition);
  return { afterOffset: position?.offset ?? -1, afterEpoch: position?.epoch ?? -1 };
}

function positionsOf(partitions: readonly number[], answers: readonly { offset: number; epoch: number }[]): Position[] {
  return answers.map(({ offset, epoch }, i) => ({ partition: partitions[i] as number, offset, epoch }));
}
