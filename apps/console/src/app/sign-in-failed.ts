const REASONS = new Map(
  Object.entries({
    expired: 'That took longer than ten minutes, or began in another browser. Sign in again.',
    failed:
      'The identity provider did not let you in. Try again; if it stays, ask whoever runs Countersign: its log says why.',
    'no-person': 'The identity provider knows you, but not as a person of a tenant. Ask whoever runs it.',
    unreachable: 'The identity provider does not answer. Try again in a moment.',
    'too-large':
      'What the identity provider says of you is too long to be kept. Ask whoever runs it for fewer groups or claims.',
  }),
);

/** Why nobody was signed in, as the address says after the gateway sent the browser back (`?signIn=…`). */
export function signInFailed(search: string): string | undefined {
  const reason = new URLSearchParams(search).get('signIn');
  if (reason === null) return undefined;
  return REASONS.get(reason) ?? REASONS.get('failed');
}
