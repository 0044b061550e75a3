/** A cent each: a user's and a tenant's budgets of a day (`limits` and `budgets` of support-desk) are not what is measured. */
const SMALL = '0.01';
/** Just more than rules approve. */
export const LARGE = '50.01';

/** Helpdesk has 10,000 orders for load, of 1,000.00 each: neighbours never meet on one. */
export const refund = (n: number, amount = SMALL) => ({
  orderId: `ord_${10_000 + (n % 10_000)}`,
  amount,
  currency: 'EUR',
  reason: 'late delivery',
});
