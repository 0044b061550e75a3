import pg from 'pg';
import { Target } from '../target.js';
import type { World } from '../world.js';
import { PEOPLE } from './callers.js';

export const TENANTS = ['acme', 'globex'] as const;
export type Tenant = (typeof TENANTS)[number];
/** Whose record an id names, as the caller sees it. */
export const ID_KINDS = ['own', 'other tenant’s', 'absent', 'malformed', 'restricted'] as const;
export type IdKind = (typeof ID_KINDS)[number];

/** One customer with an order and a ticket for each person, so that no cell meets what another has done. */
interface Belongings {
  customerId: string;
  orderId: string;
  ticketId: string;
}

const NUMBER: Record<Tenant, number> = { acme: 81, globex: 86 };
const MEMBERS: Record<Tenant, string[]> = { acme: ['carol', 'bob'], globex: ['gil', 'erin'] };

/** What the matrix asks for, planted in both tenants: words that stand in records of one tenant alone tell a leak. */
export class Records {
  readonly #own = new Map<string, Belongings>();

  private constructor(readonly markers: Record<Tenant, string[]>) {}

  static async plant(world: World): Promise<Records> {
    const markers = { acme: await markersOf(world, 'acme'), globex: await markersOf(world, 'globex') };
    const records = new Records(markers);
    const client = new pg.Client({ connectionString: world.system.env('helpdesk')['DATABASE_URL'] });
    await client.connect();
    try {
      for (const tenant of TENANTS) await records.plantIn(world, client, tenant);
    } finally {
      await client.end();
    }
    return records;
  }

  /** The value of an id argument for a cell; undefined where there is no such thing, as a restricted member. */
  idFor(argument: string, kind: IdKind, tenant: Tenant, caller: string): string | undefined {
    const other = tenant === 'acme' ? 'globex' : 'acme';
    const prefix = { orderId: 'ord', customerId: 'cus', ticketId: 'tck' }[argument];
    switch (kind) {
      case 'own':
        return prefix ? this.belongings(tenant, 'own', caller)[argument as keyof Belongings] : memberOf(tenant, caller);
      case 'other tenant’s':
        return prefix ? this.belongings(other, 'own', caller)[argument as keyof Belongings] : memberOf(other, caller);
      case 'restricted':
        return prefix && this.belongings(tenant, 'restricted', caller)[argument as keyof Belongings];
      case 'absent':
        return prefix ? `${prefix}_404404` : 'nobody';
      case 'malformed':
        return `${prefix ?? ''}\u0007; drop table orders --`;
      default:
        return kind satisfies never;
    }
  }

  private belongings(tenant: Tenant, of: 'own' | 'restricted', caller: string): Belongings {
    const found = this.#own.get(`${tenant} ${of} ${caller}`);
    if (!found) throw new Error(`nothing is planted for ${caller} in ${tenant}`);
    return found;
  }

  private async plantIn(world: World, client: pg.Client, tenant: Tenant): Promise<void> {
    const target = new Target(world, tenant);
    for (const [index, caller] of PEOPLE.entries()) {
      for (const whose of ['own', 'restricted'] as const) {
        const number = `${NUMBER[tenant] + (whose === 'own' ? 0 : 1)}${String(index).padStart(2, '0')}`;
        const name = `${this.markers[tenant][0]} ${whose} ${caller}`;
        await client.query(CUSTOMER, [tenant, `cus_${number}`, name, whose === 'restricted']);
        await client.query(ORDER, [tenant, `ord_${number}`, `cus_${number}`]);
        const ticket = { customerId: `cus_${number}`, subject: name, body: `${name} has a question` };
        const made = await target.change('POST', '/v1/tickets', ticket);
        const ticketId = (made['record'] as { id: string }).id;
        this.#own.set(`${tenant} ${whose} ${caller}`, {
          customerId: `cus_${number}`,
          orderId: `ord_${number}`,
          ticketId,
        });
      }
    }
  }
}

/** Somebody else: what one does to oneself is another question. */
const memberOf = (tenant: Tenant, caller: string) => MEMBERS[tenant].find((member) => member !== caller)!;

const CUSTOMER = `insert into customers (tenant, id, name, email, restricted, updated_at)
  values ($1, $2, $3, $2 || '@' || $1 || '.test', $4, now())`;
const ORDER = `insert into orders (tenant, id, customer_id, status, currency, total, shipments, placed_at, updated_at)
  values ($1, $2, $3, 'delivered', 'EUR', 500, '[]', now(), now())`;

/** The planted word, and what the seed knows of this tenant's people: none of it may ever reach the other tenant. */
async function markersOf(world: World, tenant: Tenant): Promise<string[]> {
  const target = new Target(world, tenant);
  const ids = tenant === 'acme' ? ['cus_001', 'cus_005'] : ['cus_201', 'cus_202'];
  const customers = await Promise.all(ids.map((id) => target.get(`/v1/customers/${id}`)));
  const told = customers.flatMap(({ body }) => ['name', 'email', 'phone', 'iban'].map((field) => String(body[field])));
  return [`quetzal${tenant}`, `@${tenant}.test`, ...told.filter((text) => text.length > 6)];
}
