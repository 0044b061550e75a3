/** Whoever answers statements: a connection of the service's own, or a transaction in somebody's name. */
export interface Rows {
  query<T>(statement: string, values?: unknown[]): Promise<T>;
}
