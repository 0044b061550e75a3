export const PARTS = ['services', 'parked', 'doubt'] as const;
export type Part = (typeof PARTS)[number];

/** What the address says of this view: `part`, which list of it. */
export const pipelineSearch = ({ part }: Record<string, unknown>): { part?: Part } =>
  PARTS.includes(part as Part) ? { part: part as Part } : {};
