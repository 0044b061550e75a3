/** What is written to: pino's shape. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const nothing = () => {};
/** Says nothing: for specs. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
