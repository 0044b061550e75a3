import { readFileSync } from 'node:fs';
import type { Person } from '@countersign/contracts';
import { z } from 'zod';
import type { Question } from './question.js';

const subjectSchema = z.strictObject({
  name: z.string().max(200).optional(),
  email: z.email().max(320).optional(),
  roles: z.array(z.string().min(1).max(100)).max(50),
});
const fileSchema = z.record(z.string().min(1), z.record(z.string().min(1), subjectSchema));

/** Whom questions may be about, by tenant and id: `{ "acme": { "u-17": { "email": "…", "roles": ["editor"] } } }`. */
export type Subjects = z.infer<typeof fileSchema>;

/** The file's content, for a setting that names it: whatever is wrong with it is said with all that is wrong with the settings. */
export const subjectsFile = z.string().transform((file, context): Subjects => {
  const wrong = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return wrong(`${file} cannot be read as JSON: ${error instanceof Error ? error.name : 'unknown'}`);
  }
  const parsed = fileSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  return wrong(
    parsed.error.issues
      .slice(0, 5)
      .map(({ path, message }) => `${path.join('.')}: ${message}`)
      .join('; '),
  );
});

export interface Subject {
  person: Person;
  email?: string | undefined;
}

/** Who is asked about: the caller with the roles of the token, another one of the caller's tenant as the directory has them. */
export function subjectOf(caller: Person, { type, id }: Question['subject'], subjects: Subjects): Subject | undefined {
  if (type !== 'user') return undefined;
  const ofTenant = Object.hasOwn(subjects, caller.tenant) ? subjects[caller.tenant]! : {};
  const known = Object.hasOwn(ofTenant, id) ? ofTenant[id] : undefined;
  if (id === caller.sub) return { person: caller, email: known?.email };
  return known && { person: { sub: id, tenant: caller.tenant, roles: known.roles }, email: known.email };
}
