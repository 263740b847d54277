// data plane
import { TAG_INT16, TAG_INT32, TAG_NULL, TAG_SHORT_ARRAY, TAG_SHORT_ASCII, TAG_UINT48 } from './value-format.ts';
import type { ValueReader } from './value-reader.ts';
import type { ValueWriter } from './value-writer.ts';

/** Objects used as dictionaries make a shape each; beyond this many, objects carry their member names. */
const MAX_SHAPES = 256;
const MAX_SHAPE_MEMBERS = 64;
/** The code of a longer object is not worth its memory. */
const INLINED_MEMBERS_MAX = 16;
/** Member lists that begin alike share their places; this bounds those that never became a shape. */
const MAX_PLACES = 4096;

/**
 * The members that objects of one kind have, in their order. It is read and written by functions made for it, so that
 * V8 sees one object literal and one list of property loads: 2 to 3 times as fast as going over the names.
 */
export class Shape {
  readonly number: number;
  readonly names: readonly string[];
  readonly read: (reader: ValueReader) => object;
  readonly write: (object: object, writer: ValueWriter) => void;

  constructor(number: number, names: readonly string[]) {
    this.number = number;
    this.names = names;
    this.read = new Function(
      'reader',
      names.length <= INLINED_MEMBERS_MAX ? inlined(names) : called(names),
    ) as Shape['read'];
    const loads = names.map((name) => `writer.value(object[${JSON.stringify(name)}]);`);
    this.write = new Function('object', 'writer', loads.join(' ')) as Shape['write'];
  }
}

/** Reads a member by a call each. */
function called(names: readonly string[]): string {
  return `return { ${names.map((name) => `${literalName(name)}: reader.value()`).join(', ')} };`;
}

/** Reads integers and short texts where they stand, and calls for the rest: two thirds of the time. */
function inlined(names: readonly string[]): string {
  const reads = names.map(
    (_name, i) => `let v${i}; tag = b[at];
if (tag < ${TAG_NULL}) { v${i} = tag; at += 1; }
else if (tag === ${TAG_INT16}) { v${i} = b[at + 1] | b[at + 2] << 24 >> 16; at += 3; }
else if (tag === ${TAG_INT32}) { v${i} = ${INT32_SOURCE}; at += 5; }
else if (tag === ${TAG_UINT48}) { v${i} = (${INT32_SOURCE} >>> 0) + (b[at + 5] | b[at + 6] << 8) * 0x100000000; at += 7; }
else if (tag >= ${TAG_SHORT_ASCII} && tag < ${TAG_SHORT_ARRAY}) { v${i} = reader.ascii(at + 1, tag - ${TAG_SHORT_ASCII}); at = reader.at; }
else { reader.at = at; v${i} = reader.value(); at = reader.at; }`,
  );
  const members = names.map((name, i) => `${literalName(name)}: v${i}`);
  return `const b = reader.bytes; let at = reader.at, tag = 0;
${reads.join('\n')}
reader.at = at;
return { ${members.join(', ')} };`;
}

const INT32_SOURCE = '(b[at + 1] | b[at + 2] << 8 | b[at + 3] << 16 | b[at + 4] << 24)';

/** A computed name makes `__proto__` a member like any other; for all others it would be slow. */
function literalName(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : JSON.stringify(name);
}

/** A place in the tree of member lists; remembers where the last object went on from here. */
class Place {
  shape: Shape | null = null;
  lastName = '';
  lastPlace: Place | null = null;
  readonly others = new Map<string, Place>();
}

/** The shapes of one store's values: only ever added to, so that what was written stays readable. */
export class Shapes {
  readonly list: Shape[] = [];
  #root = new Place();
  #placeCount = 1;
  readonly #max: number;

  /** @param max how many there may be; 0: every object carries its member names */
  constructor(names: readonly (readonly string[])[], max = MAX_SHAPES) {
    this.#max = max;
    for (const members of names) this.#make(members);
  }

  /** The shape of a plain object, made if it is new; null when it has none: too many members, or too many shapes. */
  of(object: object): Shape | null {
    let place = this.#root;
    for (const name in object) {
      if (place.lastName === name && place.lastPlace !== null) {
        place = place.lastPlace;
        continue;
      }
      const next = place.others.get(name);
      if (next === undefined) return this.#make(Object.keys(object));
      place.lastName = name;
      place.lastPlace = next;
      place = next;
    }
    return place.shape ?? this.#make(Object.keys(object));
  }

  #make(names: readonly string[]): Shape | null {
    if (this.list.length >= this.#max || names.length > MAX_SHAPE_MEMBERS) return null;
    let place = this.#root;
    for (const name of names) {
      let next = place.others.get(name);
      if (next === undefined) {
        if (this.#placeCount >= MAX_PLACES) return null;
        next = new Place();
        this.#placeCount += 1;
        place.others.set(name, next);
      }
      place = next;
    }
    place.shape = new Shape(this.list.length, names);
    this.list.push(place.shape);
    return place.shape;
  }
}
