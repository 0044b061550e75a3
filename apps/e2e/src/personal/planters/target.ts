import type { Outside } from '../outside.js';
import { publish, type Stage } from '../stage.js';

/** What a system of record says in its errors, and in answers that are none. */
export async function answers(stage: Stage, outside: Outside): Promise<void> {
  const asked = outside
    .invoices(stage.dealer)
    .map((invoiceId) => ({ workflow: 'billing-desk', tool: 'get_invoice', arguments: { invoiceId } }));
  await Promise.all(asked.map((data) => publish(stage, { data })));
}
