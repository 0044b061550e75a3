import pg from 'pg';

/** The embedded system's database, and the role that owns it. */
export const OWNED = 'countersign';

export interface OwnedDatabase {
  /** A URL that may make roles and databases. */
  admin: string;
  database: string;
  role: string;
  password: string;
  /** Rights of the role on the server, such as `CREATEROLE`. */
  rights?: string;
}

/** Makes a database and the role that owns it, where they are missing. Gives the URL of that role. */
export async function ownedDatabase({ admin, database, role, password, rights = '' }: OwnedDatabase): Promise<string> {
  const client = new pg.Client({ connectionString: admin });
  await client.connect();
  try {
    const exists = async (sql: string, name: string) => (await client.query(sql, [name])).rowCount === 1;
    const verb = (await exists('SELECT FROM pg_roles WHERE rolname = $1', role)) ? 'ALTER' : 'CREATE';
    await client.query(`${verb} ROLE "${role}" LOGIN ${rights} PASSWORD ${pg.escapeLiteral(password)}`);
    if (!(await exists('SELECT FROM pg_database WHERE datname = $1', database))) {
      await client.query(`GRANT "${role}" TO CURRENT_USER`); // an owner can be named only by who may become it
      await client.query(`CREATE DATABASE "${database}" OWNER "${role}"`);
      await client.query(`REVOKE ALL ON DATABASE "${database}" FROM PUBLIC`);
    }
  } finally {
    await client.end();
  }
  return urlFor(admin, { database, role, password });
}

/** The same server, another login. */
export function urlFor(url: string, { database, role, password }: Omit<OwnedDatabase, 'admin'>): string {
  const other = new URL(url);
  other.username = role;
  other.password = password;
  other.pathname = `/${database}`;
  return other.href;
}

export function atPort(url: string, port: number): string {
  const other = new URL(url);
  other.port = String(port);
  return other.href;
}

export const databaseOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1)) || 'postgres';
