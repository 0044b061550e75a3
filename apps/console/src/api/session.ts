import { queryOptions } from '@tanstack/react-query';

/** Who is signed in, as the gateway says; `csrfToken` goes with every request that changes something. */
export interface Session {
  person: { sub: string; tenant: string; roles: string[] };
  csrfToken: string;
  expiresAt: string;
}

/** null: nobody. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: Infinity,
  queryFn: async (): Promise<Session | null> => {
    const answer = await fetch('/auth/session', { headers: { accept: 'application/json' } });
    if (answer.status === 401) return null;
    if (!answer.ok) throw new Error('the gateway does not say who is signed in');
    return (await answer.json()) as Session;
  },
});
