import type { Bounds, PlanMember } from './schema-plan.ts';

/** A member and the variables of the compiled decoder that hold its value and whether it was there. */
export interface ReadMember {
  readonly member: PlanMember;
  readonly value: string;
  readonly has: string;
}

/** Names of variables, each given out once per decoder. */
export class SourceNames {
  #count = 0;

  next(prefix: string): string {
    return `${prefix}${this.#count++}`;
  }
}

/**
 * The statement that makes an object of what was read: one literal, so one shape, whenever all optional members are
 * missing; members always in the order of the schema.
 */
export function objectSource(members: readonly ReadMember[], into: string): string {
  const required = members.filter(({ member }) => !member.isOptional);
  const plain = `${into} = { ${required.map(fieldSource).join(', ')} };`;
  if (required.length === members.length) return plain;
  const optional = members.filter(({ member }) => member.isOptional);
  const firstOptional = members.findIndex(({ member }) => member.isOptional);
  const leading = members.slice(0, firstOptional).map(fieldSource).join(', ');
  const rest = members.slice(firstOptional).map(({ member, value, has }) => {
    const assign = `${into}[${JSON.stringify(member.name)}] = ${value};`;
    return member.isOptional ? `if (${has}) ${assign}` : assign;
  });
  return `if (!(${optional.map(({ has }) => has).join(' || ')})) { ${plain} }
  else { ${into} = { ${leading} }; ${rest.join(' ')} }`;
}

/** A statement that gives up unless this value is one that the schema allows. */
export function boundsSource({ min, max }: Bounds, value: string): string {
  const isBeyond = [
    ...(Number.isFinite(min) ? [`${value} < ${min}`] : []),
    ...(Number.isFinite(max) ? [`${value} > ${max}`] : []),
  ];
  return isBeyond.length === 0 ? '' : `if (${isBeyond.join(' || ')}) return BAIL;`;
}

/**
 * The bounds of a text's `length` that is not all ASCII: a schema counts characters, JavaScript two for those beyond
 * U+FFFF. One that may be too short is left to the schema's check.
 */
export function wideTextBounds({ min, max }: Bounds): Bounds {
  return { min: min <= 1 ? min : 2 * min, max };
}

/** A literal's field of this name would set the prototype. */
export function isPlannableName(name: string): boolean {
  return name !== '__proto__';
}

function fieldSource({ member, value }: ReadMember): string {
  return `${JSON.stringify(member.name)}: ${value}`;
}
