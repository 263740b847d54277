import { asking, moving, waiting } from './describe-text.ts';
import type { DescribedTopology } from './description.ts';

/** A flowchart: streams as flags, operators as boxes, those with state as drums, views as pages. */
export function toMermaid(topology: DescribedTopology): string {
  const { streams, operators, views } = topology;
  const ids = new Map(
    [
      ...streams.map((stream) => `stream:${stream.name}`),
      ...operators.map((operator) => `operator:${operator.name}`),
      ...views.map((view) => `view:${view.name}`),
    ].map((reference, index) => [reference, `n${index}`]),
  );
  const idOf = (reference: string): string => ids.get(reference) as string;
  return [
    'flowchart LR',
    ...streams.map((stream) => {
      const partitioning = stream.partitionedBy.replaceAll('"', '#quot;');
      const label = `${stream.name}<br/>${partitioning}<br/>${stream.guarantee}, ${stream.ackLevel}`;
      return `  ${idOf(`stream:${stream.name}`)}>"${label}"]`;
    }),
    ...operators.map((operator) => {
      const lines = [operator.kind, operator.name, asking(operator), waiting(operator), moving(operator)];
      const label = `"${lines.filter((line) => line !== '').join('<br/>')}"`;
      return `  ${idOf(`operator:${operator.name}`)}${operator.stores.length === 0 ? `[${label}]` : `[(${label})]`}`;
    }),
    ...views.map((view) => `  ${idOf(`view:${view.name}`)}[/"view<br/>${view.name}"/]`),
    ...operators.flatMap((operator) =>
      operator.inputs.map((input) => edge(ids, input, idOf(`operator:${operator.name}`))),
    ),
    ...views.map((view) => edge(ids, view.input, idOf(`view:${view.name}`))),
    '',
  ].join('\n');
}

/** A reference may name a way out of a branch: `operator:size.big`. */
function edge(ids: ReadonlyMap<string, string>, source: string, target: string): string {
  const id = ids.get(source);
  if (id !== undefined) return `  ${id} --> ${target}`;
  const dot = source.lastIndexOf('.');
  return `  ${ids.get(source.slice(0, dot)) as string} -- ${source.slice(dot + 1)} --> ${target}`;
}
