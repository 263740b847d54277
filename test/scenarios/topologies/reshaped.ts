import { type Evolution, hopping, type Stream, type Table, tumbling } from 'moka';

interface Event {
  readonly k: string;
  readonly at: number;
}

/** One of each that keeps whole events or rows, whatever these look like. */
export function keepEverything<Kept extends Event>(
  sales: Stream<Kept>,
  others: Stream<Kept>,
  cents: (event: Kept) => number,
  lookup: (event: Kept) => number | Promise<number>,
  evolution: Evolution,
): void {
  const pair = (a: Kept | null, b: Kept | null): (number | null)[] => [a && cents(a), b && cents(b)];
  const greatest = (a: Kept, b: Kept): Kept => (cents(a) >= cents(b) ? a : b);
  const byKey = sales.groupByKey();
  byKey.reduce('greatest', greatest).toView('greatest');
  byKey.topN('top', 3, cents).toView('top');
  byKey
    .window(tumbling({ size: 10_000, grace: 0 }))
    .reduce('tumbling', greatest, { emit: 'final' })
    .map(cents)
    .toView('tumbling');
  byKey
    .window(hopping({ size: 10_000, advance: 5000, grace: 0 }))
    .reduce('hopping', greatest)
    .toView('hopping');
  byKey
    .window(hopping({ size: 10_000, advance: 5000, grace: 0 }))
    .topN('top-hopping', 2, cents)
    .toView('top-hopping');
  sales.deduplicate('first', { keep: 'first', order: 'arrival' }).map(cents).toView('first');
  sales.delay('later', 4000).map(cents).toJournal('later', { keep: 10 });
  sales
    .pattern('rise', {
      within: '1h',
      steps: [
        { name: 'low', when: (event) => cents(event) < 6 },
        { name: 'high', when: (event, { low }) => cents(event) > cents(low) },
      ],
    })
    .map(({ low, high }) => cents(high) - cents(low))
    .toJournal('rises', { keep: 10 });
  sales
    .enrich('asked', { lookup, timeout: '1m' }, (event, answer) => cents(event) + answer)
    .toJournal('asked', { keep: 10 });
  sales.outerJoin(others, 'pairs', { within: 10_000, grace: 0 }, pair).toJournal('pairs', { keep: 100 });
  const latest: Table<Kept> = sales.toTable('latest', { ttl: '1h' });
  latest.suppress('calm', { untilTimeLimit: 5000 }).map(cents).toView('calm');
  const positive = others.toTable('others').filter((event) => cents(event) > 0);
  latest.outerJoin(positive, 'rows', pair).toView('rows');
  sales.leftJoin(positive, 'copied', pair).toJournal('copied', { keep: 100 });
  const past = others.toTable('past', { history: '1h' });
  sales.leftJoin(past, 'held', { grace: 5000 }, pair).toJournal('held', { keep: 100 });
  sales.toJournal('kept', { keep: 100 });
  const short = others
    .groupByKey()
    .window(tumbling({ size: 500, grace: 0 }))
    .count('short');
  short.toView('short');
  short.late.toJournal('late', { keep: 100 });
  const steps = [
    { name: 'low', when: (event: Kept) => cents(event) < 6 },
    { name: 'high', when: (event: Kept, { low }: { readonly low: Kept }) => cents(event) > cents(low) },
  ] as const;
  others.pattern('matches', { within: '1h', steps, skip: 'none' }).toJournal('matches', { keep: 100 });
  const odd = latest.groupBy((row) => [cents(row) % 2, row] as const).withEvolution(evolution);
  odd.topN('greatest-odd', 2, cents).toView('greatest-odd', { key: (_, key) => `n/${key}` });
  odd.min('least-odd', cents).toView('least-odd');
  odd.reduce('any-odd', { add: greatest, subtract: (row) => row }).toView('any-odd');
}
