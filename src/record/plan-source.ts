import type { PlanMember } from './schema-plan.ts';

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

/** A literal's field of this name would set the prototype. */
export function isPlannableName(name: string): boolean {
  return name !== '__proto__';
}

function fieldSource({ member, value }: ReadMember): string {
  return `${JSON.stringify(member.name)}: ${value}`;
}
