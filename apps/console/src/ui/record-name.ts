/** "order ord_1001", in the system of record it stands in: "helpdesk order ord_1001, version 7". */
export function recordName(record: { system?: string; type?: string; id?: string; version?: string }): string {
  const { system, type, id, version } = record;
  const name = [system, type, id].filter(Boolean).join(' ');
  return version ? `${name}, version ${version}` : name;
}

/** A tool as people say it: "issue refund". */
export const toolName = (tool: string): string => tool.replaceAll('_', ' ');

/** A field as people say it: "refundedBefore" → "refunded before". */
export const fieldName = (field: string): string =>
  field
    .replaceAll('_', ' ')
    .replaceAll('.', ' › ')
    .replaceAll(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);

/** A value as people read it: text as it is, the rest as compact JSON. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '—';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (isSealed(value)) return 'sealed value';
  if (Array.isArray(value)) return value.map(valueText).join(', ');
  return Object.entries(value)
    .map(([name, inner]) => `${fieldName(name)} ${valueText(inner)}`)
    .join(', ');
}

/** The token of a sealed value: `{ "$sealed": … }`. */
export function sealedToken(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('$sealed' in value)) return undefined;
  const { $sealed } = value as { $sealed: unknown };
  if (typeof $sealed === 'string') return $sealed;
  const token = ($sealed as { token?: unknown } | null)?.token;
  return typeof token === 'string' ? token : undefined;
}

const isSealed = (value: unknown) => typeof value === 'object' && value !== null && '$sealed' in value;
