import { CONFIG_SCHEMA } from './config-schema.ts';

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly [keyword: string]: unknown;
}

/** The JSON schema that an editor checks and completes a configuration file with; every setting may be left out. */
export function configJsonSchema(): object {
  const { properties, ...rest } = editable(CONFIG_SCHEMA as unknown as SchemaNode);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'moka configuration',
    ...rest,
    properties: {
      $schema: { type: 'string' },
      ...(properties as object),
      workers: withoutDefault(properties?.workers),
    },
  };
}

function editable(node: SchemaNode): SchemaNode {
  if (node.properties === undefined) return node;
  const { required: _everything, properties, ...rest } = node;
  return {
    ...rest,
    properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, editable(inner)])),
  };
}

/** The default number of workers is the machine's, not the schema's. */
function withoutDefault(node: SchemaNode | undefined): SchemaNode {
  const { default: _ofThisMachine, ...rest } = node ?? {};
  return rest;
}
