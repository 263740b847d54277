/**
 * Paths such as `http.port` of members that stand more than once in their object, each once: JSON.parse keeps the last
 * one and says nothing.
 *
 * @param text valid JSON
 */
export function duplicateMembers(text: string): string[] {
  const duplicates = new Set<string>();
  const open: { readonly path: string; readonly names: Set<string> }[] = [];
  let path = '';
  for (const [token, name] of text.matchAll(TOKENS)) {
    const object = open.at(-1);
    if (token === '{' || token === '[') open.push({ path, names: new Set() });
    else if (token === '}' || token === ']') open.pop();
    if (name === undefined || object === undefined) continue;
    const member = JSON.parse(name) as string;
    path = object.path === '' ? member : `${object.path}.${member}`;
    if (object.names.has(member)) duplicates.add(path);
    object.names.add(member);
  }
  return [...duplicates];
}

/** A name with its colon, of which the first group is the name; any other text; a bracket. */
const TOKENS = /("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}[\]]/g;
