import type { JsonObject, Person } from '@countersign/contracts';

/**
 * Who acted for a person, the first of them first: RFC 8693 nests the earlier ones in the later. Empty where nobody did.
 */
export function agentsOf(act: JsonObject | undefined): string[] {
  if (act === undefined) return [];
  const { sub, act: before } = act;
  const name = typeof sub === 'string' ? sub : 'somebody without a name';
  return [...agentsOf(isObject(before) ? before : undefined), name];
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** ` through agent-7`, and nothing where the person acted without one. */
export function throughText({ act }: Pick<Person, 'act'>): string {
  const agents = agentsOf(act);
  return agents.length ? ` through ${agents.join(', then ')}` : '';
}

export const actorText = (person: Person) =>
  `${person.sub} (${person.roles.join(', ')}) of ${person.tenant}${throughText(person)}`;
