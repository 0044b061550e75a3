/** Where the file of a stretch of time is; undefined where it would end before it begins. Both as `<input type="datetime-local">` has them. */
export function exportHref(from: string, to: string): string | undefined {
  if (from && to && from >= to) return undefined;
  const query = new URLSearchParams();
  if (from) query.set('from', new Date(from).toISOString());
  if (to) query.set('to', new Date(to).toISOString());
  return query.size > 0 ? `/v1/audit/export?${query.toString()}` : '/v1/audit/export';
}
