import type { DescribedTopology, OperatorDescription, StreamDescription, ViewDescription } from './description.ts';

/** The topology for a terminal: what enters, what happens to it, what is kept, what can be read. */
export function toText(topology: DescribedTopology): string {
  const { name, version, fingerprint, streams, operators, stores, views } = topology;
  return [
    `topology ${name}  version ${version}  fingerprint ${fingerprint}`,
    ...section('streams', streams.map(streamCells)),
    ...section(
      'operators',
      operators.map((operator) => [
        operator.name,
        operator.kind,
        `from ${operator.inputs.join(', ')}`,
        [asking(operator), waiting(operator), keeping(operator.stores), moving(operator)]
          .filter((text) => text !== '')
          .join('; '),
      ]),
    ),
    ...section(
      'stores',
      stores.map((store) => [store.name, `written by ${store.owner}`, `order ${store.order}`]),
    ),
    ...section('views', views.map(viewCells)),
    '',
  ].join('\n');
}

function streamCells(stream: StreamDescription): string[] {
  return [
    stream.name,
    `partitioned by ${stream.partitionedBy}`,
    `${stream.guarantee}, ack ${stream.ackLevel}`,
    `event time ${stream.eventTime}`,
    stream.identities.length === 0 ? '' : `id ${stream.identities.join(', ')}`,
  ];
}

function viewCells(view: ViewDescription): string[] {
  return [view.name, `from ${view.input}`, `store ${view.store}`, `key ${view.key}`, `read from ${view.readFrom}`];
}

function keeping(stores: readonly string[]): string {
  return stores.length === 0 ? '' : `store ${stores.join(', ')}`;
}

/** Where events wait for the outside. */
export function asking({ asks }: OperatorDescription): string {
  return asks === undefined ? '' : `asks ${asks}, goes on exactly once`;
}

/** Where events wait for event time. */
export function waiting({ graceMs }: OperatorDescription): string {
  return graceMs === undefined ? '' : `in the order of event time, grace ${graceMs} ms`;
}

/** Where the changes of an operator go on, if in other partitions. */
export function moving({ kind, hopLevel }: OperatorDescription): string {
  if (hopLevel === 0) return '';
  return `to ${kind === 'globalTable' ? 'all partitions' : 'the partition of the key'}, level ${hopLevel}`;
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const widths = (rows[0] as readonly string[]).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  );
  const lines = rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] as number)).join('  ')}`.trimEnd(),
  );
  return ['', title, ...lines];
}
