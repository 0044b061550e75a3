/** An engine that is there and does not let this service in, or not to what it needs: waiting mends it only once somebody has acted. */
export interface RefusedLogin {
  code: 'UNAUTHENTICATED' | 'PERMISSION_DENIED';
  detail: string;
  nextStep: string;
}

const AGAIN = 'and start it again (docs/kafka-acls.md).';
const KAFKA_PASSWORD: RefusedLogin = {
  code: 'UNAUTHENTICATED',
  detail: 'the brokers refuse the login of this service',
  nextStep: `Give it the password that counts now, KAFKA_SASL_PASSWORD or the file of KAFKA_SASL_PASSWORD_FILE, ${AGAIN}`,
};
const DATABASE_PASSWORD: RefusedLogin = {
  code: 'UNAUTHENTICATED',
  detail: 'the database refuses the login of this service',
  nextStep: `Give it the password that counts now, in DATABASE_URL or the file of DATABASE_URL_FILE, ${AGAIN}`,
};
const KAFKA_RIGHTS: RefusedLogin = {
  code: 'PERMISSION_DENIED',
  detail: 'the brokers do not let this service do what it has to',
  nextStep:
    'Give its user the rights of docs/kafka-acls.md: the migrator does so where MIGRATOR_KAFKA_USERS says whose they are.',
};

/** What an engine refused, if that is what the error, or what caused it, says. */
export function refusedLogin(error: unknown): RefusedLogin | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { name, type, code } = at as { name: string; type?: unknown; code?: unknown };
    if (name === 'KafkaJSSASLAuthenticationError') return KAFKA_PASSWORD;
    if (/^(TOPIC|GROUP|CLUSTER)_AUTHORIZATION_FAILED$/.test(String(type))) return KAFKA_RIGHTS;
    // SQLSTATE class 28: invalid authorization.
    if (/^28[0-9A-Z]{3}$/.test(String(code))) return DATABASE_PASSWORD;
  }
  return undefined;
}

export const wordsOf = ({ code, detail, nextStep }: RefusedLogin): string => `${code}: ${detail}. ${nextStep}`;
