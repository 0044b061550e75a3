import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { KAFKA_ROLES, kafkaUser, type KafkaRole } from '@countersign/contracts';

/** The broker itself, and who makes users and the first rights: superusers, of a listener of their own. */
export const SUPERUSERS = ['broker', 'admin'] as const;
export type KafkaAccount = KafkaRole | (typeof SUPERUSERS)[number];

/** What the users of the embedded broker begin with; a deployment names its own. */
export const EMBEDDED_USERS = 'countersign';

/** One user's login, with its password in a file that only the owner of the data folder reads. */
export interface KafkaLogin {
  username: string;
  password: string;
  passwordFile: string;
}

/**
 * The users of a secure broker and their random passwords, each made once: `<dir>/<role>.password`. A file is what counts: the next start
 * gives the broker what is in it, so a password is changed by changing its file.
 */
export function kafkaLogins(dir: string): Record<KafkaAccount, KafkaLogin> {
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  const accounts: KafkaAccount[] = [...SUPERUSERS, ...KAFKA_ROLES];
  return Object.fromEntries(accounts.map((account) => [account, loginIn(dir, account)])) as Record<
    KafkaAccount,
    KafkaLogin
  >;
}

function loginIn(dir: string, account: KafkaAccount): KafkaLogin {
  const { username, passwordFile } = kafkaUserOf(dir, account);
  if (!fs.existsSync(passwordFile))
    fs.writeFileSync(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  const password = fs.readFileSync(passwordFile, 'utf8').trim();
  return { username, password, passwordFile };
}

export const kafkaUserOf = (dir: string, account: KafkaAccount): Pick<KafkaLogin, 'username' | 'passwordFile'> => ({
  username: kafkaUser(account, EMBEDDED_USERS),
  passwordFile: path.join(dir, `${account}.password`),
});

/** How a process is told who it is at the broker: the password by its file, so that no environment holds it. */
export const saslEnv = ({ username, passwordFile }: KafkaLogin): Record<string, string> => ({
  KAFKA_SSL: 'false',
  KAFKA_SASL_MECHANISM: 'scram-sha-256',
  KAFKA_SASL_USERNAME: username,
  KAFKA_SASL_PASSWORD_FILE: passwordFile,
});

/** The same for a client of this process. */
export const saslOf = ({ username, password }: Pick<KafkaLogin, 'username' | 'password'>) => ({
  mechanism: 'scram-sha-256' as const,
  username,
  password,
});
