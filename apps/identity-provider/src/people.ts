/** Everybody the embedded provider knows. Development only: there are no passwords. */
export interface Person {
  sub: string;
  tenant: string;
  roles: string[];
}

export const people: readonly Person[] = [
  { sub: 'alice', tenant: 'acme', roles: ['support-agent'] },
  { sub: 'bob', tenant: 'acme', roles: ['support-lead'] },
  { sub: 'carol', tenant: 'acme', roles: ['support-lead'] },
  { sub: 'sam', tenant: 'acme', roles: ['sre'] },
  { sub: 'ruth', tenant: 'acme', roles: ['release'] },
  { sub: 'audra', tenant: 'acme', roles: ['auditor'] },
  { sub: 'adam', tenant: 'acme', roles: ['admin'] },
  { sub: 'erin', tenant: 'globex', roles: ['support-agent'] },
  { sub: 'gil', tenant: 'globex', roles: ['support-lead'] },
];

/** A service account with a tenant and roles, and still no person: that alone must get it refused. */
export const assistant = { clientId: 'assistant', tenant: 'acme', roles: ['support-agent'] };

export const personNamed = (sub: string): Person | undefined => people.find((person) => person.sub === sub);
